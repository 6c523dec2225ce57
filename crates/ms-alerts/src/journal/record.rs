//! What is written down. No sink's address or credentials are in it; labels and annotations of alerts are.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::alert::Alert;
use crate::delivery::Notification;
use crate::identity::Identity;
use crate::labels::Labels;
use crate::state::State;

/// One thing that has changed. Records of one line hold together or not at all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(crate) enum Record {
    /// An alert of a rule, by its key, as it is by now.
    Alert { rule: Arc<Identity>, key: Labels, live: Live },
    /// It is forgotten.
    Gone { rule: Arc<Identity>, key: Labels },
    /// Something that the sinks must hear of.
    Change { rule: Arc<Identity>, alert: Saved },
    /// A receiver is to be told of a group.
    Queued { lane: String, group: SavedGroup },
    /// A notification was accepted or given up.
    Settled { lane: String, about: About, id: String, is_end: bool, accepted: bool },
    /// What is known of a lane and an alert or a group, in place of all that was.
    Lane { lane: String, about: About, waiting: Box<Waiting> },
    /// What a receiver was told of a group.
    Told { place: Place, entry: Option<Told> },
    /// The end of a routed alert waits to be told.
    Ending { rule: Arc<Identity>, alert: Saved },
    /// It was told wherever it had to be.
    Ended { labels: Labels },
    /// A silence, as it is by now.
    Silence { silence: SavedSilence },
    /// It ended long ago.
    Forgotten { id: String },
    /// Alerts were evaluated.
    Alive { at: Moment },
}

/// A time that people can read, to the nanosecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(crate) struct Moment(pub(crate) Timestamp);

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        moment.0.to_string()
    }
}

impl TryFrom<String> for Moment {
    type Error = jiff::Error;

    fn try_from(text: String) -> Result<Self, jiff::Error> {
        text.parse().map(Self)
    }
}

/// The state of an alert. A number is its bits: JSON knows no NaN.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Live {
    pub(crate) state: SavedState,
    pub(crate) since: Option<Moment>,
    pub(crate) fired: Option<Moment>,
    pub(crate) resolved: Option<Moment>,
    /// Since when the condition has not held, of one that is kept firing.
    pub(crate) clear_since: Option<Moment>,
    pub(crate) recent: u64,
    pub(crate) value: u64,
    pub(crate) labels: Labels,
    pub(crate) annotations: Labels,
    pub(crate) told: bool,
    pub(crate) is_absence: bool,
    /// As whose it was told, if not as its own rule's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) told_as: Option<Arc<Identity>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SavedState {
    Inactive,
    Pending,
    Firing,
    Resolved,
    NoData,
}

impl From<State> for SavedState {
    fn from(state: State) -> Self {
        match state {
            State::Inactive => Self::Inactive,
            State::Pending => Self::Pending,
            State::Firing => Self::Firing,
            State::Resolved => Self::Resolved,
            State::NoData => Self::NoData,
        }
    }
}

impl From<SavedState> for State {
    fn from(state: SavedState) -> Self {
        match state {
            SavedState::Inactive => Self::Inactive,
            SavedState::Pending => Self::Pending,
            SavedState::Firing => Self::Firing,
            SavedState::Resolved => Self::Resolved,
            SavedState::NoData => Self::NoData,
        }
    }
}

/// An alert as it was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Saved {
    rule: String,
    state: SavedState,
    value: u64,
    pub(crate) labels: Labels,
    annotations: Labels,
    active_at: Moment,
    fired_at: Option<Moment>,
    resolved_at: Option<Moment>,
}

impl Saved {
    pub(crate) fn is_end(&self) -> bool {
        self.state == SavedState::Resolved
    }

    /// The id of a notification about it alone.
    pub(crate) fn id(&self, rule: &Identity) -> String {
        Notification::id_of(&self.clone().into(), rule)
    }
}

impl From<&Alert> for Saved {
    fn from(alert: &Alert) -> Self {
        Self {
            rule: alert.rule.clone(),
            state: alert.state.into(),
            value: alert.value.to_bits(),
            labels: alert.labels.clone(),
            annotations: alert.annotations.clone(),
            active_at: Moment(alert.active_at),
            fired_at: alert.fired_at.map(Moment),
            resolved_at: alert.resolved_at.map(Moment),
        }
    }
}

impl From<Saved> for Alert {
    fn from(saved: Saved) -> Self {
        Self {
            rule: saved.rule,
            state: saved.state.into(),
            value: f64::from_bits(saved.value),
            labels: saved.labels,
            annotations: saved.annotations,
            active_at: saved.active_at.0,
            fired_at: saved.fired_at.map(|at| at.0),
            resolved_at: saved.resolved_at.map(|at| at.0),
            // It may hold what only the configuration should.
            generator_url: String::new(),
        }
    }
}

/// What is needed to send the notification of a group once more, under the same id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SavedGroup {
    pub(crate) id: String,
    pub(crate) receiver: Arc<str>,
    pub(crate) key: Arc<str>,
    pub(crate) labels: Labels,
    pub(crate) alerts: Vec<Saved>,
    pub(crate) occasion: u64,
}

/// A silence; its matchers in Alertmanager's syntax.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SavedSilence {
    pub(crate) id: String,
    pub(crate) matchers: String,
    pub(crate) starts_at: Moment,
    pub(crate) ends_at: Moment,
    pub(crate) updated_at: Moment,
    pub(crate) created_by: String,
    pub(crate) comment: String,
}

/// What a notification is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum About {
    Alert { rule: Arc<Identity>, labels: Labels },
    Group { receiver: Arc<str>, group: Arc<str> },
}

/// What a lane has yet to send about one thing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Waiting {
    /// The receiver knows that the alert fires.
    pub(crate) announced: bool,
    pub(crate) firing: Option<Saved>,
    pub(crate) resolved: Option<Saved>,
    pub(crate) group: Option<SavedGroup>,
    /// An end may be on its way: what fires behind it is not known yet, whatever was announced.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_ending: bool,
}

impl Waiting {
    /// Whether there is anything to send.
    pub(crate) fn is_any(&self) -> bool {
        self.firing.is_some() || self.resolved.is_some() || self.group.is_some()
    }
}

/// A line of the notification log.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) receiver: Arc<str>,
    pub(crate) sink: Arc<str>,
    pub(crate) group: Arc<str>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) at: Moment,
    pub(crate) firing: Vec<u64>,
    pub(crate) resolved: Vec<u64>,
    pub(crate) refused: Vec<u64>,
    pub(crate) keep: std::time::Duration,
}
