//! What is sent: one change of one alert.

use std::sync::Arc;

use crate::alert::Alert;
use crate::fingerprint::Fnv;
use crate::identity::Identity;
use crate::labels::Labels;
use crate::state::State;

/// An alert that fired or was resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Notification {
    alert: Alert,
    key: Key,
    id: String,
}

/// Which alert a notification is about: its rule and its labels.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    rule: Arc<Identity>,
    labels: Labels,
}

impl Notification {
    pub(crate) fn new(alert: Alert, rule: Arc<Identity>) -> Self {
        let key = Key { rule, labels: alert.labels.clone() };
        let id = id(&alert, &key);
        Self { alert, key, id }
    }

    /// Gives the alert, as it was at the change.
    pub fn alert(&self) -> &Alert {
        &self.alert
    }

    /// Gives the identity of this change: the same whenever and wherever it is sent again, also behind a reload of the rules.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Tells whether the alert was resolved; otherwise it fired.
    pub fn is_resolved(&self) -> bool {
        self.alert.state == State::Resolved
    }

    pub(crate) fn key(&self) -> &Key {
        &self.key
    }
}

/// The alert's fingerprint, then what tells its changes apart: rule, time of firing, kind.
fn id(alert: &Alert, key: &Key) -> String {
    let mut change = Fnv::default();
    let fired = alert.fired_at.unwrap_or(alert.active_at).as_nanosecond();
    key.rule.hash_into(&mut change);
    change.text(&fired.to_string()).text(alert.state.as_str());
    format!("{}-{:016x}", alert.labels.fingerprint(), change.finish())
}
