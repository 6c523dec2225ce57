//! `/livez`, `/readyz` and `/startupz`, line by line as the API server of Kubernetes writes them.

use ms_health::{Check, HealthCheck, HealthCheckBuilder, Heartbeat};
use std::time::Duration;

use crate::server::{Answer, get, serve};

const TEXT: &str = "text/plain; charset=utf-8";

fn builder() -> HealthCheckBuilder {
    HealthCheck::builder()
        .critical("database", || async { Ok::<_, &str>(()) })
        .critical("etcd", || async { Err("secret hunter2") })
        .check("cache", || async { Err("not critical") })
        .kubernetes_paths()
}

async fn ask(builder: HealthCheckBuilder, path: &str) -> Answer {
    get(serve(builder.build().unwrap().router()).await, path, "").await
}

#[tokio::test]
async fn a_failure_is_a_list_without_reasons() {
    let answer = ask(builder().details_on_loopback(true), "/readyz").await;
    let list = "[+]startup ok\n[+]shutdown ok\n[+]database ok\n[-]etcd failed: reason withheld\nreadyz check failed\n";
    assert_eq!((answer.status, answer.body.as_str(), answer.header("content-type")), (503, list, Some(TEXT)));
}

#[tokio::test]
async fn what_is_excluded_is_not_asked_and_named() {
    let builder = || builder().details_on_loopback(true);
    let plain = ask(builder(), "/readyz?exclude=etcd").await;
    assert_eq!((plain.status, plain.body.as_str()), (200, "ok"));
    let answer = ask(builder(), "/readyz?verbose&exclude=etcd&exclude=zoo&exclude=b%22").await;
    let list = "[+]startup ok\n[+]shutdown ok\n[+]database ok\n[+]etcd excluded: ok\n\
                warn: some health checks cannot be excluded: no matches for \"b\\\"\",\"zoo\"\nreadyz check passed\n";
    assert_eq!((answer.status, answer.body.as_str()), (200, list));
}

#[tokio::test]
async fn strangers_get_no_list() {
    for (path, status, body) in [
        ("/readyz", 503, "readyz check failed\n"),
        ("/readyz?verbose", 503, "readyz check failed\n"),
        ("/readyz?verbose&exclude=etcd", 200, "ok"),
        ("/livez?verbose", 200, "ok"),
        ("/startupz", 200, "ok"),
    ] {
        let answer = ask(builder(), path).await;
        assert_eq!((answer.status, answer.body.as_str()), (status, body), "{path}");
    }
}

#[tokio::test]
async fn liveness_lists_the_process_and_its_tasks_alone() {
    let beat = Heartbeat::new("scheduler", Duration::from_secs(3600));
    let dead = Heartbeat::new("mailer", Duration::ZERO);
    let live = ask(builder().heartbeat(&beat).details_on_loopback(true), "/livez?verbose").await;
    assert_eq!(live.body, "[+]ping ok\n[+]scheduler ok\nlivez check passed\n");
    let live = ask(builder().heartbeat(&beat).heartbeat(&dead).details_on_loopback(true), "/livez").await;
    let list = "[+]ping ok\n[+]scheduler ok\n[-]mailer failed: reason withheld\nlivez check failed\n";
    assert_eq!((live.status, live.body.as_str()), (503, list));
}

#[tokio::test]
async fn the_startup_gate_and_the_shutdown_have_lines_of_their_own() {
    let health = HealthCheck::builder().kubernetes_paths().details_on_loopback(true).startup_gate();
    let health = health.critical("database", || async { Ok::<_, &str>(()) }).build().unwrap();
    let server = serve(health.router()).await;
    let failing = get(server, "/startupz", "").await;
    let list = "[-]startup failed: reason withheld\nstartupz check failed\n";
    assert_eq!((failing.status, failing.body.as_str()), (503, list));
    health.mark_started();
    assert_eq!(get(server, "/startupz", "").await.body, "ok");
    assert_eq!(get(server, "/readyz", "").await.body, "ok");
    health.begin_shutdown();
    let draining = get(server, "/readyz", "").await;
    let list = "[+]startup ok\n[-]shutdown failed: reason withheld\nreadyz check failed\n";
    assert_eq!((draining.status, draining.body.as_str()), (503, list));
    assert_eq!(get(server, "/livez", "").await.status, 200);
}

#[tokio::test]
async fn every_line_of_the_list_can_be_excluded() {
    let dead = Heartbeat::new("mailer", Duration::ZERO);
    let health = || builder().heartbeat(&dead).details_on_loopback(true).startup_gate();
    for (path, status, body) in [
        ("/livez?exclude=mailer", 200, "ok"),
        (
            "/livez?verbose&exclude=mailer&exclude=ping",
            200,
            "[+]ping excluded: ok\n[+]mailer excluded: ok\nlivez check passed\n",
        ),
        (
            "/livez?exclude=etcd",
            503,
            "[+]ping ok\n[-]mailer failed: reason withheld\n\
             warn: some health checks cannot be excluded: no matches for \"etcd\"\nlivez check failed\n",
        ),
        ("/startupz?exclude=startup", 200, "ok"),
        // While it starts no check is asked; what is not asked has no line.
        (
            "/readyz?exclude=etcd",
            503,
            "[-]startup failed: reason withheld\n[+]shutdown ok\n[+]etcd excluded: ok\nreadyz check failed\n",
        ),
        (
            "/readyz?verbose&exclude=startup&exclude=shutdown&exclude=etcd",
            200,
            "[+]startup excluded: ok\n[+]shutdown excluded: ok\n[+]database ok\n[+]etcd excluded: ok\nreadyz check passed\n",
        ),
    ] {
        let answer = ask(health(), path).await;
        assert_eq!((answer.status, answer.body.as_str()), (status, body), "{path}");
    }
    let stranger = builder().heartbeat(&dead).startup_gate();
    let server = serve(stranger.build().unwrap().router()).await;
    for (path, status) in [
        ("/livez", 503),
        ("/livez?exclude=mailer", 200),
        ("/startupz?exclude=startup", 200),
        ("/readyz?exclude=startup", 503),
        ("/readyz?exclude=startup&exclude=etcd", 200),
        ("/health/live?exclude=mailer", 503),
    ] {
        assert_eq!(get(server, path, "").await.status, status, "{path}");
    }
}

#[tokio::test]
async fn a_shutdown_that_is_excluded_does_not_fail_readiness() {
    let health = builder().details_on_loopback(true).build().unwrap();
    let server = serve(health.router()).await;
    health.begin_shutdown();
    // The first waits for the checks, the second finds their answers.
    for _ in 0..2 {
        let answer = get(server, "/readyz?verbose&exclude=shutdown&exclude=etcd", "").await;
        let list = "[+]startup ok\n[+]shutdown excluded: ok\n[+]database ok\n[+]etcd excluded: ok\nreadyz check passed\n";
        assert_eq!((answer.status, answer.body.as_str()), (200, list));
    }
    assert_eq!(get(server, "/readyz?exclude=etcd", "").await.status, 503);
}

#[tokio::test]
async fn without_the_option_the_names_are_nobodys() {
    let server = serve(HealthCheck::builder().build().unwrap().router()).await;
    for path in ["/livez", "/readyz", "/startupz", "/health/status"] {
        assert_eq!(get(server, path, "").await.status, 404, "{path}");
    }
    let health = HealthCheck::builder().kubernetes_paths().add(Check::not_implemented("x").critical());
    let server = serve(axum::Router::new().fallback_service(health.build().unwrap().service())).await;
    for path in ["/readyz/", "/readyz/x", "//readyz", "/Readyz", "/livez/ping"] {
        assert_eq!(get(server, path, "").await.status, 404, "{path}");
    }
    assert_eq!(get(server, "/readyz", "").await.status, 503);
}
