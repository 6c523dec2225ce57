//! Bodies of responses: a request is over with its last byte, however it comes to that.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::get;
use http::{Method, Request};
use http_body::{Body as _, Frame};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::logger::Logger;

/// Says nothing of its length and gives what it holds, then what it ends with.
struct Parts {
    parts: VecDeque<&'static str>,
    end: End,
}

#[derive(Clone, Copy)]
pub(crate) enum End {
    Whole,
    Never,
    Error,
    Panic,
}

impl http_body::Body for Parts {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        tracing::debug!("a part");
        Poll::Ready(match (self.parts.pop_front(), self.end) {
            (Some(part), _) => Some(Ok(Frame::data(Bytes::from_static(part.as_bytes())))),
            (None, End::Whole) => None,
            (None, End::Never) => return Poll::Pending,
            (None, End::Error) => Some(Err(std::io::Error::other("cut"))),
            (None, End::Panic) => panic!("on purpose"),
        })
    }
}

pub(crate) fn parts(end: End) -> Body {
    Body::new(Parts { parts: VecDeque::from(["one", "two"]), end })
}

fn app(logger: &Logger) -> Router {
    let inner = Router::new()
        .route("/whole/{id}", get(|| async { parts(End::Whole) }))
        .route("/error", get(|| async { parts(End::Error) }))
        .route("/panic", get(|| async { parts(End::Panic) }))
        .route("/text", get(|| async { "five!" }))
        .fallback(|| async { (http::StatusCode::METHOD_NOT_ALLOWED, parts(End::Whole)) });
    Router::new()
        .nest("/api/{version}", inner.clone())
        .nest_service("/service", inner)
        .layer(logger.guard.http_layer())
}

/// Takes `frames` frames of the answer and drops the rest; gives the events.
fn events(logger: Logger, method: Method, path: &str, frames: usize) -> Vec<Value> {
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let mut context = Context::from_waker(Waker::noop());
    logger.log(|| {
        let mut response = Box::pin(app(&logger).oneshot(request));
        let Poll::Ready(Ok(response)) = response.as_mut().poll(&mut context) else { panic!("no answer") };
        let mut body = Box::pin(response.into_body());
        for _ in 0..frames {
            let poll = AssertUnwindSafe(|| body.as_mut().poll_frame(&mut context));
            drop(catch_unwind(poll));
        }
        drop(body);
    });
    let (_, json) = logger.finish();
    json.iter().map(|line| serde_json::from_str::<Value>(line).unwrap()["data"].clone()).collect()
}

fn last(method: Method, path: &str, frames: usize) -> (Value, Value) {
    let events = events(Logger::start(), method, path, frames);
    let lines = events.iter().filter(|event| event["message"] == "request").count();
    assert_eq!(lines, 1, "{events:?}");
    let line = &events.last().unwrap()["fields"];
    (line["status"].clone(), line["route"].clone())
}

#[test]
fn a_streamed_body_is_over_with_its_end() {
    let route = "/api/{version}/whole/{id}";
    assert_eq!(last(Method::GET, "/api/v1/whole/7", 3), (200.into(), route.into()));
    assert_eq!(
        last(Method::GET, "/api/v1/whole/7", 2),
        (499.into(), route.into()),
        "nobody waited for the end"
    );
    assert_eq!(last(Method::GET, "/api/v1/whole/7", 0), (499.into(), route.into()));
}

#[test]
fn a_body_that_fails_or_panics_is_500() {
    assert_eq!(last(Method::GET, "/api/v1/error", 3).0, 500);
    assert_eq!(last(Method::GET, "/api/v1/panic", 3).0, 500);
}

#[test]
fn what_has_a_length_is_over_with_it_and_head_has_no_body() {
    assert_eq!(last(Method::GET, "/api/v1/text", 1).0, 200);
    assert_eq!(last(Method::HEAD, "/api/v1/whole/7", 0).0, 200);
}

#[test]
fn a_refused_tunnel_is_over_with_its_body() {
    assert_eq!(last(Method::CONNECT, "/api/v1/nowhere", 3).0, 405);
    assert_eq!(last(Method::CONNECT, "/api/v1/nowhere", 1).0, 499, "nobody waited for the end");
}

#[test]
fn a_body_that_is_cut_tells_which_status_had_gone_out() {
    let events = events(Logger::with(|builder| builder.filter("warn")), Method::GET, "/api/v1/error", 3);
    assert_eq!(
        (&events[0]["fields"]["status"], &events[0]["fields"]["answered"]),
        (&500.into(), &200.into())
    );
}

#[test]
fn a_nested_service_shows_no_path() {
    let (status, route) = last(Method::GET, "/service/text", 1);
    assert_eq!(status, 200);
    assert!(!route.as_str().unwrap().contains("text"), "{route}");
}

#[test]
fn events_of_the_body_carry_the_ids() {
    let events = events(Logger::start(), Method::GET, "/api/v1/whole/7", 3);
    assert_eq!(events.len(), 4);
    let ids: Vec<_> = events.iter().map(|event| &event["spans"][0]["fields"]["request_id"]).collect();
    assert!(ids.iter().all(|id| id.is_string() && *id == ids[0]), "{events:?}");
}

/// Whoever logs only warnings needs the ids most.
#[test]
fn warnings_have_their_ids_also_when_nothing_else_is_logged() {
    let logger = Logger::with(|builder| builder.filter("warn"));
    let events = events(logger, Method::GET, "/api/v1/error", 3);
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(events[0]["spans"][0]["fields"]["request_id"].is_string(), "{events:?}");
}
