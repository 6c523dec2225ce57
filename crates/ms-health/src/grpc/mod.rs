//! `grpc.health.v1.Health/Check`, written by hand: one string in, one number out, and no gRPC stack.

mod wire;

use std::convert::Infallible;
use std::error::Error;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Empty, Full, Limited};
use tower_service::Service;

use crate::health::HealthCheck;
use crate::status::Status;

const CHECK: &str = "/grpc.health.v1.Health/Check";
const GRPC_STATUS: &str = "grpc-status";
/// A name of a service and its frame; more is nobody's.
const LONGEST: usize = 4096;

/// The codes of gRPC that are given.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Code {
    InvalidArgument = 3,
    NotFound = 5,
    Unimplemented = 12,
}

/// Answers `grpc.health.v1.Health/Check` over HTTP/2; made by [`HealthCheck::grpc`].
///
/// | `service` | asks |
/// |---|---|
/// | empty | readiness |
/// | the name of a [`group`](crate::HealthCheckBuilder::group) | the group |
/// | anything else | `NOT_FOUND` |
///
/// `SERVING` for healthy and degraded, `UNKNOWN`, or `NOT_SERVING`. `Watch` is `UNIMPLEMENTED`, upon which clients poll.
#[derive(Debug, Clone)]
pub struct GrpcHealthService {
    health: HealthCheck,
}

impl HealthCheck {
    /// Makes the tower service of the gRPC health protocol. With tonic:
    /// `Server::builder().add_routes(Routes::from(axum::Router::new().route_service(GrpcHealthService::ROUTE, health.grpc())))`.
    pub fn grpc(&self) -> GrpcHealthService {
        GrpcHealthService { health: self.clone() }
    }
}

impl GrpcHealthService {
    /// The route of both methods for axum.
    pub const ROUTE: &'static str = "/grpc.health.v1.Health/{method}";

    async fn answer<B>(self, request: Request<B>) -> Response<BoxBody<Bytes, Infallible>>
    where
        B: Body,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let kind = request.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
        if !kind.is_some_and(|kind| kind.starts_with(b"application/grpc")) {
            let mut response = Response::new(Empty::new().boxed());
            *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return response;
        }
        if request.method() != Method::POST || request.uri().path() != CHECK {
            return refusal(Code::Unimplemented);
        }
        let body = Limited::new(request.into_body(), LONGEST).collect().await;
        let Some(service) = body.ok().and_then(|body| wire::service(&body.to_bytes())) else {
            return refusal(Code::InvalidArgument);
        };
        let report = if service.is_empty() {
            Some(self.health.readiness().await)
        } else {
            self.health.group(&service).await
        };
        report.map_or_else(|| refusal(Code::NotFound), |report| reply(report.status()))
    }
}

fn reply(status: Status) -> Response<BoxBody<Bytes, Infallible>> {
    let serving = match status {
        Status::Healthy | Status::Degraded => 1,
        Status::Unknown => 0,
        Status::Unhealthy => 2,
    };
    let mut trailers = HeaderMap::new();
    trailers.insert(GRPC_STATUS, HeaderValue::from_static("0"));
    let body = Full::new(wire::answer(serving)).with_trailers(std::future::ready(Some(Ok(trailers))));
    grpc(body.boxed())
}

/// Without a message, the status stands in the head.
fn refusal(code: Code) -> Response<BoxBody<Bytes, Infallible>> {
    let mut response = grpc(Empty::new().boxed());
    response.headers_mut().insert(GRPC_STATUS, HeaderValue::from(code as u16));
    response
}

fn grpc(body: BoxBody<Bytes, Infallible>) -> Response<BoxBody<Bytes, Infallible>> {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    response
}

impl<B> Service<Request<B>> for GrpcHealthService
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Response = Response<BoxBody<Bytes, Infallible>>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let answer = self.clone().answer(request);
        Box::pin(async move { Ok(answer.await) })
    }
}
