//! The body of a request: version 4 of Alertmanager's webhook format, with one alert.

use jiff::Timestamp;
use serde::Serialize;

use crate::delivery::Notification;
use crate::labels::Labels;

/// What Alertmanager writes for an alert that has not ended.
const NOT_ENDED: &str = "0001-01-01T00:00:00Z";

/// Whether the texts for people go along; they are what makes a body large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Annotations {
    Kept,
    Left,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    version: &'static str,
    group_key: String,
    truncated_alerts: u64,
    status: &'static str,
    receiver: &'a str,
    group_labels: &'a Labels,
    common_labels: &'a Labels,
    common_annotations: &'a Labels,
    #[serde(rename = "externalURL")]
    external_url: &'static str,
    /// Ours: tells a repeat from a new change.
    #[serde(rename = "notification_id")]
    notification_id: &'a str,
    alerts: [Entry<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    status: &'static str,
    labels: &'a Labels,
    annotations: &'a Labels,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL")]
    generator_url: &'static str,
    fingerprint: String,
}

pub(super) fn of(
    notification: &Notification,
    receiver: &str,
    annotations: Annotations,
) -> Result<Vec<u8>, serde_json::Error> {
    let alert = notification.alert();
    let none = Labels::default();
    let annotations = if annotations == Annotations::Kept { &alert.annotations } else { &none };
    let status = if notification.is_resolved() { "resolved" } else { "firing" };
    // Alertmanager groups; here each alert is a group of its own, by its labels.
    let fingerprint = alert.labels.fingerprint();
    serde_json::to_vec(&Body {
        version: "4",
        group_key: format!("{{}}:{fingerprint}"),
        truncated_alerts: 0,
        status,
        receiver,
        group_labels: &alert.labels,
        common_labels: &alert.labels,
        common_annotations: annotations,
        external_url: "",
        notification_id: notification.id(),
        alerts: [Entry {
            status,
            labels: &alert.labels,
            annotations,
            starts_at: alert.active_at.to_string(),
            ends_at: ended(alert.resolved_at),
            generator_url: "",
            fingerprint,
        }],
    })
}

fn ended(resolved_at: Option<Timestamp>) -> String {
    resolved_at.map_or_else(|| NOT_ENDED.to_owned(), |at| at.to_string())
}
