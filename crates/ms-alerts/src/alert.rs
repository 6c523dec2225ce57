//! One alert, as it is shown and sent.

use jiff::Timestamp;

use crate::labels::Labels;
use crate::state::State;

/// An alert at one moment.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Alert {
    /// The rule's name, which is also the label `alertname`.
    pub rule: String,
    /// Where the alert stands.
    pub state: State,
    /// The value that was judged last.
    pub value: f64,
    /// The labels of the series and the rule's own, which win.
    pub labels: Labels,
    /// Texts for people.
    pub annotations: Labels,
    /// When the condition began to hold.
    pub active_at: Timestamp,
    /// When the alert fired, if it has.
    pub fired_at: Option<Timestamp>,
    /// When it was resolved, if it was.
    pub resolved_at: Option<Timestamp>,
    /// Where its rule is shown, as Prometheus tells it: [`external_url`](crate::AlertManagerBuilder::external_url) with
    /// `/graph?g0.expr=…`. Empty without one, and in a list of active alerts.
    pub generator_url: String,
}

impl Alert {
    /// Gives the label `severity`, if there is one.
    pub fn severity(&self) -> Option<&str> {
        self.labels.get("severity")
    }
}

/// What a rule is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RuleKind {
    /// It fires alerts.
    Alerting,
    /// It writes a series that other rules read. Its state is always inactive.
    Recording,
}

/// A rule and where it stands.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RuleStatus {
    /// The rule's name.
    pub name: String,
    /// The group that the rule is in: its name in the rule file, empty for a rule made in code.
    pub group: String,
    /// What it is for.
    pub kind: RuleKind,
    /// The most urgent state of its alerts: firing, pending, no data, resolved, inactive, in this order.
    pub state: State,
    /// Why the last evaluation failed, if it did. A failed evaluation changes no state.
    pub error: Option<String>,
}
