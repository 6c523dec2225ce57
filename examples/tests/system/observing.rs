//! What a known course of requests leaves behind: metrics, log lines, reports, and nobody's name.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use jiff::civil::DateTime;
use ms_analytics::{ShiftAnalytics, read};
use serde_json::{Map, Value, json};

use crate::ending::{begin_import, roster};
use crate::harness::metrics::Samples;
use crate::harness::process::program;
use crate::harness::wait::{eventually, until};
use crate::harness::{Client, Service};
use crate::roster::{shift, total};

/// No word of these may be seen outside the API's answers.
const NAMES: [&str; 6] =
    ["Gizli", "Hemşire", "Mahremoğlu", "gizli.kullanici", "10000000146", "0532 123 45 67"];
const FIRST: &str = "Gizli Hemşire";
const SECOND: &str = "Mahremoğlu 10000000146";

/// A course of requests whose every effect is known.
fn drive(service: &Client) {
    let sessions: Vec<_> = (0..3)
        .map(|number| {
            let user = json!({ "user": format!("gizli.kullanici{number} 0532 123 45 67") });
            service.post("/api/v1/sessions", &user).ok(201)["id"].as_str().expect("an id").to_owned()
        })
        .collect();
    assert_eq!(service.delete(&format!("/api/v1/sessions/{}", sessions[0])).status, 204);
    assert_eq!(service.delete(&format!("/api/v1/sessions/{}", sessions[0])).status, 404);

    let plan = |employee, department, start: &str, end: &str| {
        let at = |time| format!("2026-03-02T{time}:00+03:00");
        service.post("/api/v1/shifts", &shift(employee, department, &at(start), &at(end))).ok(201)
    };
    plan(FIRST, "Acil Servis", "08:00", "16:00");
    plan(FIRST, "Yoğun Bakım", "12:00", "20:00");
    plan(SECOND, "Acil Servis", "08:00", "16:00");
    let cancelled = plan(SECOND, "Doğum", "20:00", "22:00");
    let cancelled = format!("/api/v1/shifts/{}", cancelled["id"].as_str().expect("an id"));
    assert_eq!(service.delete(&cancelled).status, 204);
    let taken = shift(FIRST, "Doğum", "2026-03-02T13:00:00+03:00", "2026-03-02T14:00:00+03:00");
    assert_eq!(service.post("/api/v1/shifts?on_conflict=refuse", &taken).status, 409);
    let roster = format!(
        "id,employee,department,start,end,duration\n\
        1,{SECOND},Acil Servis,2026-03-02T15:00:00+03:00,2026-03-02T23:00:00+03:00,8\n\
        2,{SECOND},Acil Servis,2026-03-03T15:00:00+03:00,2026-03-03T14:00:00+03:00,8\n\
        3,{FIRST},Acil Servis,2026-03-03T15:00:00+03:00,2026-03-03T23:00:00+03:00,8\n"
    );
    assert_eq!(service.import("text/csv", roster).ok(200)["accepted"], 2);
    for _ in 0..5 {
        service.get("/api/v1/reports/shifts").ok(200);
    }
    assert_eq!(service.get("/api/v1/shifts?employee=Gizli").status, 200);
    assert_eq!(service.get("/nothing/Gizli").status, 404);
    assert_eq!(service.post("/api/v1/shifts", &json!({ "employee": "Gizli" })).status, 422);
}

#[test]
fn metrics_count_exactly_what_was_done() {
    let service = Service::start(&[]);
    let before = Samples::of(&service);
    // There from the first scrape, or rate() would miss the first of each.
    for name in ["active_users_total", "shift_conflicts_total"] {
        assert_eq!(before.named(name).collect::<Vec<_>>(), [(name, 0.0)]);
    }
    drive(&service);
    let after = Samples::of(&service);

    let requests = |method, endpoint, status| {
        after.value("http_requests_total", &[("method", method), ("endpoint", endpoint), ("status", status)])
    };
    let expected = [
        ("POST", "/api/v1/sessions", "201", 3.0),
        ("DELETE", "/api/v1/sessions/{id}", "204", 1.0),
        ("DELETE", "/api/v1/sessions/{id}", "404", 1.0),
        ("POST", "/api/v1/shifts", "201", 4.0),
        ("POST", "/api/v1/shifts", "409", 1.0),
        ("POST", "/api/v1/shifts", "422", 1.0),
        ("DELETE", "/api/v1/shifts/{id}", "204", 1.0),
        ("POST", "/api/v1/shifts/import", "200", 1.0),
        ("GET", "/api/v1/reports/shifts", "200", 5.0),
        ("GET", "/api/v1/shifts", "200", 1.0),
        ("GET", "unmatched", "404", 1.0),
        ("GET", "/metrics", "200", 1.0),
    ];
    for (method, endpoint, status, count) in expected {
        assert_eq!(requests(method, endpoint, status), Some(count), "{method} {endpoint} {status}");
    }
    let all = expected.iter().map(|(.., count)| count).sum::<f64>();
    assert_eq!(after.sum("http_requests_total"), all);
    assert_eq!(after.sum("http_request_duration_seconds_count"), all);
    let of = |name, endpoint| after.value(name, &[("method", "POST"), ("endpoint", endpoint)]);
    assert_eq!(of("http_request_duration_seconds_count", "/api/v1/shifts"), Some(6.0));
    assert_eq!(of("endpoint_latency_seconds_count", "/api/v1/shifts"), Some(6.0));

    assert_eq!(after.value("active_users_total", &[]), Some(2.0));
    let department = |name| after.value("scheduled_shifts_total", &[("department", name)]);
    assert_eq!(department("Acil Servis"), Some(4.0));
    assert_eq!(department("Yoğun Bakım"), Some(1.0));
    assert_eq!(department("Doğum"), Some(1.0), "cancelled, but it had been scheduled");
    // One flagged, two in the way of the refused one, one within the import.
    assert_eq!(after.value("shift_conflicts_total", &[]), Some(4.0));

    // The machine is read beside: the share of the CPU needs two readings.
    let machine = eventually("the machine is measured", || {
        let samples = Samples::of(&service);
        samples.value("cpu_usage_percent", &[]).map(|_| samples)
    });
    for name in ["cpu_usage_percent", "disk_usage_percent"] {
        let value = machine.value(name, &[]).unwrap_or_else(|| panic!("no {name}"));
        assert!((0.0..=100.0).contains(&value), "{name} {value}");
    }
    assert!(machine.value("memory_usage_bytes", &[]).is_some_and(|bytes| bytes > 1e6));
}

#[test]
fn many_clients_at_once_and_those_that_go_away_are_each_counted_once() {
    const CLIENTS: usize = 8;
    const ROUNDS: usize = 15;
    let service = Service::start(&[]);
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let service = &service;
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let session = service.post("/api/v1/sessions", &json!({ "user": "a" })).ok(201);
                    let day = format!("2026-03-{:02}T", round + 1);
                    let (start, end) = (format!("{day}08:00:00Z"), format!("{day}16:00:00Z"));
                    let new = shift(&format!("Çalışan {client}"), "Acil Servis", &start, &end);
                    assert_eq!(service.post("/api/v1/shifts", &new).ok(201)["conflicts"], json!([]));
                    let path = format!("/api/v1/sessions/{}", session["id"].as_str().expect("an id"));
                    assert_eq!(service.delete(&path).status, 204);
                    drop(begin_import(service, &roster(50)));
                }
            });
        }
    });
    let count = |samples: &Samples, endpoint: &str| {
        let endpoint = format!("endpoint={endpoint:?}");
        let of_endpoint =
            samples.named("http_requests_total").filter(|(series, _)| series.contains(&endpoint));
        of_endpoint.map(|(_, value)| value).sum::<f64>()
    };
    let all = (CLIENTS * ROUNDS) as f64;
    let samples = eventually("the last of them has gone", || {
        let samples = Samples::of(&service);
        (count(&samples, "/api/v1/shifts/import") >= all).then_some(samples)
    });
    for endpoint in ["/api/v1/sessions", "/api/v1/shifts", "/api/v1/sessions/{id}", "/api/v1/shifts/import"] {
        assert_eq!(count(&samples, endpoint), all, "{endpoint}");
    }
    assert_eq!(samples.sum("scheduled_shifts_total"), all);
    assert_eq!(samples.value("active_users_total", &[]), Some(0.0));
    assert_eq!(total(&service), (CLIENTS * ROUNDS) as u64);
}

#[test]
fn a_flood_of_departments_stays_bounded_and_counted() {
    const ROWS: usize = 3000;
    let service = Service::start(&[]);
    let mut roster = "id,employee,department,start,end,duration\n".to_owned();
    for row in 0..ROWS {
        let times = "2026-03-02T08:00:00+03:00,2026-03-02T16:00:00+03:00,8";
        writeln!(roster, "{row},E{row},Bölüm {row},{times}").expect("written");
    }
    assert_eq!(service.import("text/csv", roster).ok(200)["accepted"], ROWS);
    let metrics = Samples::of(&service);
    assert!(metrics.named("scheduled_shifts_total").count() <= 1000);
    assert_eq!(metrics.sum("scheduled_shifts_total"), ROWS as f64);
    let label = [("metric", "scheduled_shifts_total"), ("label", "department")];
    assert!(metrics.value("ms_metrics_label_overflow_total", &label) >= Some((ROWS - 1000) as f64));
    // What the metrics leave out, the report has.
    let report = service.get("/api/v1/reports/shifts").ok(200);
    assert_eq!(report["shifts_per_department"].as_object().map(Map::len), Some(ROWS));
}

#[test]
fn what_the_deployed_rules_watch_is_there_from_the_start() {
    let service = Service::start(&[]);
    let rules = crate::dashboard::read("alerts.yml");
    let expressions: Vec<_> =
        rules.split(" expr: ").skip(1).filter_map(|rule| Some(rule.split_once("labels:")?.0)).collect();
    assert_eq!(expressions.len(), rules.matches("- alert:").count());
    for expression in expressions {
        // Outside quotes, only metrics have a name with `_` here.
        let code: String = expression.split('"').step_by(2).collect();
        let words = code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let names: BTreeSet<&str> = words.filter(|word| word.contains('_')).collect();
        assert!(!names.is_empty(), "{expression}");
        // Of this one there is a series for each label that has overflowed.
        for name in names.into_iter().filter(|name| *name != "ms_metrics_label_overflow_total") {
            until(&format!("{name} is there"), || Samples::of(&service).named(name).next().is_some());
        }
    }
}

#[test]
fn promtool_has_one_remark_on_the_metrics_and_it_is_known() {
    let service = Service::start(&[]);
    drive(&service);
    until("all of it is there", || {
        let metrics = Samples::of(&service);
        ["cpu_usage_percent", "ms_logging_dropped_total"]
            .iter()
            .all(|name| metrics.named(name).next().is_some())
    });
    let metrics = service.get("/metrics");
    let mut promtool = Command::new(program("promtool", "prometheus"));
    promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut checking = promtool.spawn().expect("promtool starts");
    checking.stdin.take().expect("piped").write_all(&metrics.body).expect("it reads");
    let checked = checking.wait_with_output().expect("promtool ends");
    let remarks =
        format!("{}{}", String::from_utf8_lossy(&checked.stdout), String::from_utf8_lossy(&checked.stderr));
    // The origin gave a gauge that name, and dashboards rely on it.
    assert_eq!(remarks.trim(), "active_users_total non-counter metrics should not have \"_total\" suffix");
}

#[test]
fn names_stay_out_of_logs_metrics_and_the_terminal() {
    let mut service = Service::start(&[]);
    drive(&service);
    let metrics = service.get("/metrics").text().to_owned();
    let health = service.get("/health").text().to_owned();
    let alerts = service.get("/api/v1/alerts").text().to_owned();
    service.stop();
    let log = std::fs::read_to_string(service.log_file()).expect("the log");
    assert!(log.contains("shift_planned") && metrics.contains("Acil Servis"), "{log}");
    for (place, text) in [
        ("metrics", metrics),
        ("health", health),
        ("alerts", alerts),
        ("log", log),
        ("terminal", service.terminal()),
    ] {
        for name in NAMES {
            assert!(!text.contains(name), "{name} in {place}: {text}");
        }
    }
}

#[test]
fn each_log_line_has_the_shape_of_the_python_log() {
    let begun = istanbul();
    let mut service = Service::start(&[]);
    drive(&service);
    service.stop();
    let ended = istanbul();
    let log = std::fs::read_to_string(service.log_file()).expect("the log");
    assert!(log.ends_with('\n'));
    let mut messages = Vec::new();
    for line in log.lines() {
        let parts: Vec<_> = line.splitn(4, " - ").collect();
        let [time, name, level, message] = parts[..] else { panic!("not four parts: {line}") };
        // 2026-03-02 08:00:00,123
        assert!(time.len() == 23 && &time[10..11] == " " && &time[19..20] == ",", "{line}");
        let time: DateTime = time.replace(' ', "T").replace(',', ".").parse().expect("a time");
        assert!(begun <= time && time <= ended, "{begun} {line} {ended}");
        assert_eq!(name, "medschedule", "{line}");
        assert!(["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"].contains(&level), "{line}");
        messages.push(message);
    }
    let events: Vec<Value> =
        messages.iter().filter_map(|message| serde_json::from_str(message).ok()).collect();
    for event in &events {
        let keys: Vec<_> = event.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["data", "event_type", "timestamp"], "{event}");
    }
    let kind = |event: &Value| event["event_type"].as_str().expect("a text").to_owned();
    let (first, last) = (messages.first().expect("a line"), messages.last().expect("a line"));
    assert!(first.contains("\"service_started\"") && last.contains("\"service_stopped\""), "{log}");
    let count = |wanted: &str| events.iter().filter(|event| kind(event) == wanted).count();
    assert_eq!((count("user_signed_in"), count("user_signed_out")), (3, 1), "{log}");
    assert_eq!(
        (count("shift_planned"), count("shift_refused"), count("shift_cancelled")),
        (4, 1, 1),
        "{log}"
    );
    let imported = events.iter().find(|event| kind(event) == "roster_imported").expect("it is told");
    assert_eq!((&imported["data"]["accepted"], &imported["data"]["rejected"]), (&2.into(), &1.into()));
    // One line for each request: 3 + 2 sessions, 4 + 3 shifts, an import, 5 reports, a list, nothing.
    let requests = messages.iter().filter(|message| message.starts_with("request "));
    assert_eq!(requests.count(), 20, "{log}");
}

#[test]
fn ids_that_clients_choose_are_not_in_the_log() {
    let mut service = Service::start(&[]);
    let mut new = shift("A", "B", "2026-03-02T08:00:00Z", "2026-03-02T16:00:00Z");
    let own = service.post("/api/v1/shifts", &new).ok(201)["id"].as_str().expect("an id").to_owned();
    new["id"] = "patient-of-bed-7".into();
    service.post("/api/v1/shifts", &new).ok(201);
    assert_eq!(service.delete("/api/v1/shifts/patient-of-bed-7").status, 204);
    service.stop();
    let log = std::fs::read_to_string(service.log_file()).expect("the log");
    assert!(log.contains(&own) && !log.contains("bed-7"), "{log}");
    let hashes: Vec<_> = log.split("\"hash:").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(hashes.len() == 2 && hashes[0] == hashes[1], "planned and cancelled are found together: {log}");
}

/// The clock on the wall there, to the millisecond that the log rounds down to.
fn istanbul() -> DateTime {
    let now = jiff::tz::Offset::constant(3).to_datetime(jiff::Timestamp::now());
    let rounding = jiff::civil::DateTimeRound::new().smallest(jiff::Unit::Millisecond);
    now.round(rounding.mode(jiff::RoundMode::Trunc)).expect("in range")
}

#[test]
fn the_walk_through_roster_gives_the_report_of_the_library() {
    let roster = Path::new(env!("CARGO_MANIFEST_DIR")).join("medschedule/roster.csv");
    let path = roster.to_str().expect("UTF-8");
    let service = Service::start(&["--seed", path]);
    let report = |from: Option<&str>, to: Option<&str>| {
        let mut analytics = ShiftAnalytics::default();
        for shift in read::csv(std::fs::File::open(&roster).expect("the roster")) {
            let shift = shift.expect("the walk-through has no faults");
            // All of it is written in one offset, so that texts compare as the instants do.
            let start = shift.start_text();
            if from.is_none_or(|from| start >= from) && to.is_none_or(|to| start < to) {
                analytics.add(&shift);
            }
        }
        serde_json::to_value(analytics.finish()).expect("JSON")
    };
    let asked = service.get("/api/v1/reports/shifts").ok(200);
    assert_eq!(asked, report(None, None));
    assert!(
        asked["total_shifts"].as_u64() > Some(0)
            && asked["common_conflicts"]["total_pairs"].as_u64() > Some(0)
    );

    let middle = &asked["first_start"].as_str().expect("a time")[..8].to_owned();
    let (from, to) = (format!("{middle}05T00:00:00+03:00"), format!("{middle}12T00:00:00+03:00"));
    let part =
        service.get(&format!("/api/v1/reports/shifts?from={from}&to={to}").replace('+', "%2B")).ok(200);
    assert_eq!(part, report(Some(&from), Some(&to)));
    assert!(part["total_shifts"].as_u64() < asked["total_shifts"].as_u64());
}
