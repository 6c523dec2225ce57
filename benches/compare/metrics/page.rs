//! The page: how long it takes, and how much memory.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::http::Request;
use peers::exposition::{Client, Prepared, ours, series};
use tower::Service;

use super::AREA;
use crate::allocations;
use crate::claim::{Claim, Pair};
use crate::measure::nanoseconds;

pub fn claims() -> Vec<Claim> {
    let mut claims = beside_peers(10_000, 40, "render 10k series");
    claims.extend(beside_peers(100_000, 4, "render 100k series"));
    claims.push(memory());
    claims
}

fn beside_peers(count: usize, calls: u32, name: &'static str) -> Vec<Claim> {
    let (ours, prepared, client) = (ours(count), Prepared::new(count), Client::new(count));
    for page in [ours.render(), prepared.render(), client.render()] {
        assert_eq!(series(&page), count, "every series is rendered");
    }
    let render = || drop(black_box(ours.render()));
    let beside_prepared = nanoseconds(calls, render, || drop(black_box(prepared.render())));
    let beside_client = nanoseconds(calls.div_ceil(10), render, || drop(black_box(client.render())));
    vec![
        Claim::new(AREA, name, "ns", beside_prepared, "loop over prepared names", 3.0),
        Claim::new(AREA, name, "ns", beside_client, "prometheus-client", 0.2),
    ]
}

/// What a scrape of 100,000 series needs over what is needed without one, its bytes dropped as they are sent.
fn memory() -> Claim {
    const SERIES: usize = 100_000;
    let metrics = ours(SERIES);
    let mut router = metrics.router().with_state(());
    scrape(&mut router);
    let mut length = 0;
    let spent = allocations::of(|| length = scrape(&mut router));
    assert!(length > SERIES * "bench_total".len(), "a whole page: {length}");
    let pair = Pair::of_rounds(&[(spent.peak_bytes as f64 / 1e6, length as f64 / 1e6)]);
    // One body, and the room of the piece that is being made.
    Claim::new(AREA, "peak of a scrape of 100k series", "MB", pair, "its body", 1.02)
}

/// Returns the length of the body.
fn scrape(router: &mut Router) -> usize {
    let mut cx = Context::from_waker(Waker::noop());
    let request = Request::get("/metrics").body(Body::empty()).expect("a request");
    let mut future = pin!(router.call(request));
    // It pauses between the pieces that it renders.
    let response = loop {
        if let Poll::Ready(Ok(response)) = future.as_mut().poll(&mut cx) {
            break response;
        }
    };
    let mut body = pin!(response.into_body());
    let mut length = 0;
    while let Poll::Ready(Some(frame)) = body.as_mut().poll_frame(&mut cx) {
        length += frame.expect("a frame").data_ref().map_or(0, |data| data.len());
    }
    length
}
