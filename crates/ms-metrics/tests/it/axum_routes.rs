//! Route templates of axum.

use std::convert::Infallible;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Path;
use axum::http::{Request, Response, StatusCode};
use axum::routing::{any, get};
use ms_metrics::{Endpoint, Metrics};
use tower::{ServiceExt as _, service_fn};

use crate::page::{built, request, requests};

async fn send(app: &Router, method: &str, path: &str) -> StatusCode {
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.status();
    to_bytes(response.into_body(), usize::MAX).await.unwrap();
    status
}

fn shifts() -> Router {
    Router::new()
        .route("/", get(|| async { "all" }).post(|| async { StatusCode::CREATED }))
        .route("/{id}", get(|Path(id): Path<String>| async move { id }))
}

#[tokio::test]
async fn the_template_is_the_label_and_404s_are_unmatched() {
    let metrics = built();
    let app = Router::new()
        .nest("/api/v1/shifts", shifts())
        .nest("/deep", Router::new().nest("/er", shifts()))
        .route("/files/{*path}", get(|| async { "file" }))
        .layer(metrics.http_layer());
    for (method, path, status) in [
        ("GET", "/api/v1/shifts/17", 200),
        ("GET", "/api/v1/shifts/18?from=x", 200),
        ("POST", "/api/v1/shifts", 201),
        ("DELETE", "/api/v1/shifts/17", 405),
        ("GET", "/deep/er/1", 200),
        ("GET", "/files/a/b/c", 200),
        ("GET", "/nowhere", 404),
        ("BREW", "/api/v1/shifts/nowhere/at/all", 404),
    ] {
        assert_eq!(send(&app, method, path).await, status, "{method} {path}");
    }
    assert_eq!(
        requests(&metrics),
        [
            (request("GET", "/api/v1/shifts/{id}", "200"), 2),
            (request("POST", "/api/v1/shifts", "201"), 1),
            (request("DELETE", "/api/v1/shifts/{id}", "405"), 1),
            (request("GET", "/deep/er/{id}", "200"), 1),
            (request("GET", "/files/{*path}", "200"), 1),
            (request("GET", "unmatched", "404"), 1),
            (request("OTHER", "unmatched", "404"), 1),
        ]
    );
}

#[tokio::test]
async fn a_nested_service_names_its_endpoint_itself() {
    let metrics = built();
    let legacy = service_fn(|_: Request<Body>| async {
        let mut response = Response::new(Body::from("old"));
        response.extensions_mut().insert(Endpoint::from_static("/legacy/{report}"));
        Ok::<_, Infallible>(response)
    });
    let app = Router::new()
        .nest_service("/legacy", legacy)
        .nest_service("/silent", any(|| async { "silent" }))
        .layer(metrics.http_layer());
    send(&app, "GET", "/legacy/7").await;
    send(&app, "GET", "/silent/7").await;
    assert_eq!(
        requests(&metrics),
        [(request("GET", "/legacy/{report}", "200"), 1), (request("GET", "unmatched", "200"), 1)]
    );
}

#[tokio::test]
async fn layers_inside_and_outside_count_a_request_once() {
    let metrics = built();
    let app = Router::new()
        .nest("/a", shifts().layer(metrics.http_layer()))
        .merge(shifts().route_layer(metrics.http_layer()).layer(metrics.http_layer()))
        .layer(metrics.http_layer())
        .layer(metrics.http_layer());
    for path in ["/a/1", "/1", "/", "/nothing/here"] {
        send(&app, "GET", path).await;
    }
    let counted = requests(&metrics);
    assert_eq!(counted.iter().map(|(_, number)| number).sum::<u64>(), 4, "{counted:?}");
    assert!(counted.contains(&(request("GET", "/a/{id}", "200"), 1)), "{counted:?}");
}

#[tokio::test]
async fn any_router_with_any_state_takes_the_layer() {
    #[derive(Clone)]
    struct State;
    let metrics = Metrics::builder().build().unwrap();
    let app: Router = Router::<State>::new()
        .route("/", get(|| async {}))
        .merge(metrics.router())
        .layer(metrics.http_layer())
        .with_state(State);
    send(&app, "HEAD", "/").await;
    send(&app, "GET", "/metrics").await;
    assert_eq!(
        requests(&metrics),
        [(request("HEAD", "/", "200"), 1), (request("GET", "/metrics", "200"), 1)]
    );
}
