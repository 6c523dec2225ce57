//! Answers made of constants: what a probe costs at least.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::Future;
use std::hint::black_box;
use std::task::{Context, Waker};

use axum::body::Bytes;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use axum::routing::get;
use axum::{Router, response::IntoResponse};
use http_body_util::Full;
use ms_health::Endpoint;
use tokio::runtime::Runtime;
use tower::Service;

use super::{AREA, Database, checks, ours, probe, runtime};
use crate::allocations;
use crate::claim::{Claim, Pair};
use crate::measure::nanoseconds;

pub fn claims() -> [Claim; 3] {
    [constant_handler(), constant_service(), answer_allocations()]
}

/// A bare status beside a handler that knows nothing and says so with the same headers.
fn constant_handler() -> Claim {
    let runtime = runtime();
    let constant = || async {
        let headers = [
            (header::CONTENT_TYPE, "application/json"),
            (header::CACHE_CONTROL, "no-store"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        (headers, r#"{"status":"healthy"}"#).into_response()
    };
    let app = Router::new().route("/health", get(constant));
    let pair =
        nanoseconds(20_000, probe(&runtime, ours(Database::instant()), false), probe(&runtime, app, false));
    Claim::new(AREA, "probe, bare status", "ns/request", pair, "axum handler, constant", 2.0)
}

/// The tower service alone beside one that makes the same answer of constants.
fn constant_service() -> Claim {
    let runtime = runtime();
    let health = checks(Database::instant()).build().expect("valid");
    let pair =
        nanoseconds(50_000, call(&runtime, health.endpoint(Endpoint::Ready)), call(&runtime, constant()));
    Claim::new(AREA, "cached probe, tower service", "ns/request", pair, "tower service, constant", 2.0)
}

/// What both allocate for the answer to a kubelet.
fn answer_allocations() -> Claim {
    let runtime = runtime();
    let health = checks(Database::instant()).build().expect("valid");
    let mut ours = health.endpoint(Endpoint::Ready);
    call(&runtime, ours.clone())();
    let pair = Pair::of_rounds(&[(allocations_of(&mut ours), allocations_of(&mut constant()))]);
    Claim::new(AREA, "cached probe, tower service", "allocations", pair, "tower service, constant", 0.0)
}

fn allocations_of(service: &mut impl Probed) -> f64 {
    let request = Request::get("/readyz").header(header::HOST, "10.0.0.7:8000");
    let request = request.header(header::USER_AGENT, "kube-probe/1.31").header(header::ACCEPT, "*/*");
    let request = request.header(header::CONNECTION, "close").body(()).expect("a request");
    let spent = allocations::of(|| {
        let mut answer = std::pin::pin!(service.call(request));
        let answer = answer.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(black_box(answer).is_ready(), "it waits for nothing");
    });
    spent.allocations as f64
}

/// Makes the same answer of constants.
fn constant() -> impl Probed {
    tower::service_fn(async |_: Request<()>| {
        let mut response = Response::new(Full::new(Bytes::from_static(br#"{"status":"healthy"}"#)));
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok::<_, Infallible>(response)
    })
}

/// A service that both sides are.
trait Probed: Service<Request<()>, Response = Response<Full<Bytes>>, Error = Infallible> {}

impl<S: Service<Request<()>, Response = Response<Full<Bytes>>, Error = Infallible>> Probed for S {}

/// One call after the other; the answer is looked at before it is timed.
fn call(runtime: &Runtime, service: impl Probed) -> impl FnMut() {
    let service = RefCell::new(service);
    let ask = move || runtime.block_on(service.borrow_mut().call(Request::new(()))).expect("infallible");
    // The first runs the checks.
    for _ in 0..2 {
        assert_eq!(ask().status(), StatusCode::OK);
    }
    move || {
        black_box(ask());
    }
}
