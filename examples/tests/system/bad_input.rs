//! Input that cannot be right: refused in words that name the field, and nothing is changed.

use http::Method;
use serde_json::{Value, json};

use crate::harness::metrics::Samples;
use crate::harness::{Client, Service};
use crate::roster::{shift, total};

/// What must be the same afterwards.
#[derive(Debug, PartialEq)]
struct State {
    shifts: u64,
    scheduled: f64,
    conflicts: f64,
    active: f64,
}

fn state(service: &Client) -> State {
    let metrics = Samples::of(service);
    State {
        shifts: total(service),
        scheduled: metrics.sum("scheduled_shifts_total"),
        conflicts: metrics.sum("shift_conflicts_total"),
        active: metrics.sum("active_users_total"),
    }
}

fn prepared() -> (Service, State) {
    let service = Service::start(&[]);
    service.post("/api/v1/sessions", &json!({ "user": "a" })).ok(201);
    service.post("/api/v1/shifts", &sound()).ok(201);
    let before = state(&service);
    assert_eq!(before, State { shifts: 1, scheduled: 1.0, conflicts: 0.0, active: 1.0 });
    (service, before)
}

fn sound() -> Value {
    shift("Ayşe", "Acil", "2026-03-02T08:00:00+03:00", "2026-03-02T16:00:00+03:00")
}

#[test]
fn a_shift_that_cannot_be_is_refused_by_its_field() {
    let (service, before) = prepared();
    let megabyte = "x".repeat(1 << 20);
    let late = "2026-03-02T17:00:00+03:00";
    let table = [
        ("start", json!(late)),
        ("start", json!("2026-03-02T08:00:00")),
        ("start", json!("2026-03-02")),
        ("start", json!("2026-02-30T08:00:00+03:00")),
        ("start", json!("2026-03-02T25:00:00+03:00")),
        ("start", json!("2026-03-02T08:00:00+99:00")),
        ("start", json!("10000-03-02T08:00:00+03:00")),
        ("start", json!("dün")),
        ("start", json!("")),
        ("start", json!(1_772_431_200)),
        ("start", json!(null)),
        ("end", json!("2026-03-02T08:00:00+03:00")),
        ("end", json!("2026-03-02T07:59:59+03:00")),
        ("end", json!("2026-03-02T16:00:00")),
        ("end", json!("2066-03-02T16:00:00+03:00")),
        ("end", json!(["2026-03-02T16:00:00+03:00"])),
        ("employee", json!("")),
        ("employee", json!(" ")),
        ("employee", json!("a\u{0}b")),
        ("employee", json!("a\nb")),
        ("employee", json!(7)),
        ("employee", json!(null)),
        ("employee", json!({ "name": "a" })),
        ("department", json!("")),
        ("department", json!("\t")),
        ("department", json!(true)),
        ("department", json!("a\u{1b}[31m")),
        ("duration", json!(7.5)),
        ("duration", json!(-8)),
        ("duration", json!("8")),
        ("duration", json!(1e300)),
        ("id", json!("")),
        ("id", json!(["1"])),
    ];
    for (field, value) in table {
        let mut new = sound();
        new[field] = value.clone();
        for path in ["/api/v1/shifts", "/api/v1/shifts?on_conflict=refuse"] {
            let problem = service.post(path, &new).problem(422);
            let named = problem["field"].as_str().expect("a field");
            // Which of the two is wrong cannot be known when the end is before the start, or too long after it.
            let times = ["start", "end", "duration"];
            let either = times.contains(&field) && times.contains(&named);
            assert!(named == field || either, "{field} {value}: {problem}");
            assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(named)), "{problem}");
        }
    }
    for field in ["employee", "department", "start", "end"] {
        let mut new = sound();
        new.as_object_mut().expect("an object").remove(field);
        assert_eq!(service.post("/api/v1/shifts", &new).problem(422)["field"], field);

        let mut new = sound();
        new[field] = json!(megabyte);
        let answer = service.post("/api/v1/shifts", &new);
        assert!([413, 422].contains(&answer.status), "1 MB in {field}: {answer:?}");
        answer.problem(answer.status);
        assert!(answer.body.len() < 4096, "it is not sent back");
        // Within the limit of a body, but not of a field.
        new[field] = json!("x".repeat(60_000));
        assert_eq!(service.post("/api/v1/shifts", &new).problem(422)["field"], field);
    }
    assert_eq!(state(&service), before);
}

#[test]
fn a_body_that_is_not_the_object_asked_for_is_refused() {
    let (service, before) = prepared();
    let kind = [("content-type", "application/json")];
    let deep = "[".repeat(20_000);
    for (what, body) in [
        ("nothing", &b""[..]),
        ("a part", b"{\"employee\":\"A\","),
        ("a comma too many", b"{\"employee\":\"A\",}"),
        ("two values", b"{} {}"),
        ("single quotes", b"{'employee':'A'}"),
        ("not UTF-8", b"{\"employee\":\"\xff\"}"),
        ("half a surrogate", b"{\"employee\":\"\\ud800\"}"),
        ("a list", b"[]"),
        ("a number", b"1"),
        ("null", b"null"),
        ("not a number", b"{\"duration\":NaN}"),
        ("too deep", deep.as_bytes()),
    ] {
        for path in ["/api/v1/shifts", "/api/v1/sessions"] {
            let answer = service.send(Method::POST, path, &kind, body.to_vec());
            assert!([400, 422].contains(&answer.status), "{what}: {answer:?}");
            answer.problem(answer.status);
        }
    }
    // A misspelt field would otherwise be one that was left out.
    for (path, mut body) in [("/api/v1/shifts", sound()), ("/api/v1/sessions", json!({ "user": "a" }))] {
        body["departmant"] = json!("x");
        let problem = service.post(path, &body).problem(422);
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("departmant")), "{problem}");
    }
    let twice = r#"{"user":"a","user":"b"}"#;
    let answer = service.send(Method::POST, "/api/v1/sessions", &kind, twice);
    assert!([400, 422].contains(&answer.status), "{answer:?}");
    assert_eq!(state(&service), before);
}

#[test]
fn a_user_that_cannot_be_is_not_signed_in() {
    let (service, before) = prepared();
    let long = "x".repeat(60_000);
    for user in [json!(""), json!("  "), json!(7), json!(null), json!("a\u{7}"), json!({}), json!(long)] {
        let problem = service.post("/api/v1/sessions", &json!({ "user": user })).problem(422);
        assert_eq!(problem["field"], "user", "{problem}");
    }
    assert_eq!(service.post("/api/v1/sessions", &json!({})).problem(422)["field"], "user");
    assert_eq!(service.post("/api/v1/sessions", &json!({ "user": "x".repeat(1 << 20) })).status, 413);
    assert_eq!(state(&service), before);
}

#[test]
fn what_is_not_there_is_not_found() {
    let (service, before) = prepared();
    for id in
        ["0", "no-such", "00000000-0000-0000-0000-000000000000", "%00", "%2e%2e", "a%2Fb", "'%20OR%201=1--"]
    {
        for what in ["sessions", "shifts"] {
            service.delete(&format!("/api/v1/{what}/{id}")).problem(404);
        }
    }
    service.delete("/api/v1/shifts/%ff").problem(400);
    service.get("/api/v1/nothing").problem(404);
    for (method, path) in [
        (Method::PUT, "/api/v1/shifts"),
        (Method::DELETE, "/api/v1/shifts"),
        (Method::GET, "/api/v1/sessions"),
        (Method::PATCH, "/api/v1/shifts/1"),
        (Method::POST, "/api/v1/reports/shifts"),
        (Method::GET, "/api/v1/shifts/import"),
    ] {
        let answer = service.send(method.clone(), path, &[], "");
        answer.problem(405);
        assert!(!answer.header("allow").is_empty(), "{method} {path}: {answer:?}");
    }
    assert_eq!(state(&service), before);
}

#[test]
fn a_query_that_cannot_be_is_refused_by_its_parameter() {
    let (service, before) = prepared();
    for (query, parameter) in [
        ("cursor=x", "cursor"),
        ("cursor=1_", "cursor"),
        ("cursor=99999999999999999999_1", "cursor"),
        ("cursor=1_1_1", "cursor"),
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=1001", "limit"),
        ("limit=ten", "limit"),
        ("limit=1.5", "limit"),
        ("from=yesterday", "from"),
        ("from=2026-03-02", "from"),
        ("from=2026-03-02T08:00:00", "from"),
        ("to=2026-13-02T08:00:00Z", "to"),
        ("employee=%00", "employee"),
        ("departmant=x", "departmant"),
        ("limit=1&limit=2", "limit"),
    ] {
        let problem = service.get(&format!("/api/v1/shifts?{query}")).problem(400);
        assert!(
            problem["detail"].as_str().is_some_and(|detail| detail.contains(parameter)),
            "{query}: {problem}"
        );
        if query.starts_with("from") || query.starts_with("to") {
            service.get(&format!("/api/v1/reports/shifts?{query}")).problem(400);
        }
    }
    service.get("/api/v1/reports/shifts?employee=x").problem(400);
    for query in ["on_conflict=ask", "on_conflict=REFUSE", "on_conflict=", "onconflict=refuse"] {
        let problem = service.post(&format!("/api/v1/shifts?{query}"), &sound()).problem(400);
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("conflict")), "{problem}");
    }
    assert_eq!(state(&service), before);
}

#[test]
fn a_roster_with_faults_keeps_its_sound_rows_only() {
    let (service, before) = prepared();
    let header = "id,employee,department,start,end,duration";
    let times = "2026-04-01T08:00:00+03:00,2026-04-01T16:00:00+03:00";
    let field = "x".repeat(1 << 20);
    let roster = format!(
        "{header}\n1,A,,{times},8\n2,,B,{times},8\n3,{field},B,{times},8\n4,A,B,{times},9\n5,A,B\n6,A,B,{times},8,9\n\
        7,A,B,2026-04-01T08:00:00,2026-04-01T16:00:00,8\n8,A\u{1b}[2J,B,{times},8\n"
    );
    let outcome = service.import("text/csv", roster).ok(200);
    assert_eq!(outcome["accepted"], 0);
    let lines: Vec<_> =
        outcome["rejected"].as_array().expect("a list").iter().map(|fault| &fault["line"]).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6, 7, 8, 9]);
    assert!(outcome.to_string().len() < 4096, "values are not sent back");
    assert_eq!(state(&service), before);
}
