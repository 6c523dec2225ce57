//! One alert of a rule.

use tokio::time::Instant;

use crate::alert::Alert;
use crate::labels::Labels;
use crate::state::{State, Track};

#[derive(Debug)]
pub(super) struct Live {
    pub(super) track: Track,
    pub(super) value: f64,
    pub(super) labels: Labels,
    pub(super) annotations: Labels,
    /// It fired in an evaluation before this one.
    pub(super) told: bool,
    /// Since when its series has had no number.
    pub(super) missing_since: Option<Instant>,
    /// It fires, for there is no data.
    pub(super) is_absence: bool,
    /// What the journal knows of it.
    pub(super) written: Option<(Track, bool, bool)>,
    /// Until then its condition may not hold for want of what was seen before a restart.
    pub(super) blind_until: Option<Instant>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            track: Track::default(),
            value: f64::NAN,
            labels: Labels::default(),
            annotations: Labels::default(),
            told: false,
            missing_since: None,
            is_absence: false,
            written: None,
            blind_until: None,
        }
    }
}

impl Live {
    pub(super) fn is_active(&self) -> bool {
        matches!(self.track.state(), State::Pending | State::Firing)
    }

    /// Nothing is shown of an alert that never was active.
    pub(super) fn alert(&self, rule: &str) -> Option<Alert> {
        let state = self.track.state();
        Some(Alert {
            rule: rule.to_owned(),
            state,
            value: self.value,
            labels: self.labels.clone(),
            annotations: self.annotations.clone(),
            active_at: self.track.active_at()?,
            // An alert that is pending for the second time has not fired yet.
            fired_at: self.track.fired_at().filter(|_| state != State::Pending),
            resolved_at: self.track.resolved_at().filter(|_| state == State::Resolved),
            generator_url: String::new(),
        })
    }
}
