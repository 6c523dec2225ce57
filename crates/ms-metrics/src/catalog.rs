//! Every metric of our own, once.

use crate::registry::Kind;

pub(crate) const HTTP_REQUESTS: &str = "http_requests_total";
pub(crate) const HTTP_DURATION: &str = "http_request_duration_seconds";
pub(crate) const ENDPOINT_LATENCY: &str = "endpoint_latency_seconds";
pub(crate) const ACTIVE_USERS: &str = "active_users_total";
pub(crate) const SCHEDULED_SHIFTS: &str = "scheduled_shifts_total";
pub(crate) const SHIFT_CONFLICTS: &str = "shift_conflicts_total";
pub(crate) const CPU_USAGE: &str = "cpu_usage_percent";
pub(crate) const MEMORY_USAGE: &str = "memory_usage_bytes";
pub(crate) const DISK_USAGE: &str = "disk_usage_percent";
pub(crate) const LABEL_OVERFLOW: &str = "ms_metrics_label_overflow_total";
pub(crate) const REFUSED: &str = "ms_metrics_refused_total";
pub(crate) const DROPPED_VALUES: &str = "ms_metrics_dropped_values_total";

/// Seconds from a millisecond to ten: the client libraries' usual bounds with two more below.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) help: &'static str,
    /// Bounds of a histogram; empty for other kinds.
    pub(crate) buckets: &'static [f64],
}

const fn counter(name: &'static str, help: &'static str) -> Entry {
    Entry { name, kind: Kind::Counter, help, buckets: &[] }
}

const fn gauge(name: &'static str, help: &'static str) -> Entry {
    Entry { name, kind: Kind::Gauge, help, buckets: &[] }
}

const fn seconds(name: &'static str, help: &'static str) -> Entry {
    Entry { name, kind: Kind::Histogram, help, buckets: SECONDS }
}

pub(crate) const CATALOG: &[Entry] = &[
    counter(HTTP_REQUESTS, "Requests answered, by route template."),
    seconds(HTTP_DURATION, "Time from the call to the last byte of the answer."),
    seconds(ENDPOINT_LATENCY, "Time in the handler alone."),
    gauge(ACTIVE_USERS, "Open sessions."),
    counter(SCHEDULED_SHIFTS, "Shifts planned."),
    counter(SHIFT_CONFLICTS, "Pairs of overlapping shifts of one employee, as found when planned."),
    gauge(CPU_USAGE, "Busy share of all cores."),
    gauge(MEMORY_USAGE, "Memory in use on the machine."),
    gauge(DISK_USAGE, "Used share of the root file system."),
    counter(LABEL_OVERFLOW, "Registrations counted under __other__ since the metric has too many series."),
    counter(REFUSED, "Registrations refused."),
    counter(DROPPED_VALUES, "Values that are no finite number and were not recorded."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_and_the_front_page_name_every_metric_and_its_kind() {
        let (guide, front) = (include_str!("../../../docs/metrics.md"), include_str!("lib.rs"));
        for entry in CATALOG {
            let row = format!("| `{}` | {} |", entry.name, entry.kind.word());
            assert!(guide.contains(&row) && front.contains(&row), "{row}");
            assert_eq!(entry.kind == Kind::Histogram, !entry.buckets.is_empty(), "{row}");
        }
    }
}
