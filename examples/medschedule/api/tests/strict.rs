//! Input that a lenient reader would take for something else.

use super::*;

fn sound() -> String {
    shift("Ayşe", "08:00", "16:00")
}

fn with_headers(path: &str, headers: &[(&str, &str)], body: String) -> Request<Body> {
    let mut request = request("POST", path, "", body);
    for (name, value) in headers {
        let name: axum::http::HeaderName = name.parse().expect("a name");
        request.headers_mut().append(name, value.parse().expect("a value"));
    }
    request
}

#[tokio::test]
async fn only_an_object_is_a_shift_or_a_session() {
    let api = Api::start().await;
    let fields: Value = serde_json::from_str(&sound()).expect("JSON");
    let listed =
        json!([null, fields["employee"], fields["department"], fields["start"], fields["end"], null]);
    for (path, bodies) in [
        ("/api/v1/sessions", [json!(["bob"]), json!([]), json!("x"), json!(null), json!(7)]),
        ("/api/v1/shifts", [listed, json!([]), json!("x"), json!(true), json!(-1.5)]),
    ] {
        for body in bodies {
            let (status, problem) = api.post(path, body.to_string()).await;
            assert_eq!(
                (status, &problem["detail"]),
                (422, &json!("the body is not a JSON object")),
                "{body}"
            );
        }
    }
    assert_eq!(api.count().await, 0);
    assert!(api.metric("active_users_total 0"));
}

#[tokio::test]
async fn unknown_and_repeated_names_are_told_as_fields() {
    let api = Api::start().await;
    for (path, body, status, field) in [
        ("/api/v1/sessions", r#"{"user":"a","usr":"b"}"#.to_owned(), 422, "usr"),
        ("/api/v1/sessions", r#"{"user":"a","user":"b"}"#.to_owned(), 422, "user"),
        ("/api/v1/sessions", r#"{"user":"a","us\u0065r":null}"#.to_owned(), 422, "user"),
        ("/api/v1/shifts", sound().replace("{", r#"{"patient":1,"#), 422, "patient"),
        ("/api/v1/shifts", sound().replace("{", r#"{"end":1,"#), 422, "end"),
        ("/api/v1/shifts?on_conflict=ask", sound(), 400, "on_conflict"),
        ("/api/v1/shifts?on_conflict=flag&on_conflict=flag", sound(), 400, "on_conflict"),
        ("/api/v1/shifts?onconflict=flag", sound(), 400, "onconflict"),
    ] {
        let (found, problem) = api.post(path, body.clone()).await;
        assert_eq!((found, &problem["field"]), (status, &json!(field)), "{path} {body}: {problem}");
        let detail = problem["detail"].as_str().expect("text");
        assert!(detail.starts_with(field) && !detail.contains("expected"), "{problem}");
    }
    for (query, field) in [("emplyee=x", "emplyee"), ("limit=1&limit=2", "limit"), ("a%20b", "a b")] {
        let (status, problem) = api.get(&format!("/api/v1/shifts?{query}")).await;
        assert_eq!((status, &problem["field"]), (400, &json!(field)), "{query}");
    }
    assert_eq!(api.get("/api/v1/reports/shifts?limit=1").await.1["field"], "limit");

    let long = "ş".repeat(30_000);
    let (_, problem) = api.post("/api/v1/sessions", json!({ &long: 1 }).to_string()).await;
    assert_eq!(problem["field"], "ş".repeat(64));
    assert!(problem.to_string().len() < 1024, "it is not sent back whole");
    assert_eq!(api.count().await, 0);
}

#[tokio::test]
async fn a_parameter_that_cannot_be_decoded_is_not_an_empty_list() {
    let api = Api::start().await;
    for (query, field) in [
        ("employee=%ff", "employee"),
        ("employee=%zz", "employee"),
        ("department=%C5", "department"),
        ("department=a%", "department"),
        ("department=a%4", "department"),
        ("employee=%+1", "employee"),
        ("%ff=1", "%ff"),
    ] {
        for path in ["/api/v1/shifts", "/api/v1/reports/shifts"] {
            let (status, problem) = api.get(&format!("{path}?{query}")).await;
            assert_eq!((status, &problem["field"]), (400, &json!(field)), "{query}");
        }
    }
    let (later, sooner) = ("2026-03-02T09:00:00Z", "2026-03-02T11:59:59%2B03:00");
    for path in ["/api/v1/shifts", "/api/v1/reports/shifts"] {
        let (status, problem) = api.get(&format!("{path}?from={later}&to={sooner}")).await;
        assert_eq!((status, &problem["field"]), (400, &json!("from")), "{problem}");
        assert_eq!(api.get(&format!("{path}?from={sooner}&to={later}&")).await.0, 200);
        assert_eq!(api.get(&format!("{path}?from={later}&to={later}")).await.0, 200, "an empty range");
    }
}

#[tokio::test]
async fn one_plain_media_type_is_taken_however_it_is_spaced() {
    let api = Api::start().await;
    let kind = "content-type";
    for taken in [
        "application/json ; charset=utf-8",
        "application/json;charset=\"UTF-8\"",
        "APPLICATION/JSON\t;\tcharset=utf-8 ;",
        "application/json;",
        "application/json; profile=x; charset=utf-8",
    ] {
        let sent = api.send(with_headers("/api/v1/shifts", &[(kind, taken)], sound())).await;
        assert_eq!(sent.0, 201, "{taken}: {}", sent.1);
    }
    let plain = [(kind, "application/json"), ("content-encoding", "identity")];
    assert_eq!(api.send(with_headers("/api/v1/shifts", &plain, sound())).await.0, 201);
    let before = api.count().await;
    for refused in [
        &[(kind, "application/json"), (kind, "application/json")][..],
        &[(kind, "application/json"), (kind, "text/plain")],
        &[(kind, "text/plain"), (kind, "application/json")],
        &[(kind, "application/json; charset=utf-8; charset=iso-8859-9")],
        &[(kind, "application/json"), ("content-encoding", "gzip")],
        &[(kind, "application/json"), ("content-encoding", "identity, br")],
        &[(kind, "application/json"), ("content-encoding", "identity"), ("content-encoding", "gzip")],
    ] {
        let sent = api.send(with_headers("/api/v1/shifts", refused, sound())).await;
        assert_eq!(sent.0, 415, "{refused:?}: {}", sent.1);
    }
    let packed = [(kind, "text/csv"), ("content-encoding", "gzip")];
    let roster = "id,employee,department,start,end\n".to_owned();
    assert_eq!(api.send(with_headers("/api/v1/shifts/import", &packed, roster)).await.0, 415);
    assert_eq!(api.count().await, before);
}
