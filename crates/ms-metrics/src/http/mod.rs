//! Tower layers that measure requests.
//!
//! One [`Observation`](observation::Observation) travels from the service to the future to the body; dropping it
//! records the request, once, on every path. [`nesting`] tells which of several layers it belongs to.

mod body;
mod endpoint;
mod future;
mod latency;
mod layer;
mod method;
mod names;
mod nesting;
mod observation;
mod request_body;
mod route;
mod routes;
mod shared;
mod threads;
mod trace;

pub use self::body::ObservedBody;
pub use self::endpoint::Endpoint;
pub use self::future::HttpMetricsFuture;
pub(crate) use self::latency::LatencyRoutes;
pub use self::latency::{EndpointLatency, EndpointLatencyFuture, EndpointLatencyLayer};
pub use self::layer::{HttpMetrics, HttpMetricsLayer};
pub use self::request_body::{CountedBody, RequestBody, RequestBodyFuture, RequestBodyLayer};
pub(crate) use self::shared::HttpLayers;
pub use self::trace::TraceId;
