//! The shapes of an answer, `explain`, and the status page.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use ms_health::{Check, Finding, Format, HealthCheck, HealthCheckBuilder, Probe, Status};
use serde_json::{Value, json};
use tokio::time::advance;

use crate::server::{get, serve};

const ATTACK: &str = "<script>alert('x')</script>\"&";

struct Cache;

impl Probe for Cache {
    async fn probe(&self) -> Finding {
        Finding::degraded(ATTACK).reading("hit_rate", 0.5)
    }
}

fn builder() -> HealthCheckBuilder {
    HealthCheck::builder()
        .critical("database", || async { Ok::<_, &str>(()) })
        .add(Check::of("cache", Cache).description("a <b>bold</b> one"))
        .group("storage", ["database"])
}

/// Without what differs from run to run.
fn timeless(mut value: Value) -> Value {
    fn strip(value: &mut Value) {
        if let Some(map) = value.as_object_mut() {
            map.retain(|key, _| !["duration_ms", "age_ms", "since_ms", "ageMs"].contains(&key.as_str()));
            if map.contains_key("observedUnit") {
                map.remove("observedValue");
            }
            map.values_mut().for_each(strip);
        }
        value.as_array_mut().into_iter().flatten().for_each(strip);
    }
    strip(&mut value);
    value
}

const DRAFT: &str = "application/health+json";
const SPRING: &str = "application/vnd.spring-boot.actuator.v3+json";

#[tokio::test]
async fn health_json_is_as_the_draft_has_it() {
    let server =
        serve(builder().details_on_loopback(true).format(Format::HealthJson).build().unwrap().router()).await;
    let answer = get(server, "/health", "").await;
    assert_eq!(answer.header("content-type"), Some(DRAFT));
    let expected = json!({"status": "warn", "checks": {
        "database:responseTime": [{"status": "pass", "observedUnit": "ms", "output": null, "reason": null, "critical": true}],
        "cache:responseTime": [{"status": "warn", "observedUnit": "ms", "output": ATTACK, "reason": "limit", "critical": false}],
        "cache:hit_rate": [{"status": "warn", "observedValue": 0.5}],
    }});
    assert_eq!(timeless(answer.json()), expected);
}

#[tokio::test]
async fn spring_finds_its_words_components_and_groups() {
    let server = serve(builder().details_on_loopback(true).build().unwrap().router()).await;
    let answer = get(server, "/health", &format!("Accept: text/html;q=0.9, {SPRING}\r\n")).await;
    assert_eq!(answer.header("content-type"), Some(SPRING));
    let cache = json!({"status": "degraded", "hit_rate": 0.5, "reason": "limit", "error": ATTACK,
        "description": "a <b>bold</b> one", "critical": false});
    let expected = json!({"status": "DEGRADED", "components": {
        "database": {"status": "UP", "details": {"status": "healthy", "critical": true}},
        "cache": {"status": "DEGRADED", "details": cache},
    }, "groups": ["live", "ready", "startup", "storage"]});
    assert_eq!(timeless(answer.json()), expected);
    let group = get(server, "/health/storage", &format!("Accept: {SPRING}\r\n")).await;
    assert_eq!(group.json().as_object().unwrap().keys().collect::<Vec<_>>(), ["components", "status"]);
}

#[tokio::test]
async fn plain_text_is_a_line_a_check() {
    let server = serve(builder().details_on_loopback(true).build().unwrap().router()).await;
    let answer = get(server, "/health", "Accept: text/plain\r\n").await;
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    let lines: Vec<_> = answer.body.lines().map(|line| line.split(" [took").next().unwrap()).collect();
    let cache = format!("cache: degraded, limit: {ATTACK}, hit_rate 0.5");
    assert_eq!(lines, ["degraded", "database (critical): healthy", &cache]);
}

#[tokio::test]
async fn strangers_get_the_bare_status_in_every_shape() {
    let server = serve(builder().status_page().build().unwrap().router()).await;
    for (accept, body) in [
        ("*/*", r#"{"status":"degraded"}"#),
        ("application/json", r#"{"status":"degraded"}"#),
        (DRAFT, r#"{"status":"warn"}"#),
        (SPRING, r#"{"status":"DEGRADED"}"#),
        ("text/plain", "degraded\n"),
    ] {
        for _ in 0..2 {
            assert_eq!(get(server, "/health", &format!("Accept: {accept}\r\n")).await.body, body);
        }
    }
    assert_eq!(get(server, "/health/explain", "").await.body, r#"{"status":"healthy"}"#);
    let page = get(server, "/health/status", "").await.body;
    assert!(page.contains("degraded") && !page.contains("cache") && !page.contains("database"), "{page}");
}

#[tokio::test(start_paused = true)]
async fn explain_says_why_since_when_and_what_was_last_said() {
    let health = HealthCheck::builder()
        .add(Check::new("database", || async { Err("refused by postgres://u:hunter2@db") }).critical())
        .check("cache", || async { Err("not in the way") })
        .build()
        .unwrap();
    assert!(!health.explain().ready, "nobody knows yet");
    for _ in 0..3 {
        health.readiness().await;
        advance(Duration::from_secs(1)).await;
    }
    let why = health.explain();
    let text = "not ready\ndatabase is unhealthy for 3 s\
                \n  1 s ago: unhealthy, failed: refused by postgres://[redacted] (0 ms)\
                \n  2 s ago: unhealthy, failed: refused by postgres://[redacted] (0 ms)\
                \n  3 s ago: unhealthy, failed: refused by postgres://[redacted] (0 ms)";
    assert_eq!(why.to_string(), text);
    let shown = serde_json::to_value(&why).unwrap();
    assert_eq!((&shown["ready"], &shown["causes"][0]["since_ms"]), (&json!(false), &json!(3000.0)));
    assert_eq!(shown["causes"][0]["last_runs"][2]["age_ms"], 3000.0);
    health.begin_shutdown();
    assert!(health.explain().to_string().starts_with("not ready; the shutdown has begun\n"));
}

#[tokio::test]
async fn explain_is_served_to_those_who_may_see_it() {
    let health =
        HealthCheck::builder().add(Check::not_implemented("backup").critical()).details_on_loopback(true);
    let server = serve(health.build().unwrap().router()).await;
    let answer = get(server, "/health/explain", "").await;
    assert_eq!((answer.status, &answer.json()["causes"][0]["check"]), (503, &json!("backup")));
}

#[tokio::test]
async fn the_page_speaks_both_languages_and_lets_nothing_in() {
    let server = serve(builder().details_on_loopback(true).status_page().build().unwrap().router()).await;
    for (language, tag, word) in [
        ("tr-TR,tr;q=0.9,en;q=0.8", "lang=\"tr\"", "kısıtlı"),
        ("en,tr;q=0.5", "lang=\"en\"", "degraded"),
        ("de, tr;q=0.1", "lang=\"tr\"", "kısıtlı"),
        ("de", "lang=\"en\"", "degraded"),
        ("tr;q=x,,;;=", "lang=\"tr\"", "kısıtlı"),
    ] {
        let answer = get(server, "/health/status", &format!("Accept-Language: {language}\r\n")).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/html; charset=utf-8")));
        assert!(answer.body.contains(tag) && answer.body.contains(word), "{language}");
        assert!(!answer.body.contains("<script") && !answer.body.contains("<b>"), "{}", answer.body);
        assert!(answer.body.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;"));
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn the_page_names_the_values_of_the_machine_and_their_unit() {
    struct Machine;
    impl Probe for Machine {
        async fn probe(&self) -> Finding {
            Finding::healthy().reading("memory_usage", 41.25).reading("pool_idle", 7.0)
        }
    }
    let health = HealthCheck::builder().add(Check::of("machine", Machine)).details_on_loopback(true);
    let server = serve(health.status_page().build().unwrap().router()).await;
    for (language, memory) in [("en", "memory"), ("tr", "bellek")] {
        let page = get(server, "/health/status", &format!("Accept-Language: {language}\r\n")).await.body;
        assert!(page.contains(&format!("<dt>{memory}</dt><dd>41.2 %</dd>")), "{page}");
        assert!(page.contains("<dt>pool idle</dt><dd>7.0</dd>"), "{page}");
    }
}

#[tokio::test(start_paused = true)]
async fn to_explain_is_no_change() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let health = HealthCheck::builder()
        .critical("database", async || Ok::<(), Infallible>(()))
        .on_change(move |change| heard.lock().unwrap().push(change.to))
        .build()
        .unwrap();
    assert_eq!(health.explain().causes[0].status, Status::Unknown, "nobody has asked yet");
    assert!(health.readiness().await.status().is_serving());
    advance(Duration::from_secs(3600)).await;
    assert_eq!(health.explain().causes[0].status, Status::Unknown, "nobody has asked for an hour");
    assert!(health.readiness().await.status().is_serving());
    assert!(told.lock().unwrap().is_empty(), "the check was healthy whenever it ran: {told:?}");
}

#[tokio::test]
async fn what_explain_calls_ready_is_what_readiness_answers() {
    let check = Check::of("database", Cache).critical();
    let health = HealthCheck::builder()
        .add(check)
        .http_status(Status::Degraded, StatusCode::SERVICE_UNAVAILABLE)
        .build()
        .unwrap();
    assert_eq!(health.readiness().await.status(), Status::Degraded);
    let why = health.explain();
    assert!(!why.ready, "a limited service is told to get no traffic");
    assert_eq!(why.causes[0].check, "database");
}
