//! The alerts that Alertmanagers are to know of.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tokio::time::Instant;

use crate::alert::Alert;
use crate::labels::Labels;
use crate::state::State;

/// How long the end of an alert is told again, as by Prometheus.
const RESOLVED_FOR: Duration = Duration::from_secs(15 * 60);
/// An alert that is not told again ends after so many intervals.
const INTERVALS: u32 = 4;

/// Those that fire, and those that were resolved of late.
#[derive(Debug, Default)]
pub(super) struct Active(HashMap<Labels, Known>);

#[derive(Debug, Clone)]
struct Known {
    annotations: Labels,
    starts_at: Timestamp,
    ended: Option<(Timestamp, Instant)>,
    generator_url: String,
    /// Some Alertmanager has heard of it.
    accepted: bool,
}

/// The labels of an alert win.
fn with(external: &Labels, alert: &Alert) -> Labels {
    external.iter().chain(alert.labels.iter()).collect()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Posted<'a> {
    annotations: &'a Labels,
    ends_at: String,
    starts_at: String,
    #[serde(rename = "generatorURL", skip_serializing_if = "str::is_empty")]
    generator_url: &'a str,
    labels: &'a Labels,
}

impl Active {
    /// Takes in what has changed; gives which alerts those are.
    pub(super) fn learn(&mut self, alerts: &[Alert], external: &Labels) -> Arc<[Labels]> {
        let learn = |alert: &Alert| {
            let labels = with(external, alert);
            let ended = (alert.state == State::Resolved)
                .then(|| (alert.resolved_at.unwrap_or_else(Timestamp::now), Instant::now()));
            // A reminder is no new beginning.
            let before = self.0.get(&labels).filter(|known| known.ended.is_none());
            let known = Known {
                annotations: alert.annotations.clone(),
                starts_at: before
                    .map_or_else(|| alert.fired_at.unwrap_or(alert.active_at), |known| known.starts_at),
                ended,
                generator_url: alert.generator_url.clone(),
                accepted: before.is_some_and(|known| known.accepted),
            };
            self.0.insert(labels.clone(), known);
            labels
        };
        alerts.iter().map(learn).collect()
    }

    /// Some Alertmanager has heard of these.
    pub(super) fn accepted(&mut self, which: &[Labels]) {
        for labels in which {
            if let Some(known) = self.0.get_mut(labels) {
                known.accepted = true;
            }
        }
    }

    /// Forgets what fires and nobody has heard of.
    pub(super) fn give_up(&mut self, alerts: &[Alert], external: &Labels) {
        for labels in alerts.iter().map(|alert| with(external, alert)) {
            if self.0.get(&labels).is_some_and(|known| known.ended.is_none() && !known.accepted) {
                self.0.remove(&labels);
            }
        }
    }

    /// Gives all of them, and forgets those that ended long ago.
    pub(super) fn all(&mut self, now: Instant) -> Vec<Labels> {
        self.0.retain(|_, known| {
            known.ended.is_none_or(|(_, since)| now.saturating_duration_since(since) < RESOLVED_FOR)
        });
        self.0.keys().cloned().collect()
    }

    /// The body of a request about these, as they are by now.
    pub(super) fn body(&self, which: &[Labels], resend: Duration) -> Result<Vec<u8>, serde_json::Error> {
        let ahead = SignedDuration::try_from(resend.saturating_mul(INTERVALS)).unwrap_or(SignedDuration::MAX);
        let later = Timestamp::now().saturating_add(ahead).unwrap_or(Timestamp::MAX);
        let posted = which.iter().filter_map(|labels| {
            let known = self.0.get(labels)?;
            Some(Posted {
                annotations: &known.annotations,
                ends_at: known.ended.map_or(later, |(at, _)| at).to_string(),
                starts_at: known.starts_at.to_string(),
                generator_url: &known.generator_url,
                labels,
            })
        });
        serde_json::to_vec(&posted.collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_has_heard_of_is_not_told_on_once_it_is_given_up() {
        let alert = |state| Alert {
            rule: "R".to_owned(),
            state,
            value: 1.0,
            labels: Labels::from_iter([("alertname", "R")]),
            annotations: Labels::default(),
            active_at: Timestamp::UNIX_EPOCH,
            fired_at: None,
            resolved_at: None,
            generator_url: String::new(),
        };
        let external = Labels::from_iter([("site", "izmir")]);
        let (fires, ended) = ([alert(State::Firing)], [alert(State::Resolved)]);
        let known = |active: &mut Active| active.all(Instant::now()).len();
        let mut active = Active::default();
        active.learn(&fires, &external);
        active.give_up(&fires, &external);
        assert_eq!(known(&mut active), 0);
        let labels = active.learn(&fires, &external);
        active.accepted(&labels);
        active.learn(&fires, &external);
        active.give_up(&fires, &external);
        assert_eq!(known(&mut active), 1, "a reminder was given up");
        active.learn(&ended, &external);
        active.give_up(&ended, &external);
        assert_eq!(known(&mut active), 1, "its end is told for a while");
    }
}
