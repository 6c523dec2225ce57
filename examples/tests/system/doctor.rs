//! `medschedule doctor` finds what is wrong, says what to do, and changes nothing.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::harness::Service;
use crate::harness::process::free_address;
use crate::harness::servers::{Postgres, Redis};
use crate::harness::service::{command, new_directory};

/// What it says of each thing, and whether it is content.
fn examined(directory: &Path, arguments: &[&str]) -> (BTreeMap<String, (String, String)>, bool) {
    let mut doctor = command(directory);
    let listen = free_address().to_string();
    if !arguments.contains(&"--listen") {
        doctor.args(["--listen", &listen]);
    }
    let ended = doctor.arg("doctor").args(arguments).output().expect("it starts");
    let output = String::from_utf8(ended.stdout).expect("text");
    assert!(ended.stderr.is_empty(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(!output.contains('\u{1b}') && !output.contains("s3cret-word"), "{output}");
    let mut found: BTreeMap<String, (String, String)> = BTreeMap::new();
    let mut last = String::new();
    for line in output.lines() {
        let (head, told) = line.split_at(22);
        if head.trim().is_empty() {
            found.get_mut(&last).expect("below its line").1 += told;
        } else {
            let (verdict, subject) = head.split_at(6);
            last = subject.trim().to_owned();
            found.insert(last.clone(), (verdict.trim().to_owned(), told.to_owned()));
        }
    }
    (found, ended.status.success())
}

fn files(directory: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory") {
        let entry = entry.expect("an entry");
        let (name, size) =
            (entry.file_name().into_string().expect("UTF-8"), entry.metadata().expect("known").len());
        names.push(format!("{name} {size}"));
    }
    names.sort();
    names
}

#[test]
fn before_the_first_start_all_is_well_and_stays_as_it_was() {
    let directory = new_directory();
    let (found, content) = examined(directory.path(), &[]);
    assert!(content && found.values().all(|(verdict, _)| verdict == "ok"), "{found:?}");
    for subject in
        ["configuration", "address", "data directory", "log", "alert rules", "database", "cache", "clock"]
    {
        assert!(found.contains_key(subject), "{subject}: {found:?}");
    }
    assert_eq!(files(directory.path()), Vec::<String>::new());
}

#[test]
fn a_service_that_runs_and_one_that_ran_are_left_as_they_are() {
    let mut service = Service::start(&[]);
    let address = service.address.to_string();
    let (found, content) = examined(service.directory().path(), &["--listen", &address]);
    assert!(!content && found["address"].0 == "FAIL" && found["address"].1.contains("if it is this service"));
    assert_eq!(found["database"].0, "ok", "{found:?}");
    service.stop();

    let before = files(service.directory().path());
    let (found, content) = examined(service.directory().path(), &[]);
    assert!(content && found["database"].1.contains("sound, 0 shifts"), "{found:?}");
    assert!(found["log"].1.contains("takes lines"), "{found:?}");
    assert_eq!(files(service.directory().path()), before);
}

#[test]
fn what_is_wrong_is_told_with_what_to_do() {
    let directory = new_directory();
    let nobody = free_address();
    let path = |name: &str| directory.path().join(name).to_str().expect("UTF-8").to_owned();
    fs::write(path("token"), "s3cret-word-s3cret-word").expect("written");
    fs::set_permissions(path("token"), fs::Permissions::from_mode(0o644)).expect("changed");
    fs::write(path("rules.yml"), "groups:\n- name: a\n  rules:\n  - alert: A\n    expr: up >\n")
        .expect("written");
    fs::write(path("medschedule.db"), "certainly not a database").expect("written");
    let postgres = format!("postgres://postgres:s3cret-word@{nobody}/x");
    let redis = format!("redis://:s3cret-word@{nobody}");
    for (arguments, subject, verdict, word) in [
        (vec!["--listen", "0.0.0.0:1"], "configuration", "FAIL", "--token-file"),
        (vec!["--listen", "192.0.2.1:8000"], "address", "FAIL", "an address of this machine"),
        (vec!["--token-file", &path("nothing")], "configuration", "FAIL", "nothing"),
        (vec!["--token-file", &path("token")], "token", "look", "chmod 600"),
        (vec!["--rules", &path("rules.yml")], "alert rules", "FAIL", "rules.yml:5:"),
        (vec!["--data-dir", &path("rules.yml")], "data directory", "FAIL", "with a directory"),
        (vec!["--data-dir", "/proc/nowhere"], "data directory", "FAIL", "cannot be created"),
        (vec![], "database", "FAIL", "not a database"),
        (vec!["--database-url", &postgres], "database", "FAIL", "start the server"),
        (vec!["--redis-url", &redis], "cache", "look", "start the server"),
    ] {
        let (found, content) = examined(directory.path(), &arguments);
        let (told, text) = &found[subject];
        assert!(told == verdict && text.contains(word), "{arguments:?}: {found:?}");
        assert!(text.contains("-> "), "{arguments:?}: {text}");
        assert!(!content, "the database of the directory is none");
    }
}

#[test]
fn a_damaged_database_is_told() {
    let mut service =
        Service::start(&["--seed", concat!(env!("CARGO_MANIFEST_DIR"), "/medschedule/roster.csv")]);
    service.stop();
    let file = service.directory().path().join("medschedule.db");
    let mut bytes = fs::read(&file).expect("a database");
    let end = bytes.len();
    bytes[8192..end.min(20_480)].fill(0x55);
    fs::write(&file, bytes).expect("written");
    let (found, content) = examined(service.directory().path(), &[]);
    assert!(!content && found["database"].0 == "FAIL", "{found:?}");
}

#[test]
fn real_servers_are_asked_for_their_roster_and_their_time() {
    let (postgres, redis) = (Postgres::start(), Redis::start());
    let (database, cache) = (postgres.url(), redis.url());
    let arguments = ["--database-url", database.as_str(), "--redis-url", cache.as_str()];
    let directory = new_directory();
    let (found, content) = examined(directory.path(), &arguments);
    assert!(content && found["database"].1.contains("no roster yet"), "{found:?}");
    assert!(found["cache"].1.contains("Redis answers"), "{found:?}");
    assert!(found["clock"].1.contains("as the database has it"), "{found:?}");
    Service::start(&arguments).stop();
    let (found, _) = examined(directory.path(), &arguments);
    assert!(found["database"].1.contains("0 shifts"), "{found:?}");
}
