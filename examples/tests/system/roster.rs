//! What the API promises about shifts, sessions, imports and reports, whatever the database.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Client, Service};

#[test]
fn the_api_keeps_its_promises_on_sqlite() {
    check(&Service::start(&[]));
}

/// Asks for everything that the API offers. The roster must be empty.
pub fn check(service: &Client) {
    sessions_open_and_close(service);
    shifts_are_planned_found_and_cancelled(service);
    conflicts_are_flagged_or_refused(service);
    pages_hold_every_shift_once(service);
    rosters_are_imported_whole(service);
    unreadable_rosters_change_nothing(service);
    reports_are_of_the_roster_as_it_is(service);
}

pub fn shift(employee: &str, department: &str, start: &str, end: &str) -> Value {
    json!({ "employee": employee, "department": department, "start": start, "end": end })
}

/// The number of shifts in the roster.
pub fn total(service: &Client) -> u64 {
    service.get("/api/v1/reports/shifts").ok(200)["total_shifts"].as_u64().expect("a number")
}

/// The shifts of a query, over all pages.
pub fn list(service: &Client, query: &str) -> Vec<Value> {
    let (mut shifts, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = service.get(&format!("/api/v1/shifts?{query}{cursor}")).ok(200);
        shifts.extend(page["shifts"].as_array().expect("a list").iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return shifts,
        }
    }
}

pub fn ids(shifts: &[Value]) -> Vec<&str> {
    shifts.iter().map(|shift| shift["id"].as_str().expect("an id")).collect()
}

fn plan(service: &Client, shift: &Value) -> Value {
    service.post("/api/v1/shifts", shift).ok(201)
}

fn sessions_open_and_close(service: &Client) {
    let answer = service.post("/api/v1/sessions", &json!({ "user": "hemşire.ayşe" }));
    let session = answer.ok(201);
    let id = session["id"].as_str().expect("an id");
    assert_eq!(answer.header("location"), format!("/api/v1/sessions/{id}"));
    let path = format!("/api/v1/sessions/{id}");
    let ended = service.delete(&path);
    assert_eq!((ended.status, ended.text()), (204, ""));
    service.delete(&path).problem(404);
}

fn shifts_are_planned_found_and_cancelled(service: &Client) {
    let new = shift("Işıl Çağlar", "Yoğun Bakım", "2026-03-02T08:00:00+03:00", "2026-03-02T20:00:00+03:00");
    let answer = service.post("/api/v1/shifts", &new);
    let planned = answer.ok(201);
    let id = planned["id"].as_str().expect("an id");
    assert_eq!(answer.header("location"), format!("/api/v1/shifts/{id}"));
    for field in ["employee", "department", "start", "end"] {
        assert_eq!(planned[field], new[field], "{field}");
    }
    assert_eq!((&planned["conflicts"], planned["duration"].as_f64()), (&json!([]), Some(12.0)));

    // The same instants in other offsets are in range; the end of a range is not.
    let found = |query: &str| ids(&list(service, query)).contains(&id);
    for query in [
        "employee=I%C5%9F%C4%B1l+%C3%87a%C4%9Flar",
        "department=Yo%C4%9Fun%20Bak%C4%B1m",
        "from=2026-03-02T05:00:00Z",
        "to=2026-03-02T05:00:00.000001Z",
        "from=2026-03-02T00:00:00-05:00&to=2026-03-03T00:00:00%2B03:00",
    ] {
        assert!(found(query), "{query}");
    }
    for query in [
        "employee=I%C5%9F%C4%B1l",
        "employee=i%C5%9F%C4%B1l+%C3%A7a%C4%9Flar",
        "department=Acil",
        "from=2026-03-02T05:00:00.000001Z",
        "to=2026-03-02T05:00:00Z",
    ] {
        assert!(!found(query), "{query}");
    }

    let gone = service.delete(&format!("/api/v1/shifts/{id}"));
    assert_eq!((gone.status, gone.text()), (204, ""));
    service.delete(&format!("/api/v1/shifts/{id}")).problem(404);
    assert_eq!(total(service), 0);
}

fn conflicts_are_flagged_or_refused(service: &Client) {
    let times = |start: &str, end: &str| {
        let (start, end) = (format!("2026-03-03T{start}:00+03:00"), format!("2026-03-03T{end}:00+03:00"));
        shift("Ömer Şahin", "Acil Servis", &start, &end)
    };
    let first = plan(service, &times("08:00", "16:00"));
    // Half-open: one ends as the other begins.
    let next = plan(service, &times("16:00", "20:00"));
    assert_eq!(next["conflicts"], json!([]));
    let overlapping = plan(service, &times("15:00", "17:00"));
    let named = |conflicts: &Value| -> BTreeSet<String> {
        let conflicts = conflicts.as_array().expect("a list");
        conflicts.iter().map(|shift| shift["id"].as_str().expect("an id").to_owned()).collect()
    };
    let id = |shift: &Value| shift["id"].as_str().expect("an id").to_owned();
    assert_eq!(named(&overlapping["conflicts"]), BTreeSet::from([id(&first), id(&next)]));

    let before = total(service);
    let refuse = "/api/v1/shifts?on_conflict=refuse";
    let inside = shift("Ömer Şahin", "Doğum", "2026-03-03T10:00:00Z", "2026-03-03T10:30:00Z");
    let refused = service.post(refuse, &inside).problem(409);
    assert_eq!(named(&refused["conflicts"]), BTreeSet::from([id(&first)]));
    assert_eq!(total(service), before);

    // Somebody else, or another time of day, is in nobody's way.
    let other = shift("ömer şahin", "Acil Servis", "2026-03-03T08:00:00+03:00", "2026-03-03T16:00:00+03:00");
    assert_eq!(service.post(refuse, &other).ok(201)["conflicts"], json!([]));
    assert_eq!(service.post(refuse, &times("20:00", "23:00")).ok(201)["conflicts"], json!([]));
    for shift in list(service, "from=2026-03-03T00:00:00Z&to=2026-03-04T00:00:00Z") {
        service.delete(&format!("/api/v1/shifts/{}", id(&shift)));
    }
    assert_eq!(total(service), 0);
}

fn pages_hold_every_shift_once(service: &Client) {
    // Some start at the same instant, in different offsets.
    let mut planned = BTreeSet::new();
    for number in 0..7 {
        let start = ["2026-03-04T08:00:00+03:00", "2026-03-04T05:00:00Z", "2026-03-04T09:00:00+03:00"];
        let new =
            shift(&format!("Çalışan {number}"), "Doğum", start[number % 3], "2026-03-04T16:00:00+03:00");
        planned.insert(plan(service, &new)["id"].as_str().expect("an id").to_owned());
    }
    for limit in [1, 2, 3, 7, 1000] {
        let shifts = list(service, &format!("department=Do%C4%9Fum&limit={limit}"));
        let found: Vec<_> = ids(&shifts);
        assert_eq!(found.len(), planned.len(), "limit {limit}");
        assert!(found.iter().all(|id| planned.contains(*id)), "limit {limit}");
        let page = service.get(&format!("/api/v1/shifts?department=Do%C4%9Fum&limit={limit}")).ok(200);
        assert_eq!(page["shifts"].as_array().map(Vec::len), Some(planned.len().min(limit)), "limit {limit}");
    }
    for id in planned {
        assert_eq!(service.delete(&format!("/api/v1/shifts/{id}")).status, 204);
    }
}

const ROSTER: &str = "id,employee,department,start,end,duration\n\
    r1,Ayşe Yılmaz,Acil Servis,2026-03-05T08:00:00+03:00,2026-03-05T16:00:00+03:00,8\n\
    r2,Ayşe Yılmaz,Yoğun Bakım,2026-03-05T12:00:00+03:00,2026-03-05T20:00:00+03:00,\n\
    r3,Ayşe Yılmaz,Yoğun Bakım,2026-03-05T20:00:00+03:00,2026-03-05T19:00:00+03:00,\n\
    r4,\"Şahin, Gül\",\"Kulak, Burun ve Boğaz\",2026-03-05T23:00:00+03:00,2026-03-06T07:00:00+03:00,8\n";

fn rosters_are_imported_whole(service: &Client) {
    let imported = service.import("text/csv", ROSTER).ok(200);
    assert_eq!(imported["accepted"], 3, "{imported}");
    assert_eq!(places(&imported), [(4, "end".to_owned())]);

    // Once more, every row is known already; also as JSON Lines, also one by one.
    let again = service.import("text/csv; charset=utf-8", ROSTER).ok(200);
    assert_eq!(again["accepted"], 0, "{again}");
    let id = |line| (line, "id".to_owned());
    assert_eq!(places(&again), [id(2), id(3), (4, "end".to_owned()), id(5)]);
    let line = json!({ "id": "r4", "employee": "X", "department": "Y", "start": "2026-03-05T08:00:00Z",
        "end": "2026-03-05T09:00:00Z", "duration": 1 });
    let new = json!({ "id": "r5", "employee": "Ayşe Yılmaz", "department": "Acil Servis",
        "start": "2026-03-05T15:00:00+03:00", "end": "2026-03-05T15:30:00+03:00" });
    let lines = service.import("application/x-ndjson", format!("{line}\n{new}\n")).ok(200);
    assert_eq!((&lines["accepted"], places(&lines)), (&json!(1), vec![id(1)]));
    assert_eq!(service.post("/api/v1/shifts", &line).problem(409)["field"], "id");
    assert_eq!(total(service), 4);
}

fn places(imported: &Value) -> Vec<(u64, String)> {
    let rejected = imported["rejected"].as_array().expect("a list");
    let place = |fault: &Value| {
        assert!(fault["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{fault}");
        (fault["line"].as_u64().expect("a line"), fault["column"].as_str().unwrap_or_default().to_owned())
    };
    rejected.iter().map(place).collect()
}

fn unreadable_rosters_change_nothing(service: &Client) {
    let before = total(service);
    for (kind, roster) in [
        ("text/csv", &b"id;employee;department;start;end;duration\n1;A;B;C;D;E\n"[..]),
        ("text/csv", b"id,employee,start,end,duration\n"),
        ("text/csv", b""),
        ("text/csv", b"\xff\xfei\0d\0"),
    ] {
        let problem = service.import(kind, roster.to_vec()).problem(422);
        assert_eq!(problem["accepted"], 0, "{problem}");
        assert_eq!(places(&problem).len(), 1, "{problem}");
    }
    assert_eq!(total(service), before);
}

fn reports_are_of_the_roster_as_it_is(service: &Client) {
    let report = |query: &str| service.get(&format!("/api/v1/reports/shifts{query}")).ok(200);
    let all = report("");
    assert_eq!(all["total_shifts"], 4);
    assert_eq!(
        all["shifts_per_department"],
        json!({ "Acil Servis": 2, "Yoğun Bakım": 1, "Kulak, Burun ve Boğaz": 1 })
    );
    assert_eq!(all["avg_shift_duration"], json!((8.0 + 8.0 + 8.0 + 0.5) / 4.0));
    assert_eq!(all["common_conflicts"]["total_pairs"], 3);
    assert_eq!(all["common_conflicts"]["by_employee"], json!({ "Ayşe Yılmaz": 3 }));
    // A change shows in the very next answer, cache or not.
    service.delete("/api/v1/shifts/r5");
    assert_eq!(report("")["common_conflicts"]["total_pairs"], 1);
    let late = report("?from=2026-03-05T12:00:00%2B03:00&to=2026-03-05T20:00:00Z");
    assert_eq!(late["total_shifts"], 1, "only those that start within the range");
    let none = report("?from=2030-01-01T00:00:00Z");
    assert_eq!((&none["total_shifts"], &none["avg_shift_duration"]), (&json!(0), &Value::Null));

    let times = service.get("/api/v1/reports/response-times").ok(200);
    let time = |name: &str| times[name].as_f64().expect("a number of seconds");
    let (average, p95, p99) =
        (time("avg_response_time"), time("p95_response_time"), time("p99_response_time"));
    assert!(0.0 < average && 0.0 < p95 && p95 <= p99 && p99 < 30.0, "{times}");
}
