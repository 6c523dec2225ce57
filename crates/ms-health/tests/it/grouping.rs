//! Groups, liveness by signs of life, and what a status means.

use std::time::Duration;

use axum::http::StatusCode;
use ms_health::{BuildError, Check, HealthCheck, HealthCheckBuilder, Heartbeat, Status};
use serde_json::json;
use tokio::time::advance;

use crate::server::{get, serve};

fn builder() -> HealthCheckBuilder {
    HealthCheck::builder()
        .add(Check::new("database", || async { Ok::<_, &str>(()) }).critical().tag("storage"))
        .add(Check::new("archive", || async { Err("offline") }).tag("storage"))
        .add(Check::new("mail", || async { Err("refused") }).critical())
}

#[tokio::test]
async fn a_group_asks_its_checks_and_no_other() {
    let health = builder().group("storage", ["storage"]).group("roster", ["database"]).build().unwrap();
    let server = serve(health.router()).await;
    for (path, code, status) in [
        ("/health", 503, "unhealthy"),
        ("/health/storage", 200, "degraded"),
        ("/health/roster", 200, "healthy"),
    ] {
        let answer = get(server, path, "").await;
        assert_eq!((answer.status, answer.json()), (code, json!({"status": status})), "{path}");
    }
    let report = health.group("storage").await.unwrap();
    assert_eq!(report.checks().iter().map(|check| check.name()).collect::<Vec<_>>(), ["database", "archive"]);
    assert!(health.group("nobody").await.is_none());
    assert_eq!(get(server, "/health/nobody", "").await.status, 404);
}

#[test]
fn a_group_that_would_always_be_fine_is_refused() {
    let refused = |name: &str, checks: &[&str]| {
        builder().group(name, checks.iter().copied()).build().map(|_| ()).unwrap_err()
    };
    let unknown = BuildError::UnknownCheck { group: "a".into(), name: "databse".into() };
    assert_eq!(refused("a", &["database", "databse"]), unknown);
    for name in ["", "live", "status", "explain", "A", "a/b", "a b", "ı", &"x".repeat(65)] {
        assert_eq!(refused(name, &["mail"]), BuildError::InvalidGroup { name: name.into() });
    }
    let twice = builder().group("a", ["mail"]).group("a", ["database"]).build().unwrap_err();
    assert_eq!(twice, BuildError::DuplicateGroup { name: "a".into() });
}

#[tokio::test(start_paused = true)]
async fn liveness_falls_when_a_task_falls_silent_and_never_for_a_dependency() {
    let beat = Heartbeat::new("scheduler", Duration::from_secs(30));
    let health = builder().heartbeat(&beat).details_on_loopback(true).build().unwrap();
    assert_eq!(health.report().await.status(), Status::Unhealthy);
    for _ in 0..10 {
        advance(Duration::from_secs(29)).await;
        assert_eq!(health.liveness().status(), Status::Healthy);
        beat.beat();
    }
    advance(Duration::from_millis(30_001)).await;
    let report = health.liveness();
    let silent = report.check("scheduler").unwrap();
    assert_eq!(
        (report.status(), silent.reason().map(ms_health::Reason::as_str)),
        (Status::Unhealthy, Some("silent"))
    );
    beat.clone().beat();
    assert_eq!(health.liveness().status(), Status::Healthy);
}

#[test]
fn signs_of_life_have_names_of_their_own() {
    let beat = Heartbeat::new("scheduler", Duration::from_secs(30));
    let twice = HealthCheck::builder().heartbeat(&beat).heartbeat(&beat).build().unwrap_err();
    assert_eq!(twice, BuildError::Duplicate { name: "scheduler".into() });
    let unnamed = HealthCheck::builder().heartbeat(&Heartbeat::new("", Duration::MAX)).build().unwrap_err();
    assert_eq!(unnamed, BuildError::InvalidName { name: String::new() });
}

#[tokio::test]
async fn the_order_and_the_codes_can_be_changed() {
    let order = [Status::Healthy, Status::Unknown, Status::Degraded, Status::Unhealthy];
    let health = HealthCheck::builder()
        .add(Check::not_implemented("backup").critical())
        .add(Check::new("cache", || async { Err("down") }))
        .severity(order)
        .http_status(Status::Degraded, StatusCode::MULTI_STATUS)
        .build()
        .unwrap();
    assert_eq!(health.report().await.status(), Status::Degraded, "worse than unknown now");
    let server = serve(health.router()).await;
    for _ in 0..2 {
        assert_eq!(get(server, "/health", "").await.status, 207, "first run, then cached");
    }
    assert_eq!(get(server, "/health/ready", "").await.status, 503, "there it is unknown alone");
    let twice = [Status::Healthy, Status::Healthy, Status::Degraded, Status::Unhealthy];
    assert_eq!(HealthCheck::builder().severity(twice).build().unwrap_err(), BuildError::Severity);
}
