//! What is told of single rules.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use metrics::{Counter, Gauge, counter, describe_counter, describe_gauge, gauge};

const DURATION: &str = "ms_alerts_rule_evaluation_duration_seconds";
const LAST: &str = "ms_alerts_rule_last_evaluation_timestamp_seconds";
const FAILURES: &str = "ms_alerts_rule_evaluation_failures_total";

/// The names come from files, and what was told once is a series until the process ends.
const MOST_RULES: usize = 500;
const LONGEST_NAME: usize = 128;
/// Stands for all rules past the limit.
const OTHERS: &str = "(other)";

/// The rules that have series of their own, by group and name.
#[derive(Debug, Default)]
pub(crate) struct Introduced(HashSet<(String, String)>);

/// The series of a rule.
pub(crate) struct RuleMetrics {
    duration: Gauge,
    last: Gauge,
    failures: Counter,
}

pub(super) fn describe() {
    describe_gauge!(DURATION, metrics::Unit::Seconds, "Time the last evaluation of a rule took");
    describe_gauge!(LAST, metrics::Unit::Seconds, "When a rule was evaluated last, in Unix time");
    describe_counter!(FAILURES, "Evaluations of a rule that failed, by rule");
}

impl Introduced {
    /// Makes the series of a rule; those past the limit share theirs.
    pub(crate) fn introduce(&mut self, group: &str, rule: &str) -> RuleMetrics {
        let mut names = (cut(group), cut(rule));
        if !self.0.contains(&names) {
            if self.0.len() < MOST_RULES {
                self.0.insert(names.clone());
            } else {
                names = (OTHERS.to_owned(), OTHERS.to_owned());
            }
        }
        let labels = [("group", names.0), ("rule", names.1)];
        let failures = counter!(FAILURES, &labels);
        failures.increment(0);
        RuleMetrics { duration: gauge!(DURATION, &labels), last: gauge!(LAST, &labels), failures }
    }
}

fn cut(name: &str) -> String {
    name.get(..name.floor_char_boundary(LONGEST_NAME)).unwrap_or_default().to_owned()
}

impl RuleMetrics {
    pub(crate) fn evaluated(&self, at: Timestamp, took: Duration, failed: bool) {
        self.duration.set(took.as_secs_f64());
        self.last.set(at.as_millisecond() as f64 / 1000.0);
        self.failures.increment(u64::from(failed));
    }

    /// A rule that is no more must not look like one that is not evaluated: NaN is neither late nor slow.
    #[cfg(feature = "rules")]
    pub(crate) fn end(&self) {
        self.duration.set(f64::NAN);
        self.last.set(f64::NAN);
    }
}

impl std::fmt::Debug for RuleMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RuleMetrics").finish_non_exhaustive()
    }
}
