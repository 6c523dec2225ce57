//! The interface without a socket: what goes in, what comes out, and that a refused request changes nothing.

mod strict;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use ms_metrics::Metrics;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use super::*;
use crate::cache::Cache;
use crate::exposure::Exposure;
use crate::store::Store;
use crate::web::protect;

struct Api {
    dir: TempDir,
    store: Store,
    metrics: Metrics,
    app: Router,
}

impl Api {
    async fn start() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let store = Store::sqlite(&dir.path().join("medschedule.db")).await.expect("opens");
        let metrics = Metrics::builder().build().expect("builds");
        metrics.business().shifts_scheduled("Acil Servis", 0);
        let service = Service::new(store.clone(), Cache::memory(), metrics.business(), dir.path());
        let routes = router().with_state(service.clone()).route("/panics", get(panics));
        Self { dir, store, metrics, app: protect(routes, &service, Exposure::new(&[], None)) }
    }

    async fn send(&self, request: Request<Body>) -> (u16, Value) {
        let response = self.app.clone().oneshot(request).await.expect("infallible");
        let status = response.status().as_u16();
        let kind = response.headers().get("content-type").map(|kind| kind.to_str().expect("text").to_owned());
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        if body.is_empty() {
            return (status, Value::Null);
        }
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        if status >= 400 {
            assert_eq!(kind.as_deref(), Some("application/problem+json"), "{body}");
            assert_eq!(body["status"], status);
            assert!(body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{body}");
        }
        (status, body)
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.send(request("GET", path, "", Body::empty())).await
    }

    async fn post(&self, path: &str, body: impl Into<Body>) -> (u16, Value) {
        self.send(request("POST", path, "application/json", body)).await
    }

    async fn delete(&self, path: &str) -> (u16, Value) {
        self.send(request("DELETE", path, "", Body::empty())).await
    }

    async fn import(&self, kind: &str, body: impl Into<Body>) -> (u16, Value) {
        self.send(request("POST", "/api/v1/shifts/import", kind, body)).await
    }

    async fn count(&self) -> usize {
        self.get("/api/v1/shifts?limit=1000").await.1["shifts"].as_array().expect("a list").len()
    }

    fn metric(&self, line: &str) -> bool {
        self.metrics.render().lines().any(|found| found == line)
    }
}

async fn panics() -> StatusCode {
    panic!("on purpose")
}

fn request(method: &str, path: &str, kind: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header("host", "localhost:8000");
    let request = if kind.is_empty() { request } else { request.header("content-type", kind) };
    request.body(body.into()).expect("a request")
}

fn shift(employee: &str, start: &str, end: &str) -> String {
    let (start, end) = (format!("2026-03-02T{start}:00+03:00"), format!("2026-03-02T{end}:00+03:00"));
    json!({ "employee": employee, "department": "Acil Servis", "start": start, "end": end }).to_string()
}

#[tokio::test]
async fn sessions_are_counted_while_they_last() {
    let api = Api::start().await;
    let (status, session) = api.post("/api/v1/sessions", r#"{"user":"ayşe"}"#).await;
    assert_eq!((status, &session["user"]), (201, &json!("ayşe")));
    assert!(api.metric("active_users_total 1"));
    let path = format!("/api/v1/sessions/{}", session["id"].as_str().expect("an id"));
    assert_eq!(api.delete(&path).await.0, 204);
    assert_eq!(api.delete(&path).await.0, 404);
    assert_eq!(api.delete("/api/v1/sessions/%FF").await.0, 400);
    assert_eq!(api.delete("/api/v1/sessions/unknown").await.0, 404);
    assert!(api.metric("active_users_total 0"));
}

#[tokio::test]
async fn a_planned_shift_names_its_conflicts() {
    let api = Api::start().await;
    let (status, first) = api.post("/api/v1/shifts", shift("Ayşe Yılmaz", "08:00", "16:00")).await;
    assert_eq!((status, &first["conflicts"]), (201, &json!([])));
    assert_eq!((&first["duration"], &first["start"]), (&json!(8.0), &json!("2026-03-02T08:00:00+03:00")));

    let (status, second) = api.post("/api/v1/shifts", shift("Ayşe Yılmaz", "12:00", "20:00")).await;
    assert_eq!(status, 201);
    assert_eq!(second["conflicts"], json!([stripped(&first)]));
    assert!(api.metric("shift_conflicts_total 1"));

    let refuse = "/api/v1/shifts?on_conflict=refuse";
    let (status, problem) = api.post(refuse, shift("Ayşe Yılmaz", "15:00", "17:00")).await;
    assert_eq!(status, 409);
    assert_eq!(problem["conflicts"], json!([stripped(&first), stripped(&second)]));
    assert_eq!(
        api.post(refuse, shift("Ayşe Yılmaz", "20:00", "21:00")).await.0,
        201,
        "touching is no conflict"
    );
    assert_eq!(api.post(refuse, shift("ayşe yılmaz", "15:00", "17:00")).await.0, 201, "another person");
    assert!(api.metric("scheduled_shifts_total{department=\"Acil Servis\"} 4"));

    let path = format!("/api/v1/shifts/{}", first["id"].as_str().expect("an id"));
    assert_eq!(api.delete(&path).await.0, 204);
    assert_eq!(api.delete(&path).await.0, 404);
    assert_eq!(api.delete("/api/v1/shifts/%00").await.0, 404);
    assert_eq!(api.count().await, 3);
}

fn stripped(planned: &Value) -> Value {
    let mut shift = planned.clone();
    shift.as_object_mut().expect("an object").remove("conflicts");
    shift
}

#[tokio::test]
async fn given_ids_and_durations_are_kept() {
    let api = Api::start().await;
    let body = r#"{"id":"a/b ?ş","employee":"E","department":"D","start":"2015-03-28T20:00:00+02:00",
        "end":"2015-03-29T08:00:00+03:00","duration":11.0000004}"#;
    let (status, planned) = api.post("/api/v1/shifts", body).await;
    assert_eq!((status, &planned["id"], &planned["duration"]), (201, &json!("a/b ?ş"), &json!(11.000_000_4)));
    let (status, problem) = api.post("/api/v1/shifts", body).await;
    assert_eq!((status, &problem["field"]), (409, &json!("id")));
    assert_eq!(api.delete("/api/v1/shifts/a%2Fb%20%3F%C5%9F").await.0, 204);
}

#[tokio::test]
async fn every_shift_can_be_cancelled_whatever_its_id() {
    let api = Api::start().await;
    let ids = ["import", ".", ".."];
    for id in ids {
        let mut body: Value = serde_json::from_str(&shift("Ayşe", "08:00", "16:00")).expect("JSON");
        body["id"] = json!(id);
        let (status, problem) = api.post("/api/v1/shifts", body.to_string()).await;
        assert_eq!((status, &problem["field"]), (422, &json!("id")), "{id}");
    }
    assert_eq!(api.count().await, 0);

    let rows = ids.map(|id| format!("{id},Ayşe,Acil,2026-03-02T08:00:00Z,2026-03-02T16:00:00Z\n"));
    let roster = format!("id,employee,department,start,end\n{}", rows.concat());
    assert_eq!(api.import("text/csv", roster).await.1["accepted"], 3);
    for segment in ["import", "%2E", "%2E%2E"] {
        assert_eq!(api.delete(&format!("/api/v1/shifts/{segment}")).await.0, 204, "{segment}");
    }
    assert_eq!(api.delete("/api/v1/shifts/import").await.0, 404);
    assert_eq!(api.count().await, 0);
}

#[tokio::test]
async fn bad_shifts_are_refused_by_field_and_change_nothing() {
    let api = Api::start().await;
    let good = || json!({ "employee": "E", "department": "D", "start": "2026-03-02T08:00:00Z", "end": "2026-03-02T16:00:00Z" });
    let with = |key: &str, value: Value| {
        let mut body = good();
        body[key] = value;
        body
    };
    for (field, value) in [
        ("employee", json!("")),
        ("employee", json!(" \u{a0}")),
        ("employee", json!("a\nb")),
        ("employee", json!(7)),
        ("employee", Value::Null),
        ("employee", json!("x".repeat(1025))),
        ("department", json!("")),
        ("department", json!(["D"])),
        ("start", json!("2026-03-02T08:00:00")),
        ("start", json!("2026-02-30T08:00:00Z")),
        ("start", json!("yarın")),
        ("start", json!(1_772_000_000)),
        ("end", json!("2026-03-02T07:00:00Z")),
        ("end", json!("2026-03-02T08:00:00Z")),
        ("duration", json!(7)),
        ("duration", json!("8")),
        ("id", json!("")),
        ("id", json!(1)),
    ] {
        let (status, problem) = api.post("/api/v1/shifts", with(field, value.clone()).to_string()).await;
        assert_eq!((status, &problem["field"]), (422, &json!(field)), "{field} {value}: {problem}");
        assert!(problem["detail"].as_str().expect("text").starts_with(field), "{problem}");
    }
    let forty_years = with("start", json!("1986-03-02T08:00:00Z"));
    assert_eq!(api.post("/api/v1/shifts", forty_years.to_string()).await.1["field"], "duration");
    for (status, body) in [
        (400, String::new()),
        (400, "{".to_owned()),
        (400, good().to_string() + "x"),
        (422, "[]".to_owned()),
        (422, with("patient", json!("x")).to_string()),
        (422, good().to_string().replace("\"employee\":", "\"end\":\"x\",\"employee\":")),
        (413, with("employee", json!("x".repeat(1 << 20))).to_string()),
        (413, "x".repeat(20 << 20)),
    ] {
        let (found, problem) = api.post("/api/v1/shifts", body).await;
        assert_eq!(found, status, "{problem}");
    }
    assert_eq!(api.post("/api/v1/shifts", Body::from(&b"{\"employee\":\"\xfe\"}"[..])).await.0, 400);
    assert_eq!(api.post("/api/v1/shifts?on_conflict=maybe", good().to_string()).await.0, 400);
    for kind in [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=iso-8859-9",
        "json",
    ] {
        let refused = api.send(request("POST", "/api/v1/shifts", kind, good().to_string())).await;
        assert_eq!(refused.0, 415, "{kind}");
    }
    for user in [json!({}), json!({ "user": "" }), json!({ "user": 1 }), json!({ "user": "x".repeat(257) })] {
        let (status, problem) = api.post("/api/v1/sessions", user.to_string()).await;
        assert_eq!((status, &problem["field"]), (422, &json!("user")), "{user}");
    }
    assert_eq!(api.count().await, 0);
    assert!(
        api.metric("active_users_total 0")
            && api.metric("scheduled_shifts_total{department=\"Acil Servis\"} 0")
    );
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    let api = Api::start().await;
    for hour in 8..13 {
        let employee = if hour % 2 == 0 { "Ayşe" } else { "Ömer" };
        api.post("/api/v1/shifts", shift(employee, &format!("{hour:02}:00"), &format!("{hour:02}:30"))).await;
    }
    let (mut path, mut starts) = ("/api/v1/shifts?limit=2".to_owned(), Vec::new());
    loop {
        let (status, page) = api.get(&path).await;
        assert_eq!(status, 200);
        let shifts = page["shifts"].as_array().expect("a list");
        starts.extend(shifts.iter().map(|shift| shift["start"].as_str().expect("text")[11..13].to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/api/v1/shifts?limit=2&cursor={cursor}");
    }
    assert_eq!(starts, ["08", "09", "10", "11", "12"]);

    let count = async |query: &str| {
        api.get(&format!("/api/v1/shifts?{query}")).await.1["shifts"].as_array().map(Vec::len)
    };
    assert_eq!(count("employee=Ay%C5%9Fe").await, Some(3));
    assert_eq!(count("employee=&department=&from=&to=&limit=&cursor=").await, Some(5));
    assert_eq!(count("department=Yok").await, Some(0));
    assert_eq!(count("from=2026-03-02T09:00:00%2B03:00&to=2026-03-02T08:00:00Z").await, Some(2));
    assert_eq!(count("from=2026-03-02T09:00:00+03:00").await, Some(4), "a plus sign as people type it");

    for (field, query) in [
        ("from", "from=2026-03-02"),
        ("to", "to=2026-03-02T09:00:00"),
        ("limit", "limit=0"),
        ("limit", "limit=1001"),
        ("limit", "limit=x"),
        ("cursor", "cursor=x"),
        ("cursor", "cursor=1_x"),
        ("employee", "employee=%00"),
    ] {
        let (status, problem) = api.get(&format!("/api/v1/shifts?{query}")).await;
        assert_eq!((status, &problem["field"]), (400, &json!(field)), "{query}");
    }
    let (status, problem) = api.get("/api/v1/shifts?emplyee=x").await;
    assert_eq!(status, 400);
    assert!(problem["detail"].as_str().expect("text").contains("emplyee"), "{problem}");
    assert_eq!(api.get("/api/v1/shifts?limit=1&limit=2").await.0, 400);
    assert_eq!(api.get("/api/v1/reports/shifts?from=x").await.1["field"], "from");
}

#[tokio::test]
async fn an_import_tells_line_and_column_of_what_it_refused() {
    let api = Api::start().await;
    let text = "id,employee,department,start,end\n\
        1,Ayşe,Acil Servis,2026-03-02T08:00:00+03:00,2026-03-02T16:00:00+03:00\n\
        2,Ayşe,,2026-03-02T12:00:00+03:00,2026-03-02T20:00:00+03:00\n\
        3,Ayşe,Yoğun Bakım,2026-03-02T12:00:00+03:00,2026-03-02T20:00:00+03:00\n";
    // In pieces that end anywhere, as a network delivers them.
    let pieces = text.as_bytes().chunks(7).map(|piece| Ok::<_, std::io::Error>(piece.to_vec()));
    let body = Body::from_stream(futures_util::stream::iter(pieces.collect::<Vec<_>>()));
    let (status, outcome) = api.import("text/csv; charset=utf-8", body).await;
    assert_eq!((status, &outcome["accepted"]), (200, &json!(2)));
    assert_eq!(outcome["rejected"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&outcome["rejected"][0]["line"], &outcome["rejected"][0]["column"]),
        (&json!(3), &json!("department"))
    );
    assert!(api.metric("shift_conflicts_total 1"));
    assert!(api.metric("scheduled_shifts_total{department=\"Yoğun Bakım\"} 1"));

    let line = "{\"id\":1,\"employee\":\"x\",\"department\":\"y\",\"start\":\"2026-03-02T08:00Z\",\"end\":\"2026-03-02T09:00Z\"}\n";
    let (status, outcome) =
        api.import("application/x-ndjson", line.to_owned() + &line.replace(":1,", ":4,")).await;
    assert_eq!((status, &outcome["accepted"]), (200, &json!(1)));
    assert_eq!(
        (&outcome["rejected"][0]["line"], &outcome["rejected"][0]["column"]),
        (&json!(1), &json!("id"))
    );

    for text in ["", "a;b\n1;2\n", "id,employee,start,end\n"] {
        let (status, problem) = api.import("text/csv", text).await;
        assert_eq!(
            (status, &problem["accepted"], &problem["rejected"][0]["line"]),
            (422, &json!(0), &json!(1)),
            "{text}"
        );
    }
    let failing = futures_util::stream::iter([
        Ok("id,employee,department,start,end\n"),
        Err(std::io::Error::other("gone")),
    ]);
    assert_eq!(api.import("text/csv", Body::from_stream(failing)).await.0, 400);
    assert_eq!(api.import("text/plain", text).await.0, 415);
    assert_eq!(api.count().await, 3);
    let left: Vec<_> = std::fs::read_dir(api.dir.path())
        .expect("reads")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    assert!(left.iter().all(|name| name.starts_with("medschedule.db")), "{left:?}");
}

#[tokio::test]
async fn a_client_that_falls_silent_is_sent_away() {
    let api = Api::start().await;
    tokio::time::pause();
    let silent = || Body::from_stream(futures_util::stream::pending::<Result<&str, std::io::Error>>());
    assert_eq!(api.import("text/csv", silent()).await.0, 408);
    for path in ["/api/v1/shifts", "/api/v1/sessions"] {
        let sent = request("POST", path, "application/json", silent());
        let answer = api.app.clone().oneshot(sent).await.expect("infallible");
        assert_eq!(answer.status(), StatusCode::REQUEST_TIMEOUT);
        assert_eq!(answer.headers()["connection"], "close", "the rest of the body is not read");
    }
}

#[tokio::test]
async fn a_change_refused_for_its_time_is_not_made_later() {
    let api = Api::start().await;
    let kept = api.post("/api/v1/shifts", shift("Ayşe", "08:00", "16:00")).await.1;
    let path = format!("/api/v1/shifts/{}", kept["id"].as_str().expect("an id"));
    let import = api.store.import().await.expect("begins");
    tokio::time::pause();
    assert_eq!(api.post("/api/v1/shifts", shift("Ayşe", "16:00", "20:00")).await.0, 503);
    assert_eq!(api.delete(&path).await.0, 503);
    tokio::time::resume();
    drop(import);
    // Writers are served in order: whatever was still to come would be done before this.
    assert_eq!(api.post("/api/v1/shifts", shift("Ömer", "08:00", "16:00")).await.0, 201);
    assert_eq!(api.count().await, 2);
    assert!(api.metric("scheduled_shifts_total{department=\"Acil Servis\"} 2"));
    assert_eq!(api.delete(&path).await.0, 204);
}

#[tokio::test]
async fn reports_follow_the_roster_at_once() {
    let api = Api::start().await;
    let total = async || api.get("/api/v1/reports/shifts").await.1["total_shifts"].clone();
    assert_eq!(total().await, 0);
    let (_, planned) = api.post("/api/v1/shifts", shift("Ayşe", "08:00", "16:00")).await;
    api.post("/api/v1/shifts", shift("Ayşe", "12:00", "20:00")).await;
    let (status, report) = api.get("/api/v1/reports/shifts").await;
    assert_eq!(status, 200);
    assert_eq!(report["shifts_per_department"], json!({ "Acil Servis": 2 }));
    assert_eq!(report["avg_shift_duration"], 8.0);
    assert_eq!(report["common_conflicts"]["by_department_pair"], json!({ "Acil Servis|Acil Servis": 1 }));
    assert_eq!(api.get("/api/v1/reports/shifts?from=2026-03-02T06:00:00Z").await.1["total_shifts"], 1);
    api.delete(&format!("/api/v1/shifts/{}", planned["id"].as_str().expect("an id"))).await;
    assert_eq!(total().await, 1);
}

#[tokio::test]
async fn response_times_are_null_before_anything_was_measured() {
    let api = Api::start().await;
    let (status, times) = api.get("/api/v1/reports/response-times").await;
    assert_eq!(status, 200);
    let names = ["avg_response_time", "p95_response_time", "p99_response_time"];
    assert!(names.iter().all(|name| times[name].is_null()), "{times}");
    assert_eq!((&times["window_seconds"], &times["percentile_error"]), (&json!(300), &json!(0.001)));
    let times = api.get("/api/v1/reports/response-times").await.1;
    assert!(
        names.iter().all(|name| times[name].as_f64().is_some_and(|seconds| seconds > 0.0 && seconds < 5.0)),
        "{times}"
    );
}

#[tokio::test]
async fn without_its_database_the_service_says_so() {
    let api = Api::start().await;
    std::fs::remove_file(api.dir.path().join("medschedule.db")).expect("removes");
    let (status, problem) = api.post("/api/v1/shifts", shift("Ayşe", "08:00", "16:00")).await;
    assert_eq!((status, &problem["detail"]), (503, &json!("the database file is gone")));
    assert_eq!(
        api.import(
            "text/csv",
            "id,employee,department,start,end\n1,a,b,2026-03-02T08:00Z,2026-03-02T09:00Z\n"
        )
        .await
        .0,
        503
    );
}

#[tokio::test]
async fn strange_paths_methods_and_panics_are_problems_too() {
    let api = Api::start().await;
    assert_eq!(api.get("/api/v1/nothing").await.0, 404);
    assert_eq!(api.get("/api/v1/shifts/import").await.0, 405);
    assert_eq!(api.delete("/api/v1/shifts").await.0, 405);
    let (status, problem) = api.get("/panics").await;
    assert_eq!(status, 500);
    assert!(!problem.to_string().contains("on purpose"));
    let foreign = Request::get("/api/v1/shifts").header("host", "evil.example").body(Body::empty());
    assert_eq!(api.send(foreign.expect("a request")).await.0, 421);
}
