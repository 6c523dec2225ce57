//! What makes a rule the same one after a reload and after a restart.

use serde::{Deserialize, Serialize};

use crate::alert::RuleKind;
use crate::fingerprint::Fnv;
use crate::group::About;
use crate::snapshot::RuleAbout;

/// As in Prometheus: file and group, name and labels, whatever became of the expression. Of several that are alike, the how
/// many-th.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Identity {
    file: String,
    group: String,
    /// Of recording rules nothing is written down.
    #[serde(skip, default = "alerting")]
    kind: RuleKind,
    name: String,
    /// As they were written, sorted by name.
    labels: Vec<(String, String)>,
    ordinal: usize,
}

fn alerting() -> RuleKind {
    RuleKind::Alerting
}

impl Identity {
    /// The first of its kind.
    pub(crate) fn of(group: &About, rule: &RuleAbout) -> Self {
        let mut labels = rule.labels.clone();
        labels.sort_unstable();
        Self {
            file: group.file.clone(),
            group: group.name.clone(),
            kind: rule.kind,
            name: rule.name.clone(),
            labels,
            ordinal: 0,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Takes it into a hash that is the same in every process; only alerting rules have need of one.
    pub(crate) fn hash_into(&self, hash: &mut Fnv) {
        hash.text(&self.file).text(&self.group).text(&self.name).text(&self.ordinal.to_string());
        for (name, text) in &self.labels {
            hash.text(name).text(text);
        }
    }
}

/// Gives the rules of these groups their identities.
#[cfg(feature = "rules")]
pub(crate) fn identify(groups: &mut [crate::group::Group]) {
    let mut alike: std::collections::HashMap<Identity, usize> = std::collections::HashMap::new();
    for group in groups {
        for rule in &mut group.rules {
            let first = Identity::of(&group.about, rule.about());
            let ordinal = alike.entry(first.clone()).or_default();
            rule.identify(std::sync::Arc::new(Identity { ordinal: *ordinal, ..first }));
            *ordinal += 1;
        }
    }
}
