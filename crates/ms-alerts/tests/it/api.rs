//! `GET /api/v1/alerts`, beside what a Prometheus server answers.

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
