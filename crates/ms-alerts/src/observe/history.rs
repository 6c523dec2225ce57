//! What is told of the series that are kept.

use metrics::{counter, describe_counter, describe_gauge, gauge};

const HISTORY_SERIES: &str = "ms_alerts_history_series";
const HISTORY_BYTES: &str = "ms_alerts_history_bytes";
const NOT_KEPT: &str = "ms_alerts_history_dropped_total";

pub(super) fn describe() {
    describe_gauge!(HISTORY_SERIES, "Series that are kept for rules that look back");
    describe_gauge!(HISTORY_BYTES, metrics::Unit::Bytes, "Memory of the series that are kept");
    describe_counter!(
        NOT_KEPT,
        "Samples that rules look back at and that were not kept, by the limit reached"
    );
    for limit in ["series", "bytes"] {
        counter!(NOT_KEPT, "limit" => limit).increment(0);
    }
}

pub(crate) fn history(series: usize, bytes: usize) {
    gauge!(HISTORY_SERIES).set(series as f64);
    gauge!(HISTORY_BYTES).set(bytes as f64);
}

pub(crate) fn not_kept(limit: &'static str) {
    counter!(NOT_KEPT, "limit" => limit).increment(1);
}
