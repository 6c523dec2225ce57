//! The tree of routes, with what each inherits written out.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::matcher::{Matcher, all_match};
use crate::labels::Labels;

#[derive(Debug)]
pub(super) struct Route {
    pub(super) matchers: Vec<Matcher>,
    /// Whether an alert that is routed here is shown to the next of the same parent.
    pub(super) proceed: bool,
    pub(super) place: Arc<Place>,
    pub(super) routes: Vec<Route>,
}

/// What becomes of the alerts that end at a route.
#[derive(Debug)]
pub(crate) struct Place {
    /// Counted from the root on; no two routes share it.
    pub(crate) number: usize,
    /// The matchers on the way, as Alertmanager writes them; routes may share it.
    pub(crate) key: String,
    pub(super) options: Options,
    /// Names of intervals; not inherited, as in Alertmanager.
    pub(super) muted: Vec<String>,
    pub(super) active: Vec<String>,
}

/// What a route hands down to those below it.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) receiver: String,
    pub(super) group_by: GroupBy,
    pub(super) group_wait: Duration,
    pub(super) group_interval: Duration,
    pub(super) repeat_interval: Duration,
}

#[derive(Debug, Clone)]
pub(super) enum GroupBy {
    Labels(BTreeSet<String>),
    All,
}

/// Alertmanager's own.
impl Default for Options {
    fn default() -> Self {
        Self {
            receiver: String::new(),
            group_by: GroupBy::Labels(BTreeSet::new()),
            group_wait: Duration::from_secs(30),
            group_interval: Duration::from_secs(5 * 60),
            repeat_interval: Duration::from_secs(4 * 60 * 60),
        }
    }
}

impl GroupBy {
    pub(super) fn labels(&self, labels: &Labels) -> Labels {
        match self {
            Self::Labels(names) => labels.iter().filter(|(name, _)| names.contains(*name)).collect(),
            Self::All => labels.clone(),
        }
    }
}

/// The key of a route below another, whose own is `above`.
pub(super) fn key(above: &str, matchers: &[Matcher]) -> String {
    let mut sorted: Vec<_> = matchers.iter().collect();
    sorted.sort_by_key(|matcher| (matcher.name(), matcher.value(), matcher.kind()));
    let own: Vec<_> = sorted.into_iter().map(Matcher::to_string).collect();
    let slash = if above.is_empty() { "" } else { "/" };
    format!("{above}{slash}{{{}}}", own.join(","))
}

impl Route {
    /// Adds the routes that take an alert: the deepest ones, from left to right. Tells whether there is any.
    pub(super) fn find<'r>(&'r self, labels: &Labels, found: &mut Vec<&'r Arc<Place>>) -> bool {
        if !all_match(&self.matchers, labels) {
            return false;
        }
        let mut taken = false;
        for route in &self.routes {
            if route.find(labels, found) {
                taken = true;
                if !route.proceed {
                    break;
                }
            }
        }
        if !taken {
            found.push(&self.place);
        }
        true
    }

    /// Adds the receivers of this route and of those below it.
    pub(super) fn receivers<'r>(&'r self, found: &mut BTreeSet<&'r str>) {
        found.insert(&self.place.options.receiver);
        self.routes.iter().for_each(|route| route.receivers(found));
    }
}
