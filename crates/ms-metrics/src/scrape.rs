//! The page that Prometheus reads.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::routing::get;

use crate::builder::Metrics;

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

impl Metrics {
    /// Makes the route `GET /metrics` (and HEAD) for any axum app: `app.merge(metrics.router())`.
    ///
    /// It answers whoever asks: the page names routes and departments, no person. Where the listener is not on loopback,
    /// put it behind what guards your other internal routes.
    pub fn router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let metrics = self.clone();
        let page = move || {
            let page = metrics.render();
            async {
                (
                    [(CONTENT_TYPE, TEXT), (CACHE_CONTROL, "no-store"), (X_CONTENT_TYPE_OPTIONS, "nosniff")],
                    page,
                )
            }
        };
        Router::new().route("/metrics", get(page))
    }
}
