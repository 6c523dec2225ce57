//! What a layer costs a request, over an axum router without one.

use std::cell::RefCell;

use peers::http::{App, Plain, PlainApp, Stack};

use super::AREA;
use crate::allocations;
use crate::claim::{Claim, Pair};
use crate::instructions;
use crate::measure::nanoseconds_over;

/// Enough to see what is allocated once in many requests.
const REQUESTS: u64 = 20_000;

pub fn claims() -> Vec<Claim> {
    vec![time(), counted_instructions(), allocations_on_axum(), allocations_on_tower()]
}

fn time() -> Claim {
    let [bare, ours, theirs] =
        [Stack::Bare, Stack::Ours, Stack::AxumPrometheus].map(|stack| RefCell::new(stack.app()));
    let serve = |app: &RefCell<App>| app.borrow_mut().serve();
    let pair = nanoseconds_over(20_000, || serve(&bare), || serve(&ours), || serve(&theirs));
    [ours, theirs].iter().for_each(|app| app.borrow().check());
    Claim::new(AREA, "HTTP layer, over bare axum", "ns/request", pair, "axum-prometheus", 0.25)
}

fn counted_instructions() -> Claim {
    let [bare, ours, floor] = [Stack::Bare, Stack::Ours, Stack::Floor].map(instructions::of_request);
    let pair = Pair::of_rounds(&[(ours - bare, floor - bare)]);
    Claim::new(AREA, "HTTP layer, over bare axum", "instr/req", pair, "layer with fixed handles", 1.3)
}

/// axum puts a wrapped body in a box, whoever wraps it.
fn allocations_on_axum() -> Claim {
    let pair = Pair::of_rounds(&[(allocations_of(Stack::Ours), allocations_of(Stack::Wrapped))]);
    Claim::new(AREA, "request, HTTP layer on axum", "allocations", pair, "layer that wraps the body", 1.0)
}

/// Allocations of a request.
pub fn allocations_of(stack: Stack) -> f64 {
    let mut app = stack.app();
    let allocations = per_request(|| app.serve());
    app.check();
    allocations
}

fn allocations_on_tower() -> Claim {
    let mut ours = PlainApp::new();
    let pair = Pair::of_rounds(&[(per_request(|| ours.serve()), per_request(|| Plain.serve()))]);
    ours.check();
    Claim::new(AREA, "request, HTTP layer on plain tower", "allocations", pair, "no layer", 1.0)
}

fn per_request(mut serve: impl FnMut()) -> f64 {
    for _ in 0..10 {
        serve();
    }
    let spent = allocations::of(|| (0..REQUESTS).for_each(|_| serve()));
    spent.allocations as f64 / REQUESTS as f64
}
