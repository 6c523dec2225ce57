//! What a prober sees over a real socket.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use ms_health::{Check, HealthCheck};
use serde_json::json;

use crate::server::{Answer, get, send, serve};

fn health_with(database: Arc<AtomicBool>, cache: Arc<AtomicBool>) -> HealthCheck {
    let answer = |up: Arc<AtomicBool>| {
        move || {
            let up = up.load(Ordering::Relaxed);
            async move { if up { Ok(()) } else { Err("Connection refused (os error 111)") } }
        }
    };
    HealthCheck::builder()
        .details_on_loopback(true)
        .add(Check::new("database", answer(database)).critical().ttl(Duration::ZERO))
        .add(Check::new("cache", answer(cache)).ttl(Duration::ZERO))
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_critical_failure_is_503_and_another_is_200_degraded() {
    let (database, cache) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(true)));
    let server = serve(health_with(database.clone(), cache.clone()).router()).await;
    for (database_up, cache_up, status, code, ready) in [
        (true, true, "healthy", 200, 200),
        (true, false, "degraded", 200, 200),
        (false, true, "unhealthy", 503, 503),
        (false, false, "unhealthy", 503, 503),
        (true, true, "healthy", 200, 200),
    ] {
        database.store(database_up, Ordering::Relaxed);
        cache.store(cache_up, Ordering::Relaxed);
        let health = get(server, "/health", "").await;
        assert_eq!((health.status, &health.json()["status"]), (code, &json!(status)));
        assert_eq!(get(server, "/health/ready", "").await.status, ready);
        assert_eq!(
            get(server, "/health/live", "").await.status,
            200,
            "liveness never depends on a dependency"
        );
    }
}

#[tokio::test]
async fn details_have_the_shape_of_the_origin() {
    let server = serve(health_with(Arc::new(true.into()), Arc::new(false.into())).router()).await;
    let answer = get(server, "/health", "").await;
    let mut body = answer.json();
    assert!(answer.body.starts_with(r#"{"status":"degraded","database":{"#), "in the order of the origin");
    for check in ["database", "cache"] {
        for time in ["duration_ms", "age_ms", "since_ms"] {
            let value = body[check].as_object_mut().unwrap().remove(time).unwrap().as_f64().unwrap();
            assert!((0.0..1000.0).contains(&value), "{check} {time} {value}");
        }
    }
    let cache = json!({"status": "unhealthy", "reason": "failed", "error": "Connection refused (os error 111)", "critical": false});
    assert_eq!(
        body,
        json!({"status": "degraded", "database": {"status": "healthy", "critical": true}, "cache": cache})
    );
}

#[tokio::test]
async fn answers_are_never_stored_and_never_sniffed() {
    let server = serve(health_with(Arc::new(true.into()), Arc::new(true.into())).router()).await;
    for path in ["/health", "/health/live", "/health/ready"] {
        let answer = get(server, path, "").await;
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("server"), None);
    }
}

#[tokio::test]
async fn head_is_get_without_a_body_and_other_methods_are_refused() {
    let server = serve(health_with(Arc::new(false.into()), Arc::new(true.into())).router()).await;
    for path in ["/health", "/health/live", "/health/ready"] {
        let ask = |method: &str| {
            format!("{method} {path} HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n")
        };
        let (get, head) = (send(server, &ask("GET")).await, send(server, &ask("HEAD")).await);
        assert_eq!((get.status, head.body.as_str()), (head.status, ""), "{path}");
        let length = get.body.len().to_string();
        assert_eq!(head.header("content-length"), Some(length.as_str()), "{path}");
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"] {
            let refused = send(server, &ask(method)).await;
            assert_eq!(
                (refused.status, refused.header("allow")),
                (405, Some("GET, HEAD")),
                "{method} {path}"
            );
            assert_problem(&refused, "Method Not Allowed");
        }
    }
}

#[track_caller]
fn assert_problem(answer: &Answer, title: &str) {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{title}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{title}");
    let problem = answer.json();
    assert_eq!(
        (&problem["type"], &problem["title"], &problem["status"]),
        (&json!("about:blank"), &json!(title), &json!(answer.status))
    );
}

#[tokio::test]
async fn an_unknown_path_is_a_problem_too() {
    let health = health_with(Arc::new(true.into()), Arc::new(true.into()));
    let server = serve(Router::new().fallback_service(health.service())).await;
    let ask =
        |method: &str| format!("{method} /x HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n");
    for method in ["GET", "POST"] {
        let answer = send(server, &ask(method)).await;
        assert_eq!(answer.status, 404);
        assert_problem(&answer, "Not Found");
    }
    let head = send(server, &ask("HEAD")).await;
    assert_eq!((head.status, head.body.as_str()), (404, ""));
    assert_eq!(head.header("content-type"), Some("application/problem+json"));
}

#[tokio::test]
async fn only_the_exact_paths_answer() {
    let health = health_with(Arc::new(true.into()), Arc::new(true.into()));
    for app in [health.router(), Router::new().fallback_service(health.service())] {
        let server = serve(app).await;
        for path in ["/health?verbose", "/health/live?x=1", "/health/ready?exclude=database"] {
            assert_eq!(get(server, path, "").await.status, 200, "{path}");
        }
        for path in [
            "/",
            "//health",
            "/health/",
            "/health//live",
            "/health/live/",
            "/health/nothing",
            "/healthz",
            "/Health",
            "/health/../metrics",
            "/health/%6cive",
            "/health;/env",
            "/health/ready/database",
            "/x/health",
        ] {
            assert_eq!(get(server, path, "").await.status, 404, "{path}");
        }
    }
}

#[tokio::test]
async fn merges_into_an_app_with_a_state_and_under_a_prefix() {
    #[derive(Clone)]
    struct AppState;
    let health = health_with(Arc::new(true.into()), Arc::new(true.into()));
    let app: Router = Router::<AppState>::new()
        .merge(health.router())
        .nest("/internal", health.router())
        .with_state(AppState);
    let server = serve(app).await;
    for path in ["/health", "/internal/health", "/internal/health/live", "/internal/health/ready"] {
        assert_eq!(get(server, path, "").await.status, 200, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_sockets_at_once_cost_the_database_one_call() {
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let health = HealthCheck::builder().add(
        Check::new("database", move || {
            counted.fetch_add(1, Ordering::Relaxed);
            async {
                tokio::time::sleep(Duration::from_millis(50)).await;
                Ok::<_, &str>(())
            }
        })
        .critical()
        .deadline(Duration::from_secs(20))
        .ttl(Duration::from_secs(60)),
    );
    let server = serve(health.build().unwrap().router()).await;
    let mut probes = tokio::task::JoinSet::new();
    for number in 0..200 {
        let path = ["/health", "/health/ready"][number % 2];
        probes.spawn(async move { get(server, path, "").await.status });
    }
    assert!(probes.join_all().await.into_iter().all(|status| status == 200));
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}
