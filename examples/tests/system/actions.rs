//! What is changed from the page: by whom it may be, and that the trail has it.

use std::sync::Arc;

use http::Method;
use ms_logging::verify_audit;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::browser::Browser;
use crate::harness::service::new_directory;
use crate::harness::wait::until;
use crate::harness::{Answer, Service};

const TOKEN: &str = "0123456789abcdef";

fn guarded() -> (Service, Arc<TempDir>) {
    let directory = new_directory();
    let token = directory.path().join("token");
    std::fs::write(&token, TOKEN).expect("written");
    let service = Service::start_in(&directory, &["--token-file", token.to_str().expect("UTF-8")]);
    (service, directory)
}

/// The types of the records, which hold together.
fn trail(directory: &TempDir) -> Vec<String> {
    let file = directory.path().join("logs/audit.jsonl");
    assert!(verify_audit(&file, None).is_ok());
    let text = std::fs::read_to_string(file).expect("a trail");
    let kind = |line: &str| {
        serde_json::from_str::<Value>(line).expect("JSON")["event_type"].as_str().map(str::to_owned)
    };
    text.lines().filter_map(kind).collect()
}

#[test]
fn a_person_signs_in_plans_a_shift_in_conflict_cancels_one_and_logs_more() {
    let (mut service, directory) = guarded();
    let mut browser = Browser::start();
    browser.open(&format!("http://{}/", service.address));
    browser.until("location.pathname === '/sign-in'");
    for (token, place) in [("wrong", "/sign-in"), (TOKEN, "/")] {
        browser.evaluate(&format!("document.querySelector('[name=token]').value = '{token}'"));
        browser.picture("sign-in");
        browser.evaluate("document.querySelector('button').click()");
        browser.until(&format!("location.pathname === '{place}' && document.readyState === 'complete'"));
        if token == "wrong" {
            browser.until("document.querySelector('[role=alert]')");
        }
    }
    assert_eq!(browser.evaluate("document.cookie"), "", "no script reads it");
    // The refusal of the wrong token is told.
    assert!(browser.console.iter().all(|told| told.contains("401")), "{:?}", browser.console);
    browser.console.clear();

    for (start, told) in
        [("2026-03-02T08:00", "The shift is planned."), ("2026-03-02T12:00", "overlaps another")]
    {
        let fill = format!(
            "const form = document.querySelector('#plan form');
             form.employee.value = 'Ayşe'; form.department.value = 'Acil Servis';
             form.start.value = '{start}'; form.end.value = '2026-03-02T16:00'; form.requestSubmit()"
        );
        browser.evaluate(&format!("{{ {fill} }}"));
        browser.until(&format!("document.querySelector('.ended')?.innerText.includes('{told}')"));
    }
    assert!(browser.evaluate("document.querySelectorAll('.gantt [fill^=url]').length").as_u64() > Some(0));
    browser.picture("operations-conflict");
    browser.evaluate("document.querySelector('#latest button').click()");
    browser.until("document.querySelector('.ended')?.innerText.includes('cancelled')");
    browser.evaluate("{ const form = document.querySelector('#level form'); form.level.value = 'debug'; form.requestSubmit() }");
    browser.until("document.querySelector('.ended')?.innerText.includes('ten minutes')");
    browser.until("document.querySelector('#audit').innerText.includes('log_level_changed')");
    assert!(
        browser
            .evaluate("document.querySelector('#logs').innerText")
            .as_str()
            .is_some_and(|text| text.contains("debug"))
    );
    assert_eq!(browser.console, [] as [&str; 0]);

    let shifts = service.get("/api/v1/shifts");
    assert_eq!(shifts.status, 401, "without a token or the cookie");
    service.stop();
    assert_eq!(trail(&directory), ["shift_planned", "shift_planned", "shift_cancelled", "log_level_changed"]);
}

fn form(service: &Service, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let kind = ("content-type", "application/x-www-form-urlencoded");
    service.send(Method::POST, path, &[&[kind], headers].concat(), body.to_owned())
}

#[test]
fn forms_of_nobody_and_of_other_origins_change_nothing() {
    let (service, directory) = guarded();
    let own = format!("http://{}", service.address);
    let plan = "employee=A&department=B&start=2026-03-02T08:00&end=2026-03-02T16:00";
    form(&service, "/actions/plan", &[("origin", &own)], plan).problem(401);
    let service = service.with_token(TOKEN);
    for headers in [
        &[][..],
        &[("origin", "http://evil.example")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
    ] {
        form(&service, "/actions/plan", headers, plan).problem(403);
    }
    let plain = [("origin", own.as_str()), ("content-type", "text/plain")];
    service.send(Method::POST, "/actions/plan", &plain, plan).problem(415);
    assert_eq!(service.get("/api/v1/shifts").json()["shifts"], json!([]));

    let own = [("origin", own.as_str())];
    let ended = |answer: &Answer| {
        assert_eq!(answer.status, 303, "{answer:?}");
        answer.header("location").to_owned()
    };
    for (wrong, field) in [("employee=A", "employee="), ("T16:00", "T07:00"), ("2026-03-02T08:00", "soon")] {
        let place = ended(&form(&service, "/actions/plan", &own, &plan.replace(wrong, field)));
        assert!(place.starts_with("/?lang=en&ended=") && place.ends_with("#plan"), "{place}");
    }
    assert_eq!(
        ended(&form(&service, "/actions/plan", &own, &format!("{plan}&lang=tr"))),
        "/?lang=tr&ended=planned#latest"
    );
    assert_eq!(ended(&form(&service, "/actions/cancel", &own, "id=nothing")), "/?lang=en&ended=gone#latest");
    form(&service, "/actions/level", &own, "level=loud").problem(400);
    until("the trail has the one change", || trail(&directory) == ["shift_planned"]);
    let page = service.get("/?ended=%3Cb%3E&ended=x").text().to_owned();
    assert!(!page.contains("class=\"ended\""), "the query is anybody's");
}

#[test]
fn wrong_tokens_are_locked_out_and_open_services_change_no_level() {
    let (service, _directory) = guarded();
    let own = format!("http://{}", service.address);
    let own = [("origin", own.as_str())];
    for _ in 0..10 {
        assert_eq!(form(&service, "/sign-in", &own, "token=wrong").status, 401);
    }
    let locked = form(&service, "/sign-in", &own, &format!("token={TOKEN}"));
    locked.problem(429);
    assert_eq!(locked.header("retry-after"), "60");
    assert_eq!(service.with_token(TOKEN).get("/metrics").status, 200, "the token itself is not locked");

    let open = Service::start(&[]);
    let own = format!("http://{}", open.address);
    let own = [("origin", own.as_str())];
    form(&open, "/actions/level", &own, "level=debug").problem(403);
    assert!(!open.get("/").text().contains("id=\"level\""));
    let plan = "employee=A&department=B&start=2026-03-02T08:00&end=2026-03-02T16:00";
    assert_eq!(form(&open, "/actions/plan", &own, plan).status, 303);
}
