//! Who sees what over a real socket.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use ms_health::{HealthCheck, HealthCheckBuilder};
use serde_json::json;
use tower::ServiceExt as _;

use crate::server::{get, send, serve};

const TOKEN: &str = "a-token-of-thirty-two-characters";

/// Its database fails with everything in the text that must not be seen.
fn failing() -> HealthCheckBuilder {
    HealthCheck::builder().details_on_loopback(true).critical("database", || async {
        Err("postgres://app:hunter2@db.internal/med: no patient 10000000146, mail ayse@example.org")
    })
}

#[tokio::test]
async fn loopback_sees_details_only_if_told_so() {
    let by_default = HealthCheck::builder().critical("database", || async { Err("hunter2") });
    let server = serve(by_default.build().unwrap().router()).await;
    for path in ["/health", "/health/ready"] {
        assert_eq!(get(server, path, "").await.json(), json!({"status": "unhealthy"}), "{path}");
    }
    let server = serve(failing().build().unwrap().router()).await;
    assert!(get(server, "/health", "").await.json().get("database").is_some());
    assert!(get(server, "/health/ready", "").await.json().get("database").is_some());
    let server = serve(failing().details_on_loopback(false).build().unwrap().router()).await;
    assert_eq!(get(server, "/health", "").await.json(), json!({"status": "unhealthy"}));
}

#[tokio::test]
async fn requests_through_a_proxy_or_under_another_name_are_bare() {
    let server = serve(failing().build().unwrap().router()).await;
    for headers in ["X-Forwarded-For: 127.0.0.1\r\n", "Forwarded: for=127.0.0.1\r\n", "Via: 1.1 proxy\r\n"] {
        let answer = get(server, "/health", headers).await;
        assert_eq!((answer.status, answer.json()), (503, json!({"status": "unhealthy"})), "{headers}");
    }
    let rebound = "GET /health HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    assert_eq!(send(server, rebound).await.json(), json!({"status": "unhealthy"}));
}

#[tokio::test]
async fn without_a_known_peer_nobody_is_local() {
    let app: Router = failing().build().unwrap().router();
    let request = Request::get("/health").header("x-forwarded-for", "127.0.0.1").body(Body::empty()).unwrap();
    for request in [request, Request::get("/health").body(Body::empty()).unwrap()] {
        let response = app.clone().oneshot(request).await.unwrap();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        assert_eq!(&body[..], br#"{"status":"unhealthy"}"#);
    }
}

#[tokio::test]
async fn the_token_opens_and_a_wrong_one_is_like_none() {
    let health = failing().token(TOKEN).details_on_loopback(false).build().unwrap();
    let server = serve(health.router()).await;
    let right = get(server, "/health", &format!("Authorization: Bearer {TOKEN}\r\n")).await;
    assert_eq!(right.json()["database"]["status"], "unhealthy");
    let none = get(server, "/health", "").await;
    for wrong in
        ["Bearer a-token", "Bearer ", "Basic YTpi", TOKEN, "Bearer a-token-of-thirty-two-characters0"]
    {
        let answer = get(server, "/health", &format!("Authorization: {wrong}\r\n")).await;
        assert_eq!((answer.status, answer.body), (none.status, none.body.clone()), "{wrong}");
    }
}

#[tokio::test]
async fn secrets_and_people_are_in_no_answer() {
    let health = failing().token(TOKEN).build().unwrap();
    let server = serve(health.router()).await;
    let shown = get(server, "/health", "").await;
    let error = shown.json()["database"]["error"].as_str().unwrap().to_owned();
    assert_eq!(error, "postgres://[redacted] no patient [redacted], mail [redacted]");
    let debug = format!("{health:?} {:?} {:?}", health.report().await, failing().token(TOKEN));
    for secret in ["hunter2", "db.internal", "10000000146", "ayse", TOKEN] {
        assert!(!shown.body.contains(secret) && !debug.contains(secret), "{secret}");
    }
}
