//! What most teams write: the facade's macros in a function.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::Route;
use tower::{Layer, Service};

use super::exporter;

pub(super) const REQUESTS: &str = "macros_requests_total";
pub(super) const DURATION: &str = "macros_request_duration_seconds";

pub(super) fn layer() -> impl Layer<
    Route,
    Service: Service<Request, Response: IntoResponse, Error = std::convert::Infallible, Future: Send>
                 + Clone
                 + Send
                 + Sync
                 + 'static,
> + Clone
+ Send
+ Sync
+ 'static {
    exporter::handle();
    from_fn(record)
}

async fn record(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().to_string();
    let template = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let response = next.run(request).await;
    let labels = [
        ("method", method),
        ("endpoint", template.unwrap_or_else(|| "unmatched".to_owned())),
        ("status", response.status().as_u16().to_string()),
    ];
    metrics::counter!(REQUESTS, &labels).increment(1);
    metrics::histogram!(DURATION, &labels).record(started.elapsed());
    response
}
