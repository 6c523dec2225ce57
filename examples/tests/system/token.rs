//! Who may ask for what of a service that others can reach.

use std::path::Path;

use http::Method;
use serde_json::json;

use crate::exposure::{EVERYTHING, ask};
use crate::harness::service::{command, new_directory};
use crate::harness::{Client, Service};
use crate::roster::{shift, total};

const TOKEN: &str = "0123456789-abcdef-TOKEN";

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
    service.delete("/log/levels").problem(401);
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
    let levels = service
        .post("/log/levels", &json!({ "target": "ms_health", "level": "debug", "seconds": 600 }))
        .ok(200);
    assert_eq!(levels["changes"][0]["target"], "ms_health", "{levels}");
    // The token opens nothing to a page of another site that somehow holds it.
    let foreign = [("origin", "http://evil.example"), ("content-type", "application/json")];
    service.send(Method::POST, "/api/v1/shifts", &foreign, new.to_string()).problem(403);
    let log = std::fs::read_to_string(service.log_file()).expect("the log");
    assert!(!log.contains(TOKEN) && !service.terminal().contains(TOKEN), "{log}");
}

#[test]
fn health_details_are_for_the_token_or_without_one_for_loopback() {
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
    for path in ["/health", "/health/ready"] {
        let bare = closed.get(path).ok(200);
        let members: Vec<_> = bare.as_object().expect("an object").keys().collect();
        assert_eq!(members, ["status"], "{path}: {bare}");
    }
    assert!(!details(&closed, &[("host", "localhost")]), "not even a neighbour sees them");
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
