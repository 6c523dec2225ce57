//! Timing two things in turn.

use std::time::{Duration, Instant};

use crate::claim::{Pair, median};

const ROUNDS: usize = 15;

/// Nanoseconds a call of each, in turn. `calls` is how many calls make one measurement of a round.
pub fn nanoseconds(calls: u32, mut ours: impl FnMut(), mut peer: impl FnMut()) -> Pair {
    per_call(&mut ours, calls / 4 + 1);
    per_call(&mut peer, calls / 4 + 1);
    let rounds: Vec<_> =
        (0..ROUNDS).map(|_| (per_call(&mut ours, calls), per_call(&mut peer, calls))).collect();
    Pair::of_rounds(&rounds)
}

/// The same over a floor that both stand on: what each costs beyond `bare`.
pub fn nanoseconds_over(
    calls: u32,
    mut bare: impl FnMut(),
    mut ours: impl FnMut(),
    mut peer: impl FnMut(),
) -> Pair {
    for side in [&mut bare as &mut dyn FnMut(), &mut ours, &mut peer] {
        per_call(side, calls / 4 + 1);
    }
    let rounds: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let floor = per_call(&mut bare, calls);
            (per_call(&mut ours, calls) - floor, per_call(&mut peer, calls) - floor)
        })
        .collect();
    Pair::of_rounds(&rounds)
}

/// Nanoseconds a call of each but the first, over the first; all in turn.
pub fn medians_over(calls: u32, sides: &mut [&mut dyn FnMut()]) -> Vec<f64> {
    for side in sides.iter_mut() {
        per_call(*side, calls / 4 + 1);
    }
    let mut rounds: Vec<Vec<f64>> = Vec::new();
    for _ in 0..ROUNDS {
        let round: Vec<_> = sides.iter_mut().map(|side| per_call(*side, calls)).collect();
        rounds.push(round.iter().map(|nanos| nanos - round[0]).collect());
    }
    (0..sides.len()).map(|side| median(rounds.iter().map(|round| round[side]))).collect()
}

fn per_call(call: &mut (impl FnMut() + ?Sized), calls: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..calls {
        call();
    }
    nanos(start.elapsed()) / f64::from(calls)
}

fn nanos(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e9
}
