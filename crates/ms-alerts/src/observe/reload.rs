//! What is told of rule files that are read again.

use jiff::Timestamp;
use metrics::{counter, describe_counter, describe_gauge, gauge};

const SUCCESSFUL: &str = "ms_alerts_last_reload_successful";
const LAST: &str = "ms_alerts_last_reload_success_timestamp_seconds";
const FAILURES: &str = "ms_alerts_reload_failures_total";

pub(super) fn describe() {
    describe_gauge!(SUCCESSFUL, "Whether the rule files could be loaded when they were read last");
    describe_gauge!(LAST, metrics::Unit::Seconds, "When the rules in use were loaded, in Unix time");
    describe_counter!(FAILURES, "Reloads of the rule files that failed; the rules before stayed in use");
    counter!(FAILURES).increment(0);
    // Whoever gets so far has loaded the first.
    loaded();
}

pub(crate) fn loaded() {
    gauge!(SUCCESSFUL).set(1.0);
    gauge!(LAST).set(Timestamp::now().as_millisecond() as f64 / 1000.0);
}

pub(crate) fn reload_failed() {
    gauge!(SUCCESSFUL).set(0.0);
    counter!(FAILURES).increment(1);
}
