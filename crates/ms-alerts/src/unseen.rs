//! What cannot be seen for now.

use std::collections::HashSet;

use crate::group::Group;
use crate::promql::Query;

/// The metrics that sources which failed gave before. A rule that reads one of them resolves nothing: its series may be gone, or
/// only out of sight.
#[derive(Debug, Default)]
pub(crate) struct Unseen {
    /// A source was never read: nobody knows what it has.
    anything: bool,
    metrics: HashSet<String>,
}

impl Unseen {
    /// Adds what a source gave when it was read last, if it ever was.
    pub(crate) fn add(&mut self, known: Option<&HashSet<String>>) {
        match known {
            Some(metrics) => self.metrics.extend(metrics.iter().cloned()),
            None => self.anything = true,
        }
    }

    /// Tells whether an expression may look at any of it.
    pub(crate) fn concerns(&self, query: &Query) -> bool {
        if self.anything || self.metrics.is_empty() {
            return self.anything;
        }
        let mut concerns = false;
        query.looks_at(|name, _| concerns |= name.is_none_or(|name| self.metrics.contains(name)));
        concerns
    }

    /// Adds what recording rules make of it.
    pub(crate) fn and_recorded(mut self, groups: &[Group]) -> Self {
        let records = || groups.iter().flat_map(|group| &group.rules).filter_map(|rule| rule.records());
        while !self.anything && !self.metrics.is_empty() {
            let more: Vec<_> = records()
                .filter(|(name, query)| !self.metrics.contains(*name) && self.concerns(query))
                .map(|(name, _)| name.to_owned())
                .collect();
            if more.is_empty() {
                break;
            }
            self.metrics.extend(more);
        }
        self
    }
}
