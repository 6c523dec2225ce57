//! What the other crates count and the dashboard shows, declared as a team declares metrics of its own.

use ms_metrics::{Metric, Unit};

/// A write of a batch to a page cache, to a disk, and to one that hangs.
const WRITES: &[f64] = &[
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// For the service and for what is generated, so that the dashboard asks for what the page has. The help is theirs: the
/// first description of a metric stays, and this is the first.
pub const OBSERVED: [Metric; 7] = [
    Metric::gauge(
        "ms_health_check_status",
        "Status of a health check: 1 healthy, 0.5 degraded, 0 unhealthy or unknown",
    )
    .labels(&["check"]),
    Metric::gauge("ms_alerts_active", "Alerts that are pending or firing").labels(&["state"]),
    Metric::gauge("ms_alerts_notifications_waiting", "Notifications that a sink has yet to accept")
        .labels(&["sink"]),
    Metric::counter("ms_alerts_notifications_dropped_total", "Notifications that were given up, by reason")
        .labels(&["sink", "reason"]),
    Metric::counter("ms_logging_dropped_total", "Lines that passed the level filter and were lost")
        .labels(&["sink", "reason"]),
    Metric::counter("ms_logging_rotations_total", "Files that were rotated away").labels(&["sink"]),
    Metric::histogram(
        "ms_logging_write_duration_seconds",
        "How long a write of gathered lines took, rotation included",
    )
    .unit(Unit::Seconds)
    .labels(&["sink"])
    .buckets(WRITES),
];
