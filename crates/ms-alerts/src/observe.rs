//! What alerting tells the metrics facade about itself.

#[cfg(feature = "rules")]
mod history;
#[cfg(feature = "rules")]
mod reload;
mod rules;

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

#[cfg(feature = "rules")]
pub(crate) use history::{history, not_kept};
#[cfg(feature = "rules")]
pub(crate) use reload::{loaded, reload_failed};
pub(crate) use rules::{Introduced, RuleMetrics};

const EVALUATIONS: &str = "ms_alerts_evaluations_total";
const FAILURES: &str = "ms_alerts_evaluation_failures_total";
const DURATION: &str = "ms_alerts_evaluation_duration_seconds";
const ACTIVE: &str = "ms_alerts_active";
const SOURCE_UP: &str = "ms_alerts_source_up";
const REFUSED: &str = "ms_alerts_pushes_refused_total";
const QUEUED: &str = "ms_alerts_notifications_queued_total";
const RETRIED: &str = "ms_alerts_notifications_retried_total";
const LATENCY: &str = "ms_alerts_notification_latency_seconds";
#[cfg(feature = "rules")]
const SILENCES: &str = "ms_alerts_silences_active";
#[cfg(feature = "rules")]
const SUPPRESSED: &str = "ms_alerts_suppressed_total";
const JOURNAL_FAILED: &str = "ms_alerts_journal_errors_total";
const SENT: &str = "ms_alerts_notifications_sent_total";
const FAILED: &str = "ms_alerts_notifications_failed_total";
const DROPPED: &str = "ms_alerts_notifications_dropped_total";
const WAITING: &str = "ms_alerts_notifications_waiting";

/// Describes the metrics to the recorder of the moment; what is counted starts at zero, so that `rate()` sees the first.
pub(crate) fn describe() {
    describe_counter!(EVALUATIONS, "Evaluations of a rule");
    describe_counter!(FAILURES, "Evaluations of a rule, or readings of a source, that failed, by reason");
    describe_histogram!(DURATION, metrics::Unit::Seconds, "Time one evaluation of all due rules took");
    describe_gauge!(ACTIVE, "Alerts that are pending or firing");
    describe_gauge!(SOURCE_UP, "Whether the last evaluation had the metrics of a source");
    describe_counter!(REFUSED, "Samples that were pushed and not taken, by reason");
    describe_counter!(QUEUED, "Notifications that were to be sent");
    describe_counter!(SENT, "Notifications that a sink accepted");
    describe_counter!(RETRIED, "Attempts to send a notification again");
    describe_histogram!(
        LATENCY,
        metrics::Unit::Seconds,
        "Time from the change, or the flush of its group, until the sink accepted the notification"
    );
    describe_counter!(FAILED, "Attempts to send a notification that failed");
    describe_counter!(DROPPED, "Notifications that were given up, by reason");
    describe_gauge!(WAITING, "Notifications that a sink has yet to accept");
    rules::describe();
    counter!(EVALUATIONS).increment(0);
    for reason in ["full", "invalid"] {
        counter!(REFUSED, "reason" => reason).increment(0);
    }
    #[cfg(feature = "rules")]
    history::describe();
    #[cfg(feature = "rules")]
    reload::describe();
    for reason in ["source", "panic", "same_labels", "expression", "budget", "limit", "reentrant"] {
        counter!(FAILURES, "reason" => reason).increment(0);
    }
}

pub(crate) fn source(name: &str, is_up: bool) {
    gauge!(SOURCE_UP, "source" => name.to_owned()).set(f64::from(u8::from(is_up)));
}

pub(crate) fn push_refused(reason: &'static str) {
    counter!(REFUSED, "reason" => reason).increment(1);
}

/// Starts what is counted of the journal.
pub(crate) fn introduce_journal() {
    describe_counter!(JOURNAL_FAILED, "Failures to read or write the journal, by reason");
    for reason in ["load", "slow", "write"] {
        counter!(JOURNAL_FAILED, "reason" => reason).increment(0);
    }
}

pub(crate) fn journal_failed(reason: &'static str) {
    counter!(JOURNAL_FAILED, "reason" => reason).increment(1);
}

/// Starts what is counted of a sink.
pub(crate) fn introduce(sink: &str) {
    for counted in [QUEUED, SENT, RETRIED] {
        counter!(counted, "sink" => sink.to_owned()).increment(0);
    }
    counter!(FAILED, "sink" => sink.to_owned()).increment(0);
    for reason in ["refused", "expired", "queue_full", "superseded", "unannounced"] {
        counter!(DROPPED, "sink" => sink.to_owned(), "reason" => reason).increment(0);
    }
    waiting(sink, 0);
}

pub(crate) fn evaluated(rules: usize, took: Duration, pending: usize, firing: usize) {
    counter!(EVALUATIONS).increment(rules as u64);
    histogram!(DURATION).record(took.as_secs_f64());
    gauge!(ACTIVE, "state" => "pending").set(pending as f64);
    gauge!(ACTIVE, "state" => "firing").set(firing as f64);
}

#[cfg(feature = "webhook")]
const HEARTBEATS: &str = "ms_alerts_heartbeats_total";

/// Starts what is counted of the heartbeat.
#[cfg(feature = "webhook")]
pub(crate) fn introduce_heartbeat() {
    describe_counter!(HEARTBEATS, "Heartbeats, by what became of them");
    for outcome in ["sent", "failed", "withheld"] {
        counter!(HEARTBEATS, "outcome" => outcome).increment(0);
    }
}

#[cfg(feature = "webhook")]
pub(crate) fn heartbeat(outcome: &'static str) {
    counter!(HEARTBEATS, "outcome" => outcome).increment(1);
}

pub(crate) fn evaluation_failed(reason: &'static str) {
    counter!(FAILURES, "reason" => reason).increment(1);
}

pub(crate) fn queued(sink: &str) {
    counter!(QUEUED, "sink" => sink.to_owned()).increment(1);
}

pub(crate) fn sent(sink: &str, latency: Duration) {
    counter!(SENT, "sink" => sink.to_owned()).increment(1);
    histogram!(LATENCY, "sink" => sink.to_owned()).record(latency.as_secs_f64());
}

pub(crate) fn retried(sink: &str) {
    counter!(RETRIED, "sink" => sink.to_owned()).increment(1);
}

/// Starts what is counted of alerts that a flush leaves out.
#[cfg(feature = "rules")]
pub(crate) fn introduce_suppressed() {
    describe_counter!(SUPPRESSED, "Alerts that the flush of a group left out, by reason");
    describe_gauge!(SILENCES, "Silences that hold");
    silences(0);
    for reason in ["inhibited", "muted", "silenced"] {
        counter!(SUPPRESSED, "reason" => reason).increment(0);
    }
}

#[cfg(feature = "rules")]
pub(crate) fn silences(active: usize) {
    gauge!(SILENCES).set(active as f64);
}

#[cfg(feature = "rules")]
pub(crate) fn suppressed(reason: &'static str) {
    counter!(SUPPRESSED, "reason" => reason).increment(1);
}

pub(crate) fn attempt_failed(sink: &str) {
    counter!(FAILED, "sink" => sink.to_owned()).increment(1);
}

pub(crate) fn dropped(sink: &str, reason: &'static str) {
    counter!(DROPPED, "sink" => sink.to_owned(), "reason" => reason).increment(1);
}

pub(crate) fn waiting(sink: &str, notifications: usize) {
    gauge!(WAITING, "sink" => sink.to_owned()).set(notifications as f64);
}
