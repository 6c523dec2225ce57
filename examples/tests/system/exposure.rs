//! Who may ask for what, over real sockets: pages of other sites, strangers on the network, holders of the token.

use std::path::Path;

use http::Method;
use serde_json::json;

use crate::harness::http::{raw, status_of};
use crate::harness::service::{command, new_directory};
use crate::harness::{Client, Service};
use crate::roster::{shift, total};

const TOKEN: &str = "0123456789-abcdef-TOKEN";

const EVERYTHING: [&str; 12] = [
    "/",
    "/metrics",
    "/health",
    "/health/live",
    "/health/ready",
    "/api/v1/alerts",
    "/api/v1/shifts",
    "/api/v1/shifts/1",
    "/api/v1/reports/shifts",
    "/api/v1/reports/response-times",
    "/api/v1/sessions",
    "/nothing",
];

/// Sends a request head as it is, with a body that would be a roster.
fn ask(service: &Client, line: &str, headers: &[&str]) -> u16 {
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
    let service = Service::start(&["--allow-host", "roster.hospital.example"]);
    let port = service.address.port();
    for host in [
        "localhost".to_owned(),
        format!("localhost:{port}"),
        format!("127.0.0.1:{port}"),
        "[::1]:8000".to_owned(),
        "LocalHost:8000".to_owned(),
        "roster.hospital.example".to_owned(),
        "ROSTER.hospital.example:443".to_owned(),
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
    let roster = format!(
        "id,employee,department,start,end,duration\n1,A,B,2026-03-02T08:00:00Z,2026-03-02T16:00:00Z,\n"
    );
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
        send("/api/v1/shifts/import", &roster).problem(415);
        send("/api/v1/shifts", &planned).problem(415);
        send("/api/v1/sessions", "{\"user\":\"a\"}").problem(415);
    }
    // The types of one route do not open another.
    service
        .send(Method::POST, "/api/v1/shifts", &[("content-type", "text/csv")], planned.clone())
        .problem(415);
    service.import("application/json", planned.clone()).problem(415);
    service.import("text/csv; charset=iso-8859-9", roster.clone()).problem(415);
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
fn without_a_token_it_listens_on_loopback_only() {
    for address in ["0.0.0.0:0", "[::]:0", "[::ffff:0.0.0.0]:0"] {
        let directory = new_directory();
        let ended = command(directory.path()).args(["--listen", address]).output().expect("it starts");
        let message = String::from_utf8_lossy(&ended.stderr);
        assert!(!ended.status.success(), "{address}");
        assert!(message.contains("--token-file") && message.contains("--listen"), "{message}");
    }
}

#[test]
fn a_token_that_is_missing_or_weak_is_refused_by_its_file() {
    let directory = new_directory();
    let file = directory.path().join("token");
    let start = |why: &str| {
        let mut service = command(directory.path());
        let ended =
            service.args(["--listen", "0.0.0.0:0", "--token-file"]).arg(&file).output().expect("it starts");
        let message = String::from_utf8_lossy(&ended.stderr);
        assert!(!ended.status.success(), "{why}");
        assert!(message.contains(file.to_str().expect("UTF-8")), "{why}: {message}");
    };
    start("no such file");
    for weak in ["", "\n", "short"] {
        std::fs::write(&file, weak).expect("written");
        start(weak);
    }
}

/// A service on every address, as in a container.
fn exposed(directory: &Path) -> [String; 4] {
    let file = directory.join("token");
    std::fs::write(&file, format!("{TOKEN}\n")).expect("written");
    ["--listen", "0.0.0.0:0", "--token-file", file.to_str().expect("UTF-8")].map(str::to_owned)
}

#[test]
fn with_a_token_nothing_but_bare_health_is_open() {
    let directory = new_directory();
    let arguments = exposed(directory.path());
    let service = Service::start_in(&directory, &arguments.each_ref().map(String::as_str));
    for path in EVERYTHING.iter().filter(|path| !path.starts_with("/health")) {
        let answer = service.get(path);
        answer.problem(401);
        assert_eq!(answer.header("www-authenticate").split(' ').next(), Some("Bearer"), "{path}");
    }
    let new = shift("A", "B", "2026-03-02T08:00:00Z", "2026-03-02T16:00:00Z");
    service.post("/api/v1/shifts", &new).problem(401);
    service.post("/api/v1/sessions", &json!({ "user": "a" })).problem(401);
    service.delete("/api/v1/shifts/1").problem(401);
    service.import("text/csv", "id").problem(401);
    for path in ["/health", "/health/live", "/health/ready"] {
        assert_eq!(service.get(path).status, 200, "{path}");
    }

    for wrong in [
        "Bearer",
        "Bearer ",
        "Bearer 0123456789-abcdef-TOKE",
        "Bearer 0123456789-abcdef-TOKENN",
        "Bearer 0123456789-abcdef-token",
        "Bearer  0123456789-abcdef-TOKEN",
        "Basic 0123456789-abcdef-TOKEN",
        "0123456789-abcdef-TOKEN",
    ] {
        let answer = service.send(Method::GET, "/metrics", &[("authorization", wrong)], "");
        assert_eq!(answer.status, 401, "{wrong}");
    }
    let in_query = service.get(&format!("/metrics?token={TOKEN}"));
    assert_eq!(in_query.status, 401, "a token in a URL ends in logs");
    let right = format!("Authorization: Bearer {TOKEN}");
    assert_eq!(ask(&service, "GET /metrics", &["Host: localhost", &right, &right]), 401, "given twice");

    let service = service.with_token(TOKEN);
    for path in EVERYTHING
        .iter()
        .filter(|path| !path.ends_with("/1") && !path.ends_with("sessions") && **path != "/nothing")
    {
        assert_eq!(service.get(path).status, 200, "{path}");
    }
    service.post("/api/v1/shifts", &new).ok(201);
    assert_eq!(total(&service), 1);
    // The token opens nothing to a page of another site that somehow holds it.
    let foreign = [("origin", "http://evil.example"), ("content-type", "application/json")];
    service.send(Method::POST, "/api/v1/shifts", &foreign, new.to_string()).problem(403);
    let log = std::fs::read_to_string(service.log_file()).expect("the log");
    assert!(!log.contains(TOKEN) && !service.terminal().contains(TOKEN), "{log}");
}

#[test]
fn health_details_are_for_loopback_and_the_token() {
    let open = Service::start(&[]);
    let details = |client: &Client, headers: &[(&str, &str)]| {
        let health = client.send(Method::GET, "/health", headers, "").ok(200);
        assert!(health["status"].is_string(), "{health}");
        health.as_object().is_some_and(|health| health.contains_key("database"))
    };
    assert!(details(&open, &[]), "a request from this machine");
    assert!(!details(&open, &[("x-forwarded-for", "203.0.113.7")]), "one that came through a proxy");
    assert!(!details(&open, &[("forwarded", "for=203.0.113.7")]), "one that came through a proxy");

    let directory = new_directory();
    let arguments = exposed(directory.path());
    let closed = Service::start_in(&directory, &arguments.each_ref().map(String::as_str));
    let bearer = format!("Bearer {TOKEN}");
    assert!(details(&closed, &[("authorization", &bearer)]));
    assert!(details(&closed, &[("authorization", &bearer), ("x-forwarded-for", "203.0.113.7")]));
    assert!(!details(
        &closed,
        &[("authorization", "Bearer 0123456789-abcdef-WRONG"), ("x-forwarded-for", "203.0.113.7")]
    ));
    // Whether loopback still counts beside a token is the service's choice; an address of the network never does.
    if let Some(address) = network_address() {
        let stranger = Client::new((address, closed.address.port()).into());
        assert!(!details(&stranger, &[]), "{address}");
        stranger.get("/metrics").problem(401);
    }
}

/// An address of this machine that is not loopback, if it has one: that of the route to the outside.
fn network_address() -> Option<std::net::IpAddr> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").ok()?;
    // Of a datagram socket this only looks up the route; nothing is sent.
    socket.connect("192.0.2.1:9").ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|address| !address.is_loopback())
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
