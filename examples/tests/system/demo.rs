//! `--demo` has something to show at once.

use std::time::Instant;

use crate::harness::Service;
use crate::harness::browser::Browser;
use crate::harness::wait::until;

#[test]
fn a_first_run_has_a_roster_and_charts_within_seconds() {
    let begun = Instant::now();
    let mut service = Service::start(&["--demo"]);
    let page = || service.get("/").text().to_owned();
    until("the page has a chart", || page().contains("class=\"rate\" d=\"M"));
    println!("first data after {:?}", begun.elapsed());
    assert!(
        page().contains("class=\"scroll gantt\"") && page().contains("çakış") || page().contains("conflict")
    );

    let mut browser = Browser::start();
    browser.open(&format!("http://{}/", service.address));
    browser.until("document.querySelectorAll('#requests .rate[d*=L]').length >= 5");
    assert!(
        browser.evaluate("document.querySelectorAll('.gantt svg rect[fill^=url]').length").as_u64() > Some(0)
    );
    browser.picture("operations-demo");
    assert_eq!(browser.console, [] as [&str; 0]);
    service.stop();
}

#[test]
fn it_shows_itself_behind_a_token_too_and_never_beside_another_roster() {
    let directory = crate::harness::service::new_directory();
    let token = directory.path().join("token");
    std::fs::write(&token, "0123456789abcdef\n").expect("written");
    let token = token.to_str().expect("UTF-8");
    let service =
        Service::start_in(&directory, &["--demo", "--token-file", token]).with_token("0123456789abcdef");
    until("its own requests are let in", || {
        service.get("/metrics").text().contains("endpoint=\"/api/v1/shifts\",status=\"200\"")
    });

    let roster = concat!(env!("CARGO_MANIFEST_DIR"), "/medschedule/roster.csv");
    let mut other = Service::start(&["--seed", roster]);
    other.stop();
    let ended = crate::harness::service::command(other.directory().path()).arg("--demo").output();
    let ended = ended.expect("it starts");
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.code() == Some(1) && told.contains("--data-dir"), "{told}");
}
