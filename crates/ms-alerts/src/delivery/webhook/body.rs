//! The body of a request: version 4 of Alertmanager's webhook format.

use jiff::Timestamp;
use serde::Serialize;

use crate::alert::Alert;
use crate::delivery::{NOT_ENDED, Notification};
use crate::labels::Labels;
use crate::state::State;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    version: &'static str,
    group_key: &'a str,
    truncated_alerts: u64,
    status: &'static str,
    receiver: &'a str,
    group_labels: &'a Labels,
    common_labels: &'a Labels,
    common_annotations: &'a Labels,
    #[serde(rename = "externalURL")]
    external_url: &'a str,
    /// Ours: tells a repeat from a new change.
    #[serde(rename = "notification_id")]
    notification_id: &'a str,
    alerts: Vec<Entry<'a>>,
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
    generator_url: &'a str,
    fingerprint: String,
}

/// `name` stands for the receiver of an alert that is not routed.
pub(super) fn of(notification: &Notification, name: &str) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Body {
        version: "4",
        group_key: notification.group_key(),
        truncated_alerts: notification.truncated(),
        status: status(notification.is_resolved()),
        receiver: notification.receiver_or(name),
        group_labels: notification.group_labels(),
        common_labels: notification.common_labels(),
        common_annotations: notification.common_annotations(),
        external_url: notification.external_url(),
        notification_id: notification.id(),
        alerts: notification.alerts().iter().map(Entry::of).collect(),
    })
}

impl<'a> Entry<'a> {
    fn of(alert: &'a Alert) -> Self {
        Self {
            status: status(alert.state == State::Resolved),
            labels: &alert.labels,
            annotations: &alert.annotations,
            starts_at: alert.active_at.to_string(),
            ends_at: ended(alert.resolved_at),
            generator_url: &alert.generator_url,
            fingerprint: alert.labels.fingerprint(),
        }
    }
}

fn status(resolved: bool) -> &'static str {
    if resolved { "resolved" } else { "firing" }
}

fn ended(resolved_at: Option<Timestamp>) -> String {
    resolved_at.map_or_else(|| NOT_ENDED.to_owned(), |at| at.to_string())
}
