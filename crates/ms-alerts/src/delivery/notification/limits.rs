//! What is left of a notification for a receiver that cannot take, or does not want, all of it.

use std::sync::Arc;

use super::group::Group;
use super::{About, Notification};
use crate::alert::Alert;
use crate::labels::Labels;
use crate::state::State;

impl Notification {
    /// The receiver, or the `name` of a sink to which alerts are not routed.
    pub(crate) fn receiver_or<'n>(&'n self, name: &'n str) -> &'n str {
        Some(self.receiver()).filter(|receiver| !receiver.is_empty()).unwrap_or(name)
    }

    /// What is left for a receiver that may not want to hear of alerts that are `resolved`, nor of more than `most`; `None` if
    /// nothing is. It stays the same change, with the same id.
    pub(crate) fn limited(self: &Arc<Self>, resolved: bool, most: usize) -> Option<Arc<Self>> {
        let is_wanted = |alert: &Alert| resolved || alert.state != State::Resolved;
        let wanted = self.alerts().iter().filter(|alert| is_wanted(alert)).count();
        if wanted == 0 {
            return None;
        }
        let About::Group(group) = &self.about else { return Some(Arc::clone(self)) };
        let most = most.max(1);
        if wanted == group.alerts.len() && wanted <= most {
            return Some(Arc::clone(self));
        }
        let alerts = group.alerts.iter().filter(|alert| is_wanted(alert)).take(most).cloned().collect();
        let mut kept = Group::new(Arc::clone(&group.receiver), group.labels.clone(), alerts)?;
        kept.truncated = group.truncated + wanted.saturating_sub(most) as u64;
        Some(Arc::new(Self { about: About::Group(Box::new(kept)), ..Self::clone(self) }))
    }

    /// The same without texts for people and all but the first alerts: what is tried where the whole is too large.
    pub(crate) fn shortened(self: &Arc<Self>) -> Arc<Self> {
        const MOST: usize = 10;
        let mut short =
            self.limited(true, MOST).map_or_else(|| Self::clone(self), |short| Self::clone(&short));
        match &mut short.about {
            About::Alert(alert) => alert.annotations = Labels::default(),
            About::Group(group) => group.forget_annotations(),
        }
        Arc::new(short)
    }
}
