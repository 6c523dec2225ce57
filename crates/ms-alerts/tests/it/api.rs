//! `GET /api/v1/alerts` and `/api/v1/rules`, beside what a Prometheus server answers.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use ms_alerts::{AlertManager, AlertRule, above, parse_exposition};
use serde_json::{Value, json};
use tower::ServiceExt as _;

async fn get(app: Router, path: &str) -> (StatusCode, Value) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = app.oneshot(request).await.unwrap();
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

#[tokio::test]
async fn alerts_are_shown_in_the_shape_of_prometheus() {
    let manager = AlertManager::new();
    let wait = std::time::Duration::from_secs(60);
    let rule = |name, threshold| AlertRule::new(name, above(), threshold).metric("active_users_total");
    manager.add_rule(rule("Many", 1e6).severity("page").annotation("summary", "{{ $value }}")).unwrap();
    manager.add_rule(rule("Some", 1.0).for_(wait)).unwrap();
    let app = || manager.router::<()>();
    assert_eq!(get(app(), "/api/v1/alerts").await.1, json!({"status": "success", "data": {"alerts": []}}));

    manager.check_samples(&parse_exposition("active_users_total 1500000\n").unwrap()).await;
    let (status, body) = get(app(), "/api/v1/alerts").await;
    assert_eq!((status, &body["status"]), (StatusCode::OK, &json!("success")));
    let alerts = body["data"]["alerts"].as_array().unwrap();
    let keys: BTreeMap<_, _> = alerts[0].as_object().unwrap().iter().collect();
    assert_eq!(keys.into_keys().collect::<Vec<_>>(), ["activeAt", "annotations", "labels", "state", "value"]);
    assert_eq!(alerts[0]["labels"], json!({"alertname": "Many", "severity": "page"}));
    assert_eq!((&alerts[0]["state"], &alerts[0]["value"]), (&json!("firing"), &json!("1.5e+06")));
    assert_eq!(alerts[0]["annotations"], json!({"summary": "1.5e+06"}));
    assert_eq!(alerts[1]["state"], "pending");
    let at: jiff::Timestamp = alerts[0]["activeAt"].as_str().unwrap().parse().unwrap();
    assert!(at <= jiff::Timestamp::now());
}

#[tokio::test]
async fn the_router_merges_into_an_app_with_a_state() {
    let app: Router = Router::<u8>::new().merge(AlertManager::new().router()).with_state(7);
    assert_eq!(get(app.clone(), "/api/v1/alerts").await.0, StatusCode::OK);
    assert_eq!(get(app, "/api/v1/alerts/x").await.0, StatusCode::NOT_FOUND);
}

#[cfg(feature = "rules")]
mod rules {
    use super::*;
    use crate::server::Prometheus;

    const RULES: &str = r#"groups:
  - name: first
    interval: 1s
    limit: 7
    rules:
      - record: job:up:sum
        expr: sum by (job) (up{job!="x y"})
        labels: { part: one }
      - alert: Up
        expr: up == bool   1   >   0
        labels: { severity: page, empty: "" }
        annotations: { summary: "{{ $labels.job }} is {{ $value }}" }
      - alert: Waiting
        expr: vector(1)
        for: 1h30m
  - name: second
    interval: 1s
    rules:
      - alert: Never
        expr: absent(up) and on() (rate(up[5m]) > 10)
"#;

    /// What does not depend on when, or on how quick.
    fn steady(answer: &Value) -> Value {
        fn strip(value: &mut Value) {
            match value {
                Value::Object(fields) => {
                    for field in ["evaluationTime", "lastEvaluation", "activeAt", "file"] {
                        if let Some(value) = fields.get_mut(field) {
                            *value = json!(if value.is_number() { "a number" } else { "a text" });
                        }
                    }
                    fields.values_mut().for_each(strip);
                }
                Value::Array(values) => values.iter_mut().for_each(strip),
                _ => {}
            }
        }
        let mut answer = answer.clone();
        strip(&mut answer);
        answer
    }

    #[tokio::test]
    async fn rules_are_shown_as_by_a_prometheus_server() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rules.yml");
        std::fs::write(&file, RULES).unwrap();
        let server = Prometheus::start(&file, folder.path());
        let theirs = server.until("/api/v1/rules", |answer| {
            let groups = answer["data"]["groups"].as_array()?;
            let rules = || groups.iter().flat_map(|group| group["rules"].as_array().unwrap());
            let all_ok = !groups.is_empty() && rules().all(|rule| rule["health"] == "ok");
            // The server scrapes itself; once that is seen, everything is.
            (all_ok && rules().any(|rule| rule["name"] == "Up" && rule["state"] == "firing"))
                .then(|| answer.clone())
        });

        let manager = AlertManager::builder().rules_file(&file).unwrap().build().unwrap();
        let up = format!("up{{instance={:?},job=\"prometheus\"}} 1\n", server.address());
        manager.check_samples(&parse_exposition(&up).unwrap()).await;
        let (status, ours) = get(manager.router(), "/api/v1/rules").await;
        assert_eq!(status, StatusCode::OK);
        let mut theirs = steady(&theirs);
        for group in theirs["data"]["groups"].as_array_mut().unwrap() {
            for rule in group["rules"].as_array_mut().unwrap() {
                // Newer than the server.
                if rule["type"] == "alerting" && rule.get("keepFiringFor").is_none() {
                    rule["keepFiringFor"] = json!(0.0);
                }
            }
        }
        let numbers = |value: Value| -> Value {
            serde_json::from_str(&value.to_string().replace(".0,", ",").replace(".0}", "}")).unwrap()
        };
        assert_eq!(numbers(steady(&ours)), numbers(theirs));

        let names = |answer: &Value| -> Vec<String> {
            let groups = answer["data"]["groups"].as_array().unwrap();
            let rules = groups.iter().flat_map(|group| group["rules"].as_array().unwrap());
            rules.map(|rule| rule["name"].as_str().unwrap().to_owned()).collect()
        };
        for query in ["type=alert", "type=record", "type="] {
            let path = format!("/api/v1/rules?{query}");
            let (status, ours) = get(manager.router(), &path).await;
            assert_eq!((status, names(&ours)), (StatusCode::OK, names(&server.get(&path))), "{query}");
        }
        // Later versions of the server know these.
        for (query, expected) in [
            ("rule_name[]=Up&rule_name[]=job:up:sum", &["job:up:sum", "Up"][..]),
            ("rule_group[]=second", &["Never"]),
            ("rule_group[]=nobody", &[]),
            ("file[]=other.yml", &[]),
            ("type=alert&rule_name%5B%5D=job:up:sum", &[]),
        ] {
            let (status, ours) = get(manager.router(), &format!("/api/v1/rules?{query}")).await;
            assert_eq!(
                (status, names(&ours)),
                (StatusCode::OK, expected.iter().map(ToString::to_string).collect()),
                "{query}"
            );
        }
        let (status, ours) = get(manager.router(), "/api/v1/rules?type=other").await;
        assert_eq!(
            (status, &ours["status"], &ours["errorType"]),
            (StatusCode::BAD_REQUEST, &json!("error"), &json!("bad_data"))
        );
    }

    #[tokio::test]
    async fn rules_made_in_code_and_failures_are_shown() {
        let text = "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: a + on() b\n";
        let manager = AlertManager::builder().rules_text("rules.yml", text).unwrap();
        let manager = manager.rule(AlertRule::new("Code", above(), 2.5).metric("m")).build().unwrap();
        let (_, answer) = get(manager.router(), "/api/v1/rules").await;
        let [code, file] = &answer["data"]["groups"].as_array().unwrap()[..] else { panic!("{answer}") };
        assert_eq!((&code["name"], &code["rules"][0]["query"]), (&json!(""), &json!("m > 2.5")));
        assert_eq!((&file["file"], &file["rules"][0]["health"]), (&json!("rules.yml"), &json!("unknown")));
        assert_eq!(file["rules"][0]["lastEvaluation"], "0001-01-01T00:00:00Z");

        manager.check_samples(&parse_exposition("a 1\na{x=\"1\"} 1\nb 1\nm 3\n").unwrap()).await;
        let (_, answer) = get(manager.router(), "/api/v1/rules?exclude_alerts=true").await;
        let [code, file] = &answer["data"]["groups"].as_array().unwrap()[..] else { panic!("{answer}") };
        assert_eq!((&code["rules"][0]["state"], &code["rules"][0]["alerts"]), (&json!("firing"), &json!([])));
        assert_eq!(file["rules"][0]["health"], "err");
        assert!(file["rules"][0]["lastError"].as_str().unwrap().contains("group_left"), "{file}");
    }
}
