//! Ends of all kinds: asked for, forced, and that of the database.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::TcpStream;

use serde_json::json;

use crate::harness::Service;
use crate::harness::http::{connect, read_all, status_of};
use crate::harness::service::new_directory;
use crate::harness::wait::{eventually, until};
use crate::roster::{list, shift, total};

const HEADER: &str = "id,employee,department,start,end,duration\n";

/// A sound roster of that many rows.
pub fn roster(rows: usize) -> String {
    let mut roster = HEADER.to_owned();
    for row in 0..rows {
        let day = 1 + row / 20 % 28;
        writeln!(
            roster,
            "{row},Çalışan {},Acil Servis,2026-{:02}-{day:02}T08:00:00+03:00,2026-{:02}-{day:02}T16:00:00+03:00,8",
            row % 500,
            1 + row % 12,
            1 + row % 12
        )
        .expect("written");
    }
    roster
}

/// Sends all of an import but its last bytes, which it returns.
pub fn begin_import(service: &Service, roster: &str) -> (TcpStream, Vec<u8>) {
    let mut stream = connect(service.address);
    let head = format!(
        "POST /api/v1/shifts/import HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: text/csv\r\nContent-Length: {}\r\n\r\n",
        service.address,
        roster.len()
    );
    let (first, last) = roster.as_bytes().split_at(roster.len() - 10);
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(first)).expect("it takes the roster");
    (stream, last.to_vec())
}

fn refuses_connections(service: &Service) -> bool {
    TcpStream::connect(service.address).is_err()
}

#[test]
fn a_slow_request_in_flight_is_answered_after_sigterm() {
    let mut service = Service::start(&[]);
    let (mut slow, rest) = begin_import(&service, &roster(500));
    // Two that only hold a connection must not hold up the end: one has asked before, one never does.
    let mut idle = connect(service.address);
    write!(idle, "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    let silent = connect(service.address);
    until("it is being served, like the next one", || service.get("/health/live").status == 200);
    service.signal("TERM");
    until("no new connection is taken", || refuses_connections(&service));
    slow.write_all(&rest).expect("it still takes the roster");
    let answer = read_all(&mut slow);
    assert_eq!(status_of(&answer), 200, "{answer}");
    assert!(answer.contains("\"accepted\":500"), "{answer}");
    let status = service.wait();
    assert_eq!(status.code(), Some(0), "{}", service.terminal());
    drop((idle, silent));
    let log = std::fs::read_to_string(service.log_file()).expect("the log");
    let steps = [
        "shutting down",
        "alerts_stopped",
        "done step=\"alerts\"",
        "done step=\"database\"",
        "service_stopped",
    ];
    let told: Vec<_> = steps.iter().map(|step| log.find(step)).collect();
    assert!(told.iter().all(Option::is_some) && told.is_sorted(), "{told:?}: {log}");

    let again = Service::start_in(service.directory(), &[]);
    assert_eq!(total(&again), 500);
}

#[test]
fn a_request_that_never_ends_does_not_hold_up_the_end_for_ever() {
    let mut service = Service::start(&[]);
    let (mut slow, _) = begin_import(&service, &roster(500));
    until("it is being served, like the next one", || service.get("/health/live").status == 200);
    service.signal("TERM");
    assert_eq!(service.wait().code(), Some(0), "{}", service.terminal());
    assert_ne!(status_of(&read_all(&mut slow)), 200);
    let log = std::fs::read_to_string(service.log_file()).expect("the log");
    assert!(log.contains("WARNING - shutdown: requests were cut off"), "{log}");
}

#[test]
fn readiness_falls_before_the_service_stops_answering() {
    let mut service = Service::start(&["--drain", "3"]);
    assert_eq!(service.get("/health/ready").status, 200);
    service.signal("TERM");
    until("it is no longer ready", || service.get("/health/ready").status == 503);
    // Whoever has not heard of it yet is still served.
    assert_eq!(service.get("/health/live").status, 200);
    assert_eq!(total(&service), 0);
    assert_eq!(service.wait().code(), Some(0), "{}", service.terminal());
}

#[test]
fn sigint_ends_it_as_sigterm_does() {
    let mut service = Service::start(&[]);
    service.signal("INT");
    assert_eq!(service.wait().code(), Some(0), "{}", service.terminal());
}

#[test]
fn a_restart_keeps_the_roster() {
    let mut service = Service::start(&[]);
    let new = shift("Ayşe Yılmaz", "Acil Servis", "2026-03-02T08:00:00+03:00", "2026-03-02T16:00:00.5+03:00");
    service.post("/api/v1/shifts", &new).ok(201);
    assert_eq!(service.import("text/csv", roster(30)).ok(200)["accepted"], 30);
    let report = service.get("/api/v1/reports/shifts").ok(200);
    let shifts = list(&service, "limit=7");
    service.stop();

    let again = Service::start_in(service.directory(), &[]);
    assert_eq!(list(&again, "limit=1000"), shifts);
    assert_eq!(again.get("/api/v1/reports/shifts").ok(200), report);
    let log = std::fs::read_to_string(again.log_file()).expect("the log");
    assert!(
        log.contains("\"event_type\":\"roster_imported\",\"data\":{\"accepted\":30,"),
        "the log goes on where it was: {log}"
    );
}

#[test]
fn kill_9_in_an_import_leaves_all_of_it_or_nothing() {
    let directory = new_directory();
    let rows = 20_000;
    let roster = roster(rows);
    let log = directory.path().join("medschedule.db-wal");
    // SQLite writes ahead while the transaction is open: by its length the kills fall into different moments.
    for written in [100_000, 1_000_000, 3_000_000] {
        let mut service = Service::start_in(&directory, &[]);
        assert_eq!(total(&service), 0, "killed at {written}");
        let (mut stream, rest) = begin_import(&service, &roster);
        stream.write_all(&rest).expect("it takes the roster");
        let length = || std::fs::metadata(&log).map_or(0, |found| found.len());
        until("the import writes", || length() > written);
        service.signal("KILL");
        service.wait();
        let answer = read_all(&mut stream);
        let again = Service::start_in(&directory, &[]);
        let kept = total(&again);
        // Answered means kept; not answered may mean either, but never a part.
        let allowed: &[u64] = if status_of(&answer) == 200 { &[rows as u64] } else { &[0, rows as u64] };
        assert!(allowed.contains(&kept), "{kept} rows after a kill at {written}: {answer}");
        assert_eq!(again.get("/health").status, 200);
        if kept > 0 {
            break;
        }
    }
}

#[test]
fn a_client_that_goes_away_in_an_import_leaves_nothing() {
    let service = Service::start(&[]);
    let (stream, _) = begin_import(&service, &roster(2000));
    drop(stream);
    assert_eq!(service.import("text/csv", roster(10)).ok(200)["accepted"], 10);
    assert_eq!(total(&service), 10);
    let left: Vec<_> =
        std::fs::read_dir(service.directory().path()).expect("its directory").flatten().collect();
    assert!(left.iter().all(|entry| !entry.file_name().to_string_lossy().contains("import")), "{left:?}");
}

#[test]
fn health_says_so_when_the_database_file_goes() {
    let service = Service::start(&[]);
    let healthy = service.get("/health").ok(200);
    assert_eq!(healthy["status"], "healthy", "{healthy}");
    for usage in ["cpu_usage", "memory_usage", "disk_usage"] {
        assert!(
            healthy["system"][usage].as_f64().is_some_and(|usage| (0.0..=100.0).contains(&usage)),
            "{healthy}"
        );
    }
    assert_eq!(
        (&healthy["database"]["status"], &healthy["cache"]["status"]),
        (&json!("healthy"), &json!("healthy"))
    );
    assert_eq!(service.get("/health/ready").status, 200);

    let new = shift("Ayşe", "Acil", "2026-03-02T08:00:00+03:00", "2026-03-02T16:00:00+03:00");
    service.post("/api/v1/shifts", &new).ok(201);
    for name in ["medschedule.db", "medschedule.db-wal", "medschedule.db-shm"] {
        let _ = std::fs::remove_file(service.directory().path().join(name));
    }
    let health =
        eventually("health notices", || Some(service.get("/health")).filter(|answer| answer.status == 503));
    let health = health.json();
    assert_eq!(
        (&health["status"], &health["database"]["status"]),
        (&json!("unhealthy"), &json!("unhealthy"))
    );
    assert_eq!(health["cache"]["status"], "healthy", "{health}");
    assert_eq!(service.get("/health/ready").status, 503);
    assert_eq!(service.get("/health/live").status, 200, "a restart is not what a probe should bring about");
    // What would be lost is refused.
    service.post("/api/v1/shifts", &new).problem(503);
    service.import("text/csv", roster(1)).problem(503);
}
