//! What is kept in memory.

use super::rounds::{Bench, FIRST, ROUNDS};
use super::workload::{INTERVAL, Rules};
use super::{AREA, FAMILIES, SERIES_A_FAMILY};
use crate::allocations;
use crate::claim::{Claim, Pair};

pub fn claims() -> Vec<Claim> {
    vec![growth(), sample()]
}

/// Of 1,000 rates: what is held after many rounds is what was held once the range was full.
fn growth() -> Claim {
    let rules = Rules::Rates.text();
    let (before, after) = (held(&rules, FIRST), held(&rules, FIRST + ROUNDS));
    let pair = Pair { ours: after / 1e6, peer: before / 1e6, ratio: after / before };
    Claim::new(AREA, "held 200 rounds later", "MB", pair, "the same after 20", 1.01)
}

/// What a longer range costs, over the samples that it has more.
fn sample() -> Claim {
    const RANGES: [u64; 2] = [5 * 60, 20 * 60];
    let [short, long] = RANGES.map(|seconds| {
        let mut text = "groups:\n- name: bench\n  rules:\n".to_owned();
        for family in 0..FAMILIES {
            text += &format!("  - {{alert: Bench{family}, expr: 'rate(bench_{family}[{seconds}s]) < 0'}}\n");
        }
        held(&text, seconds / INTERVAL + FIRST)
    });
    let more = (RANGES[1] - RANGES[0]) / INTERVAL * (FAMILIES * SERIES_A_FAMILY) as u64;
    let ours = (long - short) / more as f64;
    // The upper end of what the manual says a sample takes on disk.
    let pair = Pair { ours, peer: 2.0, ratio: ours / 2.0 };
    Claim::new(AREA, "a sample that is kept", "bytes", pair, "Prometheus, by its manual", 12.0)
}

/// Bytes that rules and samples hold after so many rounds.
fn held(rules: &str, rounds: u64) -> f64 {
    let mut kept = None;
    let spent = allocations::of(|| {
        let mut bench = Bench::new(rules);
        bench.rounds(rounds);
        kept = Some(bench);
    });
    drop(kept);
    spent.held_bytes as f64
}
