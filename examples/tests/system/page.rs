//! The operations page in a browser.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::alerting::{self, RULES};
use crate::harness::Service;
use crate::harness::browser::Browser;
use crate::harness::service::new_directory;
use crate::harness::wait::until;
use crate::roster::shift;

const ROSTER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/medschedule/roster.csv");

/// With an alert that fires, and a roster of some weeks ago.
fn service(rules: &str) -> Service {
    let directory = new_directory();
    let file = directory.path().join("rules.yml");
    std::fs::write(&file, rules).expect("written");
    let service =
        Service::start_in(&directory, &["--rules", file.to_str().expect("UTF-8"), "--seed", ROSTER]);
    service.post("/api/v1/sessions", &json!({ "user": "a" })).ok(201);
    until("an alert fires", || {
        alerting::alerts(&service, "SomebodyIsThere").iter().any(|alert| alert["state"] == "firing")
    });
    until("it is healthy", || service.get("/health").status == 200);
    service
}

fn url(service: &Service) -> String {
    format!("http://{}/", service.address)
}

/// What axe finds that is serious or worse.
fn barriers(browser: &mut Browser) -> Vec<String> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from);
    let file = target.join("node/node_modules/axe-core/axe.min.js");
    let axe = std::fs::read_to_string(&file).unwrap_or_else(|error| {
        let node = target.join("node");
        let node = node.display();
        panic!("{error}: mkdir -p {node} && cp .ci/node/package*.json {node} && npm ci --ignore-scripts --prefix {node}")
    });
    browser.evaluate(&format!("{axe}; 0"));
    let found = browser.evaluate("axe.run().then(found => found.violations)");
    let serious = |rule: &&Value| matches!(rule["impact"].as_str(), Some("serious" | "critical"));
    let rules = found.as_array().expect("a list").iter().filter(serious);
    rules.map(|rule| format!("{}: {}", rule["id"], rule["nodes"])).collect()
}

#[test]
fn the_page_shows_health_alerts_and_the_roster_without_an_error() {
    let service = service(RULES);
    let hostile = "<img src=/x onerror=alert(1)><script>alert(2)</script>\"'&";
    let new = shift(hostile, "Çocuk Sağlığı", "2026-03-02T08:00:00+03:00", "2026-03-02T16:00:00+03:00");
    service.post("/api/v1/shifts", &new).ok(201);
    let mut browser = Browser::start();
    browser.open(&url(&service));
    let text = browser.text();
    for word in ["healthy", "database", "SomebodyIsThere", "firing", "1 signed in", "Çocuk Sağlığı", hostile]
    {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert_eq!(
        browser.evaluate("document.images.length + document.querySelectorAll('body script').length"),
        0
    );
    assert!(browser.evaluate("document.querySelectorAll('.gantt svg g').length").as_u64() > Some(10));
    let painted = "performance.getEntriesByName('first-contentful-paint').length === 1";
    browser.until(painted);
    let loaded = "performance.getEntriesByType('resource').map(file => new URL(file.name).host)";
    let hosts = browser.evaluate(loaded);
    let own = |host: &Value| *host == service.address.to_string();
    assert!(hosts.as_array().expect("a list").iter().all(own), "{hosts}");
    assert!(browser.picture("operations").starts_with(b"\x89PNG"));
    assert_eq!(browser.console, [] as [&str; 0]);
}

#[test]
fn what_changes_is_shown_without_a_reload_and_focus_stays() {
    let mut service = service(RULES);
    let mut browser = Browser::start();
    browser.open(&url(&service));
    browser.evaluate("window.mark = 'same document'");
    browser.until("document.getElementById('link').className === 'on'");
    browser.evaluate("document.querySelector('#latest .scroll').focus()");
    let new = shift("Newly Planned", "Acil Servis", "2026-03-04T08:00:00Z", "2026-03-04T16:00:00Z");
    service.post("/api/v1/shifts", &new).ok(201);
    browser.until("document.getElementById('latest').innerText.includes('Newly Planned')");
    browser.until("document.querySelectorAll('#requests .chart').length > 2");
    assert_eq!(browser.evaluate("document.activeElement.parentElement.id"), "latest");

    // The file is gone, and with it the health of the database.
    std::fs::remove_file(service.directory().path().join("medschedule.db")).expect("removed");
    browser.until("document.getElementById('status').innerText.includes('unhealthy')");
    assert_eq!(browser.evaluate("window.mark"), "same document");
    browser.picture("operations-down");

    // An open page must not hold up the end.
    service.stop();
    browser.until("document.getElementById('link').className === 'off'");
    assert!(browser.text().contains("no connection"));
    let log = std::fs::read_to_string(service.log_file()).expect("a log");
    assert!(!log.contains("requests were cut off"), "{log}");
}

#[test]
fn it_is_read_by_everyone_in_both_themes_and_languages() {
    let service = service(RULES);
    let mut browser = Browser::start();
    for (theme, language, words) in [
        ("light", "en", ["Requests by endpoint", "1 alert fires"]),
        ("dark", "tr-TR,tr;q=0.9,en;q=0.1", ["Uç noktaya göre istekler", "1 alarm etkin"]),
    ] {
        browser.theme(theme);
        browser.language(language);
        browser.open(&url(&service));
        browser.until("document.querySelectorAll('#requests .chart').length > 2");
        let seen = browser.evaluate("document.body.innerHTML").to_string();
        assert!(words.iter().all(|word| seen.contains(word)), "{words:?}: {seen}");
        assert_eq!(barriers(&mut browser), [] as [&str; 0], "{theme}");
        // The first stop of the keyboard leads past the header.
        browser.press("Tab");
        assert_eq!(browser.evaluate("document.activeElement.className"), "skip");
        browser.picture(&format!("operations-{theme}"));
    }
    let background = browser.evaluate("getComputedStyle(document.body).backgroundColor");
    assert_eq!(background, "rgb(16, 22, 29)");
    browser.evaluate("document.querySelector('.language').click()");
    browser.until("document.documentElement.lang === 'en'");
    browser.until("document.getElementById('link').innerText === 'live'");
    assert_eq!(browser.console, [] as [&str; 0]);
}

#[test]
fn on_a_telephone_nothing_makes_the_page_wider_and_alerts_are_read_whole() {
    let summary = "summary: \"{{ $value }} signed in, which is more than anybody has planned for tonight\"";
    let service = service(&RULES.replace("summary: \"{{ $value }} signed in\"", summary));
    let mut browser = Browser::start();
    browser.size(360, 800);
    browser.open(&url(&service));
    assert!(browser.text().contains("planned for tonight"));
    let hidden = "['html', '#health .scroll', '#alerts .scroll'].map(what => document.querySelector(what))\
         .map(shown => shown.scrollWidth - shown.clientWidth)";
    assert_eq!(browser.evaluate(hidden), json!([0, 0, 0]));
    assert_eq!(barriers(&mut browser), [] as [&str; 0]);
    browser.picture("operations-narrow");
    browser.size(2560, 1400);
    assert_eq!(browser.evaluate("document.documentElement.scrollWidth <= 2560"), true);
    browser.picture("operations-wide");
}

#[test]
fn without_script_it_is_whole_and_renews_itself() {
    let service = service(RULES);
    let mut browser = Browser::start();
    browser.scripts(false);
    browser.open(&url(&service));
    let shown = browser.call("DOM.getDocument", json!({ "depth": 1 }));
    let html = browser.call("DOM.getOuterHTML", json!({ "nodeId": shown["root"]["nodeId"] }));
    let html = html["outerHTML"].as_str().expect("text");
    for word in ["SomebodyIsThere", "http-equiv=\"refresh\"", "<svg", "Ayşe Yılmaz"] {
        assert!(html.contains(word), "{word}: {html}");
    }
    assert_eq!(browser.console, [] as [&str; 0]);
}

#[test]
fn a_browser_that_is_blocked_or_fails_would_be_noticed() {
    // The page's own policy, on a page that breaks it: otherwise the tests above might see nothing and pass.
    let app = axum::Router::new().fallback(|| async {
        let policy = [("content-security-policy", "default-src 'none'"), ("content-type", "text/html")];
        (policy, "<style>p { color: red }</style><p>here<img src=/x><a href=x></a>")
    });
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    runtime.spawn(async move { axum::serve(listener, app).await });
    let mut browser = Browser::start();
    browser.open(&url);
    assert!(browser.text().contains("here"));
    let blocked = |told: &String| told.contains("Content Security Policy");
    assert!(browser.console.iter().any(blocked), "{:?}", browser.console);
    let found = barriers(&mut browser);
    assert!(found.iter().any(|rule| rule.contains("image-alt")), "{found:?}");
}

#[test]
fn more_pages_than_can_be_renewed_are_told_so() {
    use std::io::{Read, Write};
    let service = Service::start(&[]);
    let ask = || {
        let mut stream = crate::harness::http::connect(service.address);
        let request = format!("GET /operations/events HTTP/1.1\r\nhost: {}\r\n\r\n", service.address);
        stream.write_all(request.as_bytes()).expect("sent");
        let mut head = [0; 12];
        stream.read_exact(&mut head).expect("an answer");
        (String::from_utf8_lossy(&head[9..]).into_owned(), stream)
    };
    let viewers: Vec<_> = (0..32).map(|_| ask()).collect();
    assert!(viewers.iter().all(|(status, _)| status == "200"));
    let refused = service.get("/operations/events");
    refused.problem(503);
    assert_eq!(refused.header("retry-after"), "2");
    assert_eq!(service.get("/health/live").status, 200);
    drop(viewers);
    until("there is room again", || ask().0 == "200");
    let page = service.get("/metrics");
    assert!(!page.text().contains("endpoint=\"/operations/events\",status"), "{}", page.text());
}
