//! Notifications as events of `tracing`.

use std::sync::Arc;

use super::Notification;
use super::sink::{SendFuture, Sink};
use crate::alert::Alert;
use crate::state::State;

/// Writes each change as one event of `tracing`: at WARN when an alert fires, at INFO when it is resolved.
///
/// Of a group each alert is an event of its own, with the field `receiver` and the group's `id`: one line tells all about
/// one alert, whoever searches for it.
///
/// Events have the target `ms_alerts::log`, so that a rule on the number of logged errors can leave them out.
///
/// ```
/// # use ms_alerts::{AlertManager, log_sink};
/// let alerts = AlertManager::builder().sink(log_sink()).build()?;
/// # Ok::<(), ms_alerts::BuildError>(())
/// ```
pub fn log_sink() -> LogSink {
    LogSink(())
}

/// The sink of [`log_sink`].
#[derive(Debug, Clone)]
pub struct LogSink(());

impl Sink for LogSink {
    fn name(&self) -> &str {
        "log"
    }

    fn send(&self, notification: Arc<Notification>) -> SendFuture<'_> {
        notification.alerts().iter().for_each(|alert| write(&notification, alert));
        Box::pin(std::future::ready(Ok(())))
    }
}

fn write(notification: &Notification, alert: &Alert) {
    let (id, rule, value) = (notification.id(), alert.rule.as_str(), alert.value);
    let (labels, annotations) = (&alert.labels, &alert.annotations);
    let receiver = Some(notification.receiver()).filter(|name| !name.is_empty());
    if alert.state == State::Resolved {
        tracing::info!(target: "ms_alerts::log", receiver, rule, id, value, ?labels, ?annotations, "alert resolved");
    } else {
        tracing::warn!(target: "ms_alerts::log", receiver, rule, id, value, ?labels, ?annotations, "alert firing");
    }
}
