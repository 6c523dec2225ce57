//! What every request passes.

use std::any::Any;
use std::time::Instant;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use ms_analytics::StreamingResponseTimes;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::exposure::{Exposure, guard};
use crate::problem::Problem;
use crate::service::Service;

/// Lays the service's own layers around all routes: who may ask, what an unknown path, a wrong method and a panic become,
/// how long answers take, and headers for browsers.
pub fn protect(routes: Router, service: &Service, exposure: Exposure) -> Router {
    let preset = |name: HeaderName, value| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    routes
        .merge(exposure.router())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(exposure, guard))
        .layer(preset(header::CACHE_CONTROL, "no-store"))
        .layer(preset(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"))
        .layer(preset(header::REFERRER_POLICY, "no-referrer"))
        .layer(preset(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(from_fn_with_state(service.response_times.clone(), measure))
}

/// Tells the metrics outside which trace the log inside has for each request, so that a slow one can be found there.
pub fn traced(routes: Router) -> Router {
    routes.layer(map_response(trace))
}

async fn trace(mut response: Response) -> Response {
    let id =
        response.extensions().get::<ms_logging::TraceId>().map(|id| ms_metrics::TraceId::new(id.as_str()));
    if let Some(id) = id {
        response.extensions_mut().insert(id);
    }
    response
}

/// Measures until the answer is ready; how long its client takes to read it is not the service's time.
async fn measure(State(times): State<StreamingResponseTimes>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let response = next.run(request).await;
    times.record(begun.elapsed());
    response
}

/// What the panic said may hold anything, so nobody is told.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "an error of the service's own").into_response()
}

/// Answers what no route takes.
async fn not_found(method: Method, uri: Uri) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is nothing at this path")
        .with("method", method.as_str())
        .with("path", uri.path())
}

/// Answers a method that the path does not take.
async fn method_not_allowed(method: Method, uri: Uri) -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "this path does not take that method")
        .with("method", method.as_str())
        .with("path", uri.path())
}
