//! Starts, and what cannot start.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::ending::roster;
use crate::harness::http::{raw, status_of};
use crate::harness::process::{Process, free_address};
use crate::harness::service::{command, new_directory};
use crate::harness::wait::until;
use crate::harness::{Client, Service};
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
fn an_empty_variable_is_one_that_is_not_set() {
    let directory = new_directory();
    let mut service = command(directory.path());
    for name in [
        "MEDSCHEDULE_SEED",
        "MEDSCHEDULE_RULES",
        "MEDSCHEDULE_TOKEN_FILE",
        "MEDSCHEDULE_ALLOW_HOST",
        "MEDSCHEDULE_WEBHOOK",
        "MEDSCHEDULE_DRAIN",
        "DATABASE_URL",
        "REDIS_URL",
    ] {
        service.env(name, "");
    }
    let service = Service::run(&mut service, &directory);
    assert!(service.terminal().contains("SQLite, in-process cache"), "{}", service.terminal());
    assert_eq!(total(&service), 0);
}

#[test]
fn a_host_that_no_client_can_name_is_refused() {
    for host in ["https://roster.example", "roster.example/", "roster.example,"] {
        for by_variable in [false, true] {
            let mut service = command(new_directory().path());
            match by_variable {
                true => service.env("MEDSCHEDULE_ALLOW_HOST", host),
                false => service.args(["--allow-host", host]),
            };
            // Its directory is gone: it must not come so far.
            let ended = service.current_dir("/").output().expect("it starts");
            let message = String::from_utf8_lossy(&ended.stderr);
            assert_eq!(ended.status.code(), Some(2), "{host}: {message}");
            assert!(message.contains("--allow-host") && message.contains("roster.example:8443"), "{message}");
        }
    }
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
    let inwards = "route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url: 'http://s3cret-word@10.0.0.1'}]}]";
    std::fs::write(path("internal.yml"), inwards).expect("written");
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
        (["--database-url", "sqlite:///s3cret-word.db"], "sqlite"),
        (["--redis-url", "http://:s3cret-word@localhost"], "--redis-url"),
        (["--webhook", "ftp://s3cret-word.example"], "webhook"),
        (["--alert-routes", &path("missing.yml")], "missing.yml"),
        (["--alert-routes", &path("internal.yml")], "internal.yml:2:47"),
    ] {
        let ended = command(directory.path()).args(arguments).output().expect("it starts");
        let message = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(1), "{arguments:?}: {message}");
        assert_eq!(message.lines().count(), 1, "{arguments:?}: {message}");
        assert!(message.starts_with("medschedule: ") && message.contains(word), "{arguments:?}: {message}");
        assert!(!message.contains("s3cret-word"), "{arguments:?}: {message}");
    }
}

#[test]
fn while_it_is_seeded_it_answers_probes_and_ends_in_order() {
    let directory = new_directory();
    let pipe = directory.path().join("roster.csv");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo of coreutils").success());
    // Open both ways it blocks nobody, and has no end until it is closed.
    let mut rows = OpenOptions::new().read(true).write(true).open(&pipe).expect("opened");
    let address = free_address();
    let client = Client::new(address);
    let start = || {
        let mut service = command(directory.path());
        service.args(["--listen", &address.to_string(), "--seed"]).arg(&pipe);
        let process = Process::start(&mut service, &directory.path().join("terminal"));
        until("it answers", || client.try_get("/health/live").is_ok_and(|live| live.status == 200));
        process
    };

    let mut service = start();
    rows.write_all(roster(3000).as_bytes()).expect("it reads");
    for probe in ["/health/startup", "/health/ready"] {
        assert_eq!(client.get(probe).status, 503, "{probe}");
    }
    assert!(!service.output().contains("http://"), "{}", service.output());
    service.signal("TERM");
    let status = service.wait();
    assert_eq!(status.code(), Some(0), "{status}: {}", service.output());

    // A part of a roster is not kept: now it comes whole.
    let mut service = start();
    rows.write_all(roster(10).as_bytes()).expect("it reads");
    // Probes are answered before the roster is opened, and an open without a writer would wait for ever.
    until("it has opened the roster", || {
        let descriptors = std::fs::read_dir(format!("/proc/{}/fd", service.id())).into_iter().flatten();
        descriptors.flatten().any(|file| std::fs::read_link(file.path()).is_ok_and(|target| target == pipe))
    });
    drop(rows);
    service.until_ready("it says where it listens", |output| output.contains("http://").then_some(()));
    for probe in ["/health/startup", "/health/ready"] {
        assert_eq!(client.get(probe).status, 200, "{probe}");
    }
    assert_eq!(total(&client), 10);
}
