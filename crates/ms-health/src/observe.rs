//! What the checks tell the metrics facade and the log.

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

use crate::report::Reason;
use crate::status::Status;

const STATUS: &str = "ms_health_check_status";
const DURATION: &str = "ms_health_check_duration_seconds";
const FAILURES: &str = "ms_health_check_failures_total";
const CHANGES: &str = "ms_health_check_changes_total";
const UP: &str = "ms_health_check_up";
const ABANDONED: &str = "ms_health_checks_abandoned";

/// Describes the metrics to the recorder of the moment, and registers those that have no label.
pub(crate) fn describe() {
    describe_gauge!(STATUS, "Status of a health check: 1 healthy, 0.5 degraded, 0 unhealthy or unknown");
    describe_gauge!(UP, "Whether a health check is healthy or degraded (1) or not (0)");
    describe_gauge!(ABANDONED, "Runs of health checks that passed their deadline and have not ended");
    describe_histogram!(DURATION, metrics::Unit::Seconds, "Time a run of a health check took");
    describe_counter!(FAILURES, "Runs of a health check that found something wrong, by reason");
    describe_counter!(CHANGES, "Changes of status of a health check");
    // There from the start, for rules that watch it; others may have counted some already.
    abandoned(0.0);
}

/// The status a check shows from now on.
pub(crate) fn status(check: &str, status: Status) {
    gauge!(STATUS, "check" => check.to_owned()).set(status.as_gauge());
    gauge!(UP, "check" => check.to_owned()).set(f64::from(u8::from(status.is_serving())));
}

/// More or fewer runs hang.
pub(crate) fn abandoned(more: f64) {
    gauge!(ABANDONED).increment(more);
}

/// One run has ended.
pub(crate) fn run(check: &str, status: Status, reason: Option<Reason>, took: Duration) {
    self::status(check, status);
    histogram!(DURATION, "check" => check.to_owned()).record(took.as_secs_f64());
    if let Some(reason) = reason {
        counter!(FAILURES, "check" => check.to_owned(), "reason" => reason.as_str()).increment(1);
    }
}

/// A check changed its status: one log line, at WARN when it does not work, at INFO when it does again.
pub(crate) fn change(
    check: &str,
    from: Option<Status>,
    to: Status,
    reason: Option<Reason>,
    error: Option<&str>,
) {
    if from.is_some() {
        counter!(CHANGES, "check" => check.to_owned()).increment(1);
    }
    let was = from.map_or("not checked", Status::as_str);
    match (to, reason) {
        (Status::Healthy, _) if from.is_none() => {}
        (Status::Healthy, _) => tracing::info!(check, from = was, to = to.as_str(), "health check recovered"),
        (_, reason) => tracing::warn!(
            check,
            from = was,
            to = to.as_str(),
            reason = reason.map(Reason::as_str),
            error,
            "health check failing"
        ),
    }
}
