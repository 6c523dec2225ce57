//! Where an alert goes, and whether it is to be heard: the decisions of an Alertmanager, read from its own file.

mod calendar;
mod error;
mod inhibit;
mod load;
pub(crate) mod matcher;
#[cfg(feature = "webhook")]
mod receivers;
mod tree;
mod yaml;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

pub use error::RouteFileError;
#[cfg(feature = "webhook")]
pub use receivers::Receivers;

use crate::labels::Labels;
use calendar::Interval;
use inhibit::Inhibition;
pub(crate) use inhibit::Sources;
pub(crate) use tree::Place;
use tree::Route;

/// The routes, inhibitions and time intervals of a file in [Alertmanager's format][format].
///
/// It decides as Alertmanager does: by itself, or for a manager that is given it by
/// [`routes`](crate::AlertManagerBuilder::routes). Of `receivers` it reads the names, of `global` and `templates` nothing. Fields it does not know, and expressions that mean something else in Go, are refused.
///
/// ```
/// use ms_alerts::{Labels, Routes};
///
/// let routes = Routes::parse("routes.yml", r#"
/// route:
///   receiver: duty
///   group_by: [alertname]
///   routes:
///     - matchers: ['severity="page"', 'department=~"icu|er"']
///       receiver: pager
///       repeat_interval: 30m
/// receivers: [{name: duty}, {name: pager}]
/// "#)?;
///
/// let alert = Labels::from_iter([("alertname", "HighCpu"), ("severity", "page"), ("department", "icu")]);
/// let destinations = routes.destinations(&alert);
/// assert_eq!(destinations[0].receiver(), "pager");
/// assert_eq!(destinations[0].group(&alert), Labels::from_iter([("alertname", "HighCpu")]));
/// # Ok::<(), ms_alerts::RouteFileError>(())
/// ```
///
/// [format]: https://prometheus.io/docs/alerting/latest/configuration/
pub struct Routes {
    root: Route,
    inhibitions: Vec<Inhibition>,
    intervals: HashMap<String, Vec<Interval>>,
    /// All that the file names, used or not.
    receivers: HashSet<String>,
}

/// A route that takes an alert; made by [`Routes::destinations`].
#[derive(Clone, Copy)]
pub struct Destination<'r> {
    place: &'r Arc<Place>,
    intervals: &'r HashMap<String, Vec<Interval>>,
}

impl Routes {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or anything in it is wrong or not supported: the error names file, line and column of
    /// everything that was found.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, RouteFileError> {
        let file = path.as_ref().display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| RouteFileError::Read { file: file.clone(), source })?;
        Self::parse(&file, &text)
    }

    /// Reads a text; `name` stands for the file in errors.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read).
    pub fn parse(name: &str, text: &str) -> Result<Self, RouteFileError> {
        load::parse(text).map_err(|problems| RouteFileError::Refused { file: name.to_owned(), problems })
    }

    /// Gives where an alert with these labels goes, in the order of the file; at least one place.
    pub fn destinations(&self, labels: &Labels) -> Vec<Destination<'_>> {
        let mut found = Vec::new();
        self.root.find(labels, &mut found);
        found.into_iter().map(|place| self.destination(place)).collect()
    }

    pub(crate) fn destination<'r>(&'r self, place: &'r Arc<Place>) -> Destination<'r> {
        Destination { place, intervals: &self.intervals }
    }

    pub(crate) fn declares(&self, receiver: &str) -> bool {
        self.receivers.contains(receiver)
    }

    /// Gives the names of the receivers that some route leads to.
    pub(crate) fn receivers(&self) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        self.root.receivers(&mut found);
        found
    }

    /// Looks at the alerts that fire, so that many can be asked about.
    pub(crate) fn sources<'l>(&self, firing: impl Iterator<Item = &'l Labels> + Clone) -> Sources<'_> {
        Sources::of(&self.inhibitions, firing)
    }

    /// Tells whether an alert is silenced by one of those that are `firing`, of which it may be one itself.
    ///
    /// Takes time for each inhibition that has the alert for a target, and each that fires.
    ///
    /// ```
    /// use ms_alerts::{Labels, Routes};
    ///
    /// let routes = Routes::parse("routes.yml", r#"
    /// route: {receiver: duty}
    /// receivers: [{name: duty}]
    /// inhibit_rules:
    ///   - source_matchers: [severity="page"]
    ///     target_matchers: [severity="warning"]
    ///     equal: [department]
    /// "#)?;
    ///
    /// let of = |severity, department| Labels::from_iter([("severity", severity), ("department", department)]);
    /// let firing = [of("page", "icu"), of("warning", "er"), of("warning", "icu")];
    /// assert!(routes.is_inhibited(&firing[2], &firing));
    /// assert!(!routes.is_inhibited(&firing[1], &firing));
    /// # Ok::<(), ms_alerts::RouteFileError>(())
    /// ```
    pub fn is_inhibited<'l>(
        &self,
        alert: &Labels,
        firing: impl IntoIterator<Item = &'l Labels> + Clone,
    ) -> bool {
        self.inhibitions
            .iter()
            .filter(|rule| rule.is_target(alert))
            .any(|rule| firing.clone().into_iter().any(|other| rule.silences(other, alert)))
    }
}

impl<'r> Destination<'r> {
    /// Names who is told.
    pub fn receiver(&self) -> &'r str {
        &self.place.options.receiver
    }

    pub(crate) fn place(&self) -> &'r Arc<Place> {
        self.place
    }

    /// Gives the labels by which an alert is grouped here: those with the same are told together.
    pub fn group(&self, labels: &Labels) -> Labels {
        self.place.options.group_by.labels(labels)
    }

    /// Gives how long the first alert of a group waits for others. Default 30 s.
    pub fn group_wait(&self) -> Duration {
        self.place.options.group_wait
    }

    /// Gives how long a change in a group waits after one that was told. Default 5 min.
    pub fn group_interval(&self) -> Duration {
        self.place.options.group_interval
    }

    /// Gives after what time a group that did not change is told again. Default 4 h.
    pub fn repeat_interval(&self) -> Duration {
        self.place.options.repeat_interval
    }

    /// Tells whether nobody is told at this moment: it lies in one of the route's `mute_time_intervals`, or outside of all
    /// its `active_time_intervals` if there are any.
    pub fn is_muted_at(&self, moment: Timestamp) -> bool {
        let holds = |name: &String| {
            self.intervals.get(name).into_iter().flatten().any(|interval| interval.contains(moment))
        };
        let active = &self.place.active;
        self.place.muted.iter().any(holds) || (!active.is_empty() && !active.iter().any(holds))
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes").finish_non_exhaustive()
    }
}

impl fmt::Debug for Destination<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Destination").field("receiver", &self.receiver()).finish_non_exhaustive()
    }
}
