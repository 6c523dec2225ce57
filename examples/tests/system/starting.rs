//! Starts, and what cannot start.

use std::path::Path;

use serde_json::json;

use crate::harness::Service;
use crate::harness::http::{raw, status_of};
use crate::harness::service::{command, new_directory};
use crate::roster::{shift, total};

#[test]
fn a_port_in_use_is_told_and_leaves_nothing_running() {
    let first = Service::start(&[]);
    let directory = new_directory();
    let address = first.address.to_string();
    let ended = command(directory.path()).args(["--listen", &address]).output().expect("it starts");
    let message = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success() && message.contains(&address), "{message}");
    assert_eq!(
        status_of(&raw(
            first.address,
            b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )),
        200
    );
}

#[test]
fn help_names_every_flag_and_its_variable() {
    let ended = command(new_directory().path()).arg("--help").output().expect("it starts");
    let help = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{help}");
    for (flag, variable) in [
        ("--listen", "MEDSCHEDULE_LISTEN"),
        ("--data-dir", "MEDSCHEDULE_DATA_DIR"),
        ("--seed", "MEDSCHEDULE_SEED"),
        ("--rules", "MEDSCHEDULE_RULES"),
        ("--token-file", "MEDSCHEDULE_TOKEN_FILE"),
        ("--database-url", "DATABASE_URL"),
        ("--redis-url", "REDIS_URL"),
    ] {
        assert!(help.contains(flag) && help.contains(variable), "{flag}: {help}");
    }
}

#[test]
fn every_flag_is_an_environment_variable_too() {
    let directory = new_directory();
    let seed = directory.path().join("roster.jsonl");
    let mut row = shift("A", "B", "2026-03-02T08:00:00Z", "2026-03-02T09:00:00Z");
    row["id"] = json!("1");
    std::fs::write(&seed, format!("{row}\nnot a row\n")).expect("written");
    let token = directory.path().join("token");
    std::fs::write(&token, "a token of the test".replace(' ', "-")).expect("written");
    let rules = directory.path().join("rules.yml");
    std::fs::write(&rules, crate::alerting::RULES).expect("written");
    let mut service = command(directory.path());
    service.env("MEDSCHEDULE_LISTEN", "127.0.0.1:0").env("MEDSCHEDULE_SEED", &seed);
    service.env("MEDSCHEDULE_RULES", &rules).env("MEDSCHEDULE_TOKEN_FILE", &token);
    let service = Service::run(&mut service, &directory);
    assert_eq!(service.get("/api/v1/shifts").status, 401);
    let service = service.with_token("a-token-of-the-test");
    assert_eq!(service.get("/api/v1/reports/shifts").ok(200)["total_shifts"], 1);
    let terminal = service.terminal();
    assert!(terminal.contains(":2"), "the rejected line is told: {terminal}");
}

#[test]
fn a_seed_given_again_is_known_and_not_rejected() {
    let roster = Path::new(env!("CARGO_MANIFEST_DIR")).join("medschedule/roster.csv");
    let arguments = ["--seed", roster.to_str().expect("UTF-8")];
    let mut service = Service::start(&arguments);
    let planned = total(&service);
    assert!(service.terminal().contains(&format!("seeded {planned} shifts")), "{}", service.terminal());
    service.stop();
    let again = Service::start_in(service.directory(), &arguments);
    assert_eq!(total(&again), planned);
    let terminal = again.terminal();
    assert!(terminal.contains(&format!("{planned} were there already")), "{terminal}");
    assert!(terminal.lines().count() < 20, "{terminal}");
}

#[test]
fn what_cannot_start_says_why_in_one_line() {
    let directory = new_directory();
    let path = |name: &str| directory.path().join(name).to_str().expect("UTF-8").to_owned();
    std::fs::write(path("semicolons.csv"), "id;employee\n").expect("written");
    std::fs::create_dir(path("broken")).expect("made");
    std::fs::write(path("broken/medschedule.db"), "certainly not a database").expect("written");
    let nobody = crate::harness::process::free_address();
    for (arguments, word) in [
        (["--seed", &path("missing.csv")], "missing.csv"),
        (["--seed", &path("roster.xlsx")], "roster.xlsx"),
        (["--seed", &path("semicolons.csv")], "header"),
        (["--rules", &path("missing.yml")], "missing.yml"),
        (["--data-dir", &path("semicolons.csv")], "semicolons.csv"),
        (["--data-dir", &path("broken")], "not a database"),
        (["--database-url", &format!("postgres://postgres:s3cret-word@{nobody}/x")], "database"),
        (["--database-url", "mysql://root:s3cret-word@localhost/x"], "mysql"),
        (["--redis-url", "http://:s3cret-word@localhost"], "Redis"),
        (["--webhook", "ftp://s3cret-word.example"], "webhook"),
    ] {
        let ended = command(directory.path()).args(arguments).output().expect("it starts");
        let message = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(1), "{arguments:?}: {message}");
        assert_eq!(message.lines().count(), 1, "{arguments:?}: {message}");
        assert!(message.starts_with("medschedule: ") && message.contains(word), "{arguments:?}: {message}");
        assert!(!message.contains("s3cret-word"), "{arguments:?}: {message}");
    }
}
