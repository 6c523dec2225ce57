//! The page that Prometheus reads, over HTTP.

mod accept;
mod body;
mod offer;
mod pages;
mod service;

use std::sync::Arc;

pub use self::body::MetricsBody;
pub(crate) use self::pages::Pages;
pub use self::service::{MetricsFuture, MetricsService};
use crate::builder::Metrics;

const PATH: &str = "/metrics";

impl Metrics {
    /// Makes the service that answers `GET /metrics` (and HEAD) in any tower stack.
    ///
    /// It answers whoever asks: the page names routes and departments, no person. Where the listener is not on loopback,
    /// put it behind what guards your other internal routes.
    pub fn service(&self) -> MetricsService {
        MetricsService::new(Arc::clone(self.pages()), Some(PATH))
    }

    /// Makes the route `GET /metrics` (and HEAD) for any axum app: `app.merge(metrics.router())`.
    ///
    /// It answers whoever asks, as [`service`](Self::service) does.
    #[cfg(feature = "axum")]
    pub fn router<S: Clone + Send + Sync + 'static>(&self) -> axum::Router<S> {
        // The router has looked at the path, and a nested one has cut it.
        axum::Router::new().route_service(PATH, MetricsService::new(Arc::clone(self.pages()), None))
    }
}
