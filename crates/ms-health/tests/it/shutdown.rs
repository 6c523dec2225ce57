//! The order of things when a service ends, begun by hand; real signals are in tests/signals.rs.

use std::time::Duration;

use axum::Router;
use ms_health::{HealthCheck, Status};
use serde_json::json;
use tokio::time::Instant;

use crate::server::{get, serve};

fn health(drain: Duration) -> HealthCheck {
    let health = HealthCheck::builder().critical("database", || async { Ok::<_, String>(()) });
    health.details_on_loopback(true).drain_period(drain).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn readiness_falls_at_once_and_the_server_ends_after_the_drain_period() {
    let health = health(Duration::from_secs(5));
    assert_eq!(health.readiness().await.status(), Status::Healthy);
    let waiting = [tokio::spawn(health.shutdown()), tokio::spawn(health.shutdown())];
    let start = Instant::now();
    health.begin_shutdown();
    assert_eq!(health.readiness().await.status(), Status::Unhealthy);
    tokio::time::sleep(Duration::from_secs(2)).await;
    health.begin_shutdown();
    for waiting in waiting {
        waiting.await.unwrap();
        assert_eq!(start.elapsed(), Duration::from_secs(5), "a second call does not begin again");
    }
    health.shutdown().await;
    assert_eq!(start.elapsed(), Duration::from_secs(5), "it has passed for those who come later");
}

#[tokio::test(start_paused = true)]
async fn a_signal_while_the_checks_run_is_not_overlooked() {
    let slow = || async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        Ok::<_, String>(())
    };
    let health = HealthCheck::builder().critical("database", slow).build().unwrap();
    let asked = health.clone();
    let asking = tokio::spawn(async move { asked.readiness().await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    health.begin_shutdown();
    let report = asking.await.unwrap();
    assert_eq!((report.status(), report.shutting_down()), (Status::Unhealthy, true));
}

#[tokio::test]
async fn while_it_drains_only_readiness_is_down() {
    let health = health(Duration::from_secs(3600));
    let app: Router = health.router();
    let server = serve(app).await;
    assert_eq!(get(server, "/health/ready", "").await.status, 200);
    health.begin_shutdown();
    let ready = get(server, "/health/ready", "").await;
    assert_eq!((ready.status, ready.json()), (503, json!({"status": "unhealthy", "shutting_down": true})));
    let bare = get(server, "/health/ready", "Via: proxy\r\n").await;
    assert_eq!((bare.status, bare.json()), (503, json!({"status": "unhealthy"})));
    assert_eq!(get(server, "/health/live", "").await.status, 200);
    assert_eq!(get(server, "/health", "").await.json()["status"], "healthy");
}

#[tokio::test]
async fn nothing_is_ready_before_the_startup_gate_opens() {
    let health = HealthCheck::builder().critical("database", || async { Ok::<_, String>(()) }).startup_gate();
    let health = health.details_on_loopback(true).build().unwrap();
    let server = serve(health.router()).await;
    let starting = json!({"status": "unhealthy", "starting": true});
    for path in ["/health/startup", "/health/ready"] {
        let answer = get(server, path, "").await;
        assert_eq!((answer.status, answer.json()), (503, starting.clone()), "{path}");
    }
    assert_eq!(get(server, "/health/live", "").await.status, 200, "or it would be restarted for ever");
    health.mark_started();
    assert_eq!(get(server, "/health/startup", "").await.json(), json!({"status": "healthy"}));
    assert_eq!(get(server, "/health/ready", "").await.status, 200);

    health.begin_shutdown();
    health.mark_started();
    assert_eq!(get(server, "/health/ready", "").await.status, 503, "a shutdown stays");
    assert_eq!(get(server, "/health/startup", "").await.status, 200, "started it has");
}
