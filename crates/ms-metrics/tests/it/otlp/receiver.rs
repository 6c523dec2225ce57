//! An OTLP receiver over a real socket, on the messages of the crate `opentelemetry-proto`.

use std::io::Read as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use ms_metrics::{Metrics, OtlpBuilder};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use prost::Message as _;

use crate::sockets::serve;

/// What has come in, and how the next requests are answered.
#[derive(Clone)]
pub(super) struct Received {
    pub(super) address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

#[derive(Clone)]
pub(super) struct Request {
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) length: usize,
    pub(super) message: ExportMetricsServiceRequest,
}

/// Gives the answer to the request of this number, counted from 0.
type Script = Arc<dyn Fn(usize) -> Response + Send + Sync>;

impl Received {
    /// Starts a receiver that takes everything.
    pub(super) async fn start() -> Self {
        Self::answering(|_| StatusCode::OK.into_response()).await
    }

    pub(super) async fn answering(script: impl Fn(usize) -> Response + Send + Sync + 'static) -> Self {
        let requests = Arc::<Mutex<Vec<Request>>>::default();
        let script: Script = Arc::new(script);
        let app = Router::new()
            .fallback(take)
            .layer(axum::extract::DefaultBodyLimit::max(4 << 20))
            .with_state((Arc::clone(&requests), script));
        Self { address: serve(app).await, requests }
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// All metrics that have come in, in their order.
    pub(super) fn metrics(&self) -> Vec<Metric> {
        let resources = self.requests().into_iter().flat_map(|request| request.message.resource_metrics);
        resources.flat_map(|resource| resource.scope_metrics).flat_map(|scope| scope.metrics).collect()
    }

    pub(super) fn metric(&self, name: &str) -> Metric {
        let mut found = self.metrics().into_iter().filter(|metric| metric.name == name);
        found.next().unwrap_or_else(|| panic!("no {name} has come in"))
    }

    /// Configures a push to it that nothing in the environment can change.
    pub(super) fn push(&self, metrics: &Metrics) -> OtlpBuilder {
        metrics.otlp().endpoint(format!("http://{}", self.address)).gzip(false)
    }
}

async fn take(
    State((requests, script)): State<(Arc<Mutex<Vec<Request>>>, Script)>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let plain = if headers.get("content-encoding").is_some_and(|encoding| encoding == "gzip") {
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&*body).read_to_end(&mut plain).unwrap();
        plain
    } else {
        body.to_vec()
    };
    let message = ExportMetricsServiceRequest::decode(&*plain).unwrap();
    let number = {
        let mut requests = requests.lock().unwrap();
        requests.push(Request { path: uri.path().to_owned(), headers, length: body.len(), message });
        requests.len() - 1
    };
    script(number)
}
