//! What the same event costs in Python, where the lines come from.

use super::Rounds;
use super::process::{Cost, Run};
use crate::claim::{Claim, Pair};
use crate::python::Python;

const EVENTS: u64 = 20_000;
const ROUNDS: usize = 5;

pub fn claim(rounds: &Rounds, ours: Run) -> Claim {
    let mut python = Python::start::<&str>(include_str!("handler.py"), &[], "nothing: it is all in python3");
    let theirs: Vec<_> = (0..ROUNDS).map(|_| python.ask(&EVENTS.to_string()).0 / EVENTS as f64).collect();
    let pairs: Vec<_> = rounds.each(ours, |cost: &Cost| cost.process).zip(theirs).collect();
    let peer = format!("RotatingFileHandler, {}", python.version("CPython"));
    Claim::new(super::AREA, "JSON event, process", "CPU ns", Pair::of_rounds(&pairs), &peer, 0.1)
}
