//! The page over HTTP.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use tower::ServiceExt as _;

use crate::page::built;

#[tokio::test]
async fn the_page_is_served_as_prometheus_wants_it() {
    let metrics = built();
    let app: Router = metrics.router();
    for (method, path, status, has_body) in [
        ("GET", "/metrics", 200, true),
        ("GET", "/metrics?name[]=x", 200, true),
        ("HEAD", "/metrics", 200, false),
        ("POST", "/metrics", 405, false),
        ("GET", "/metrics/", 404, false),
        ("GET", "/", 404, false),
    ] {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let (head, body) = app.clone().oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        assert_eq!(head.status, status, "{method} {path}");
        if status == 200 {
            assert_eq!(head.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
            assert_eq!(head.headers["cache-control"], "no-store");
            assert_eq!(head.headers["content-length"], metrics.render().len().to_string());
        }
        assert_eq!(body, if has_body { metrics.render() } else { String::new() });
    }
}
