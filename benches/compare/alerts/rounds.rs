//! Our rounds: each round has its own values, and is read before it is timed.

use jiff::{SignedDuration, Timestamp};
use ms_alerts::{AlertManager, parse_exposition};
use tokio::runtime::{Builder, Runtime};

use super::workload::{INTERVAL, RULES, Rules, exposition};
use crate::claim::median;
use crate::cpu;

/// As many as fill the range.
pub const FIRST: u64 = 20;
pub const ROUNDS: u64 = 200;

/// Rules and the time that they live in.
pub struct Bench {
    manager: AlertManager,
    runtime: Runtime,
    round: u64,
}

impl Bench {
    pub fn new(rules: &str) -> Self {
        let manager = AlertManager::builder().rules_text("bench.yml", rules).expect("valid").build();
        let runtime = Builder::new_current_thread().build().expect("a runtime");
        Self { manager: manager.expect("valid"), runtime, round: 0 }
    }

    /// Gives the CPU time of the evaluation in milliseconds.
    pub fn round(&mut self) -> f64 {
        self.round += 1;
        let text = exposition(self.round);
        let samples = parse_exposition(&text).expect("valid");
        let passed = i64::try_from(self.round * INTERVAL).expect("some");
        let moment = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_000_000_000 + passed);
        let check = || drop(self.runtime.block_on(self.manager.check_samples_at(&samples, moment)));
        cpu::nanoseconds(check) / 1e6
    }

    pub fn rounds(&mut self, times: u64) -> f64 {
        median((0..times).map(|_| self.round()))
    }
}

/// CPU time of a round, the median of many.
pub fn milliseconds(rules: Rules) -> f64 {
    let mut bench = Bench::new(&rules.text());
    bench.rounds(FIRST);
    assert_eq!(bench.manager.alerts().len(), RULES, "one series a rule");
    bench.rounds(ROUNDS)
}
