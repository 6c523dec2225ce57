//! What a page of another site can do to the service, over real sockets: nothing.

use http::Method;

use crate::harness::http::{raw, status_of};
use crate::harness::{Client, Service};
use crate::roster::{shift, total};

pub const EVERYTHING: [&str; 13] = [
    "/",
    "/metrics",
    "/health",
    "/health/live",
    "/health/ready",
    "/api/v1/alerts",
    "/api/v1/explain/metrics",
    "/api/v1/shifts",
    "/api/v1/shifts/1",
    "/api/v1/reports/shifts",
    "/api/v1/reports/response-times",
    "/api/v1/sessions",
    "/nothing",
];

/// Sends a request head as it is, with a body that would be a roster.
pub fn ask(service: &Client, line: &str, headers: &[&str]) -> u16 {
    let roster = "id,employee,department,start,end,duration\n\
        1,A,B,2026-03-02T08:00:00Z,2026-03-02T16:00:00Z,8\n";
    let body = if line.starts_with("POST") { roster } else { "" };
    let mut request = format!("{line} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    for header in headers {
        request.push_str(header);
        request.push_str("\r\n");
    }
    status_of(&raw(service.address, format!("{request}\r\n{body}").as_bytes()))
}

#[test]
fn only_requests_for_this_host_are_answered() {
    let hosts = "roster.hospital.example,other.example:8443";
    let service = Service::start(&["--allow-host", hosts]);
    let port = service.address.port();
    for host in [
        "localhost".to_owned(),
        format!("localhost:{port}"),
        format!("127.0.0.1:{port}"),
        "[::1]:8000".to_owned(),
        "LocalHost:8000".to_owned(),
        "roster.hospital.example".to_owned(),
        "ROSTER.hospital.example:443".to_owned(),
        "other.example:8443".to_owned(),
    ] {
        assert_eq!(ask(&service, "GET /api/v1/shifts", &[&format!("Host: {host}")]), 200, "{host}");
    }
    for host in [
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "evil-localhost",
        "127.0.0.1.evil.example",
        "roster.hospital.example.evil.example",
        "other.example:8444",
        "localhost:8000@evil.example",
        "evil.example#localhost",
        "",
    ] {
        for path in EVERYTHING {
            let status = ask(&service, &format!("GET {path}"), &[&format!("Host: {host}")]);
            assert!([400, 421].contains(&status), "{path} of {host}: {status}");
        }
    }
    let own = format!("Host: 127.0.0.1:{port}");
    assert_eq!(ask(&service, "GET /api/v1/shifts", &[]), 400, "no Host");
    assert_eq!(ask(&service, "GET /api/v1/shifts", &[&own, "Host: evil.example"]), 400, "two Hosts");
    assert_eq!(ask(&service, "GET http://evil.example/api/v1/shifts", &[&own]), 400, "another target");
    // HTTP/1.0 may leave it out, but then nobody knows for whom the request is.
    let old = raw(service.address, b"GET /api/v1/shifts HTTP/1.0\r\n\r\n");
    assert!(old.starts_with("HTTP/1.0 400"), "{old}");
}

#[test]
fn pages_of_other_origins_can_neither_read_nor_write() {
    let service = Service::start(&[]);
    let host = format!("Host: {}", service.address);
    let own = format!("Origin: http://{}", service.address);
    let read = "GET /api/v1/reports/shifts";
    let write = "POST /api/v1/shifts/import";
    let csv = "Content-Type: text/csv";
    assert_eq!(ask(&service, read, &[&host, &own]), 200);
    for origin in [
        "http://evil.example",
        "https://evil.example",
        "null",
        "",
        "http://localhost:1",
        "file://",
        &format!("http://{}.evil.example", service.address),
        &format!("http://evil.example@{}", service.address),
    ] {
        let origin = format!("Origin: {origin}");
        assert_eq!(ask(&service, read, &[&host, &origin]), 403, "{origin}");
        assert_eq!(ask(&service, write, &[&host, &origin, csv]), 403, "{origin}");
        assert_eq!(ask(&service, "DELETE /api/v1/shifts/1", &[&host, &origin]), 403, "{origin}");
        // A browser asks before it sends a type that is not a form's; it must not be told to go ahead.
        let preflight =
            ["Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type"];
        let asked =
            ask(&service, "OPTIONS /api/v1/shifts", &[&[host.as_str(), &origin], &preflight[..]].concat());
        assert_eq!(asked, 403, "{origin}");
    }
    assert_eq!(ask(&service, read, &[&host, &own, "Origin: http://evil.example"]), 403, "two Origins");
    assert_eq!(ask(&service, write, &[&host, csv, "Sec-Fetch-Site: cross-site"]), 403);
    assert_eq!(total(&service), 0);
    let answer = service.get("/api/v1/shifts");
    assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control")), "{answer:?}");
    assert_eq!(ask(&service, write, &[&host, &own, csv]), 200);
    assert_eq!(total(&service), 1);
}

#[test]
fn what_a_form_can_send_is_refused() {
    let service = Service::start(&[]);
    let planned = shift("A", "B", "2026-03-02T08:00:00Z", "2026-03-02T16:00:00Z").to_string();
    let roster =
        "id,employee,department,start,end,duration\n1,A,B,2026-03-02T08:00:00Z,2026-03-02T16:00:00Z,\n";
    for kind in [
        Some("text/plain"),
        Some("text/plain; charset=text/csv"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=text/csv"),
        Some("text/html"),
        Some("text/csv, text/plain"),
        Some("text/csvx"),
        Some(""),
        None,
    ] {
        let headers: Vec<_> = kind.map(|kind| ("content-type", kind)).into_iter().collect();
        let send = |path: &str, body: &str| service.send(Method::POST, path, &headers, body.to_owned());
        send("/api/v1/shifts/import", roster).problem(415);
        send("/api/v1/shifts", &planned).problem(415);
        send("/api/v1/sessions", "{\"user\":\"a\"}").problem(415);
    }
    // The types of one route do not open another.
    service
        .send(Method::POST, "/api/v1/shifts", &[("content-type", "text/csv")], planned.clone())
        .problem(415);
    service.import("application/json", planned.clone()).problem(415);
    service.import("text/csv; charset=iso-8859-9", roster).problem(415);
    assert_eq!(total(&service), 0);
    let with_charset = [("content-type", "Application/JSON; charset=UTF-8")];
    service.send(Method::POST, "/api/v1/shifts", &with_charset, planned).ok(201);
    service.import("text/csv; charset=utf-8", roster).ok(200);
    assert_eq!(total(&service), 2);
}

#[test]
fn a_changing_request_cannot_be_made_by_a_link() {
    let service = Service::start(&[]);
    let id = service.post("/api/v1/shifts", &shift("A", "B", "2026-03-02T08:00:00Z", "2026-03-02T16:00:00Z"));
    let id = id.ok(201)["id"].as_str().expect("an id").to_owned();
    for path in
        ["/api/v1/shifts/import".to_owned(), "/api/v1/sessions".to_owned(), format!("/api/v1/shifts/{id}")]
    {
        for path in [path.clone(), format!("{path}?_method=DELETE"), format!("{path}?_method=POST")] {
            let status = service.get(&path).status;
            assert!([404, 405].contains(&status), "{path}: {status}");
        }
    }
    assert_eq!(total(&service), 1);
}

#[test]
fn answers_carry_the_headers_that_keep_browsers_careful() {
    let service = Service::start(&[]);
    for path in EVERYTHING {
        let answer = service.get(path);
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("server"), "", "{path}");
        assert!(answer.header("cache-control").contains("no-store"), "{path}: {answer:?}");
    }
    let page = service.get("/");
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe-inline"), "{policy}");
}

#[test]
fn broken_requests_are_answered_and_leave_others_alone() {
    let service = Service::start(&[]);
    let host = format!("Host: {}\r\n", service.address);
    let huge = format!("GET / HTTP/1.1\r\n{host}X: {}\r\n\r\n", "x".repeat(2 << 20));
    for (what, request) in [
        ("no HTTP at all", "hello\r\n\r\n".to_owned()),
        ("a huge header", huge),
        (
            "two lengths",
            format!(
                "POST /api/v1/shifts HTTP/1.1\r\n{host}Content-Length: 1\r\nContent-Length: 2\r\n\r\n{{}}"
            ),
        ),
        (
            "a length below zero",
            format!("POST /api/v1/shifts HTTP/1.1\r\n{host}Content-Length: -1\r\n\r\n{{}}"),
        ),
        ("a NUL in the head", format!("GET / HTTP/1.1\r\n{host}X: a\0b\r\n\r\n")),
    ] {
        let answer = raw(service.address, request.as_bytes());
        let status = status_of(&answer);
        assert!((400..500).contains(&status) || answer.is_empty(), "{what}: {answer}");
    }
    for path in [
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//health",
        "/health/",
        "/metrics/",
        "/health/live/x",
    ] {
        assert_eq!(ask(&service, &format!("GET {path}"), &[host.trim_end()]), 404, "{path}");
    }
    assert_eq!(service.get("/health").status, 200);
}
