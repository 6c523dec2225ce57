//! The operations page in a browser.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::alerting::{self, RULES};
use crate::harness::Service;
use crate::harness::process::program;
use crate::harness::service::new_directory;
use crate::harness::wait::until;
use crate::roster::shift;

/// What a browser made of a page.
struct Rendered {
    dom: String,
    /// Lines of its console: errors of the page, and whatever its policy made the browser block.
    console: Vec<String>,
    screenshot: Vec<u8>,
}

fn render(url: &str) -> Rendered {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let screenshot = directory.path().join("page.png");
    // A screenshot and the document cannot be had in one run.
    let shown = chromium(directory.path(), &[&format!("--screenshot={}", screenshot.display()), url]);
    let dumped = chromium(directory.path(), &["--dump-dom", url]);
    let lines = |text: &[u8]| String::from_utf8_lossy(text).lines().map(str::to_owned).collect::<Vec<_>>();
    let mut console = lines(&shown.stderr);
    console.extend(lines(&dumped.stderr));
    console.retain(|line| line.contains("CONSOLE"));
    Rendered {
        dom: String::from_utf8(dumped.stdout).expect("UTF-8"),
        console,
        screenshot: std::fs::read(&screenshot).expect("a screenshot"),
    }
}

fn chromium(directory: &Path, arguments: &[&str]) -> std::process::Output {
    let mut chromium = Command::new(program("chromium", "chromium"));
    chromium.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]);
    chromium.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
    chromium.args([
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        "--window-size=1280,1600",
        "--timeout=20000",
    ]);
    chromium.args(["--enable-logging=stderr", "--log-level=0"]);
    chromium.arg(format!("--user-data-dir={}", directory.join("profile").display())).env("HOME", directory);
    let ended = chromium.args(arguments).output().expect("chromium runs");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    ended
}

#[test]
fn the_page_shows_health_alerts_and_the_roster_without_an_error() {
    let directory = new_directory();
    let rules = directory.path().join("rules.yml");
    std::fs::write(&rules, RULES).expect("written");
    let service = Service::start_in(&directory, &["--rules", rules.to_str().expect("UTF-8")]);
    service.post("/api/v1/sessions", &json!({ "user": "a" })).ok(201);
    let hostile = "<img src=/x onerror=alert(1)><script>alert(2)</script>\"'&";
    let new = shift(hostile, "Çocuk Sağlığı", "2026-03-02T08:00:00+03:00", "2026-03-02T16:00:00+03:00");
    service.post("/api/v1/shifts", &new).ok(201);
    until("an alert fires", || {
        alerting::alerts(&service, "SomebodyIsThere").iter().any(|alert| alert["state"] == "firing")
    });

    let Rendered { dom, console, screenshot } = render(&format!("http://{}/", service.address));
    assert_eq!(console, [] as [&str; 0]);
    for word in [
        "healthy",
        "database",
        "cache",
        "system",
        "SomebodyIsThere",
        "firing",
        "1 signed in",
        "Çocuk Sağlığı",
    ] {
        assert!(dom.contains(word), "{word}: {dom}");
    }
    assert!(dom.contains("&lt;img") && !dom.contains("<img") && !dom.contains("<script>alert"), "{dom}");
    assert!(screenshot.starts_with(b"\x89PNG") && screenshot.len() > 10_000, "{} bytes", screenshot.len());
}

#[test]
fn on_a_telephone_checks_and_alerts_are_read_without_scrolling_sideways() {
    let directory = new_directory();
    let rules = directory.path().join("rules.yml");
    let summary = "summary: \"{{ $value }} signed in, which is more than anybody has planned for tonight\"";
    let long = RULES.replace("summary: \"{{ $value }} signed in\"", summary);
    std::fs::write(&rules, long).expect("written");
    let service = Service::start_in(&directory, &["--rules", rules.to_str().expect("UTF-8")]);
    service.post("/api/v1/sessions", &json!({ "user": "a" })).ok(201);
    until("an alert fires", || {
        alerting::alerts(&service, "SomebodyIsThere").iter().any(|alert| alert["state"] == "firing")
    });

    // The page runs no script. So a copy of it stands in a frame as wide as a telephone, and is measured from outside.
    let style = format!("<style>{}</style>", service.get("/operations.css").text());
    let page = service.get("/").text().replace("<link rel=\"stylesheet\" href=\"/operations.css\">", &style);
    assert!(page.contains(&style) && page.contains("planned for tonight"), "{page}");
    let measure = "const hidden = s => s.scrollWidth - s.clientWidth;
        document.title = [...frames[0].document.querySelectorAll('.watch')].map(hidden).join()";
    let frame = format!(
        "<iframe width=360 height=900 srcdoc=\"{}\" onload=\"{measure}\"></iframe>",
        page.replace('&', "&amp;").replace('"', "&quot;")
    );
    let file = directory.path().join("telephone.html");
    std::fs::write(&file, frame).expect("written");
    let dom = render(&format!("file://{}", file.display())).dom;
    assert!(dom.contains("<title>0,0</title>"), "{dom}");
}

#[test]
fn a_browser_that_is_blocked_or_fails_would_be_noticed() {
    // The page's own policy, on a page that breaks it: otherwise the test above might see nothing and pass.
    let app = axum::Router::new().fallback(|| async {
        let policy = [("content-security-policy", "default-src 'none'"), ("content-type", "text/html")];
        (policy, "<style>p { color: red }</style><p>here")
    });
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    runtime.spawn(async move { axum::serve(listener, app).await });
    let Rendered { dom, console, .. } = render(&url);
    assert!(dom.contains("here"), "{dom}");
    assert!(console.iter().any(|line| line.contains("Content Security Policy")), "{console:?}");
}
