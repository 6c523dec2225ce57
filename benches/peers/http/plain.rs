//! A tower service that is no axum router.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::{Request, Response};
use http_body_util::Full;
use ms_metrics::{Endpoint, HttpMetrics, Metrics};
use tower::{Layer, Service};

use super::{ENDPOINT, answer, sum};

/// Answers at once.
#[derive(Clone)]
pub struct Plain;

impl Service<Request<Body>> for Plain {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Full<Bytes>>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        ready(Ok(Response::new(Full::from("ok"))))
    }
}

impl Plain {
    pub fn serve(&mut self) {
        answer(self, request());
    }
}

/// The same under our layer.
pub struct PlainApp {
    service: HttpMetrics<Plain>,
    metrics: Metrics,
    served: u64,
}

impl PlainApp {
    #[expect(clippy::new_without_default, reason = "nothing about it is a default")]
    pub fn new() -> Self {
        let metrics = Metrics::builder().build().expect("valid");
        let endpoint = Endpoint::from_static(ENDPOINT);
        let layer = metrics.http_layer().endpoint(move |_, _| Some(endpoint.clone()));
        Self { service: layer.layer(Plain), metrics, served: 0 }
    }

    pub fn serve(&mut self) {
        answer(&mut self.service, request());
        self.served += 1;
    }

    pub fn check(&self) {
        assert_eq!(sum(&self.metrics.render(), "http_requests_total"), Some(self.served), "each once");
    }
}

fn request() -> Request<Body> {
    Request::get("/shifts/17").body(Body::empty()).expect("a request")
}
