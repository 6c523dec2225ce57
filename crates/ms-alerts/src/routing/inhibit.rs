//! Alerts that silence others while they fire.

use super::matcher::{Matcher, all_match};
use crate::labels::Labels;

/// One rule: alerts that `source` matches silence those that `target` does, where the labels named in `equal` agree.
#[derive(Debug)]
pub(super) struct Inhibition {
    pub(super) source: Vec<Matcher>,
    pub(super) target: Vec<Matcher>,
    pub(super) equal: Vec<String>,
}

impl Inhibition {
    pub(super) fn is_target(&self, labels: &Labels) -> bool {
        all_match(&self.target, labels)
    }

    /// Whether `firing` silences `target`, which is a target. Two alerts that are both source and target do not silence each
    /// other, and so none silences itself.
    pub(super) fn silences(&self, firing: &Labels, target: &Labels) -> bool {
        let both = || all_match(&self.source, target) && self.is_target(firing);
        let value = |labels: &Labels, name: &str| labels.get(name).unwrap_or_default().to_owned();
        all_match(&self.source, firing)
            && self.equal.iter().all(|name| value(firing, name) == value(target, name))
            && !both()
    }
}
