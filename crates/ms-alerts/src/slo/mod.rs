//! Service level objectives, as ordinary rules.

mod burn;
mod error;
mod indicator;
mod maintenance;
mod render;

use std::ops::Range;
use std::time::Duration;

use jiff::civil::Weekday;

pub use error::SloError;

use indicator::Indicator;
use maintenance::Maintenance;

const DAY: Duration = Duration::from_hours(24);

/// A service level objective: which share of the events of a window must be good.
///
/// [`rules`](Self::rules) writes it down as a rule file of recording rules and alerts, which
/// [`AlertManagerBuilder::rules_text`](crate::AlertManagerBuilder::rules_text) and a Prometheus server read alike. The
/// alerts are those of the [SRE workbook], chapter 5: an alert fires when a long and a short window both burn the error
/// budget so fast that a given part of it is spent.
///
/// | severity | long window | short window | part of the budget | burn rate, of 30 days |
/// |---|---|---|---|---|
/// | page | 1 h | 5 min | 2 % | 14.4 |
/// | page | 6 h | 30 min | 5 % | 6 |
/// | ticket | 3 d | 6 h | 10 % | 1 |
///
/// [SRE workbook]: https://sre.google/workbook/alerting-on-slos/
///
/// # Examples
///
/// ```
/// use ms_alerts::{AlertManager, Slo};
///
/// let slo = Slo::availability("shifts", r#"http_requests_total{status=~"5.."}"#, "http_requests_total")
///     .objective(0.999)
///     .min_events(100);
/// let rules = slo.rules()?;
/// assert!(rules.contains("> 14.4 * 0.001"));
/// # Ok::<(), ms_alerts::SloError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "an objective does nothing until its rules are written"]
pub struct Slo {
    name: String,
    indicator: Indicator,
    objective: f64,
    window: Duration,
    min_events: u64,
    maintenance: Vec<Maintenance>,
}

impl Slo {
    /// Counts an event that is among `bad` as bad, of all those in `total`; both select counters.
    pub fn availability(name: impl Into<String>, bad: impl Into<String>, total: impl Into<String>) -> Self {
        Self::new(name.into(), Indicator::Availability { bad: bad.into(), total: total.into() })
    }

    /// Counts an event that took longer than `limit` as bad; `histogram` selects a classic histogram of seconds by the
    /// name that stands before `_bucket`, and `limit` is one of its bounds.
    pub fn latency(name: impl Into<String>, histogram: impl Into<String>, limit: Duration) -> Self {
        Self::new(name.into(), Indicator::Latency { histogram: histogram.into(), limit })
    }

    fn new(name: String, indicator: Indicator) -> Self {
        Self { name, indicator, objective: 0.999, window: 30 * DAY, min_events: 0, maintenance: Vec::new() }
    }

    /// Sets the share of good events, above 0 and below 1. Default 0.999.
    pub fn objective(mut self, share: f64) -> Self {
        self.objective = share;
        self
    }

    /// Sets the window in which the objective must be met, whole days from 7 to 365. Default 30 days.
    ///
    /// Burn rates follow from it, but are never below 1, at which the budget just lasts.
    pub fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Alerts only if the long window, or the short one of a ticket, has seen as many events: with few, one failure is a
    /// large share. Default 0.
    pub fn min_events(mut self, events: u64) -> Self {
        self.min_events = events;
        self
    }

    /// Adds hours of maintenance on a day of the week, in UTC: `2..4` is 02:00 to 04:00. May be called several times.
    ///
    /// In them nothing pages and nothing is taken from the budget; nor does what happened in them page afterwards.
    pub fn maintenance(mut self, day: Weekday, hours: Range<u8>) -> Self {
        self.maintenance.push(Maintenance { day, hours });
        self
    }

    /// Writes the objective as a rule file.
    ///
    /// Recorded are `slo:bad_events:rate5m` and `slo:events:rate5m`, which the long windows are summed up from, and
    /// `slo:error_budget:remaining_ratio`: 1 is an untouched budget, 0 a spent one. The alerts are called
    /// `ErrorBudgetBurn`. All carry the label `slo`. A burn rate that even a total failure does not reach, since the
    /// objective is low, has no alert.
    ///
    /// # Errors
    ///
    /// [`SloError`] names the option that cannot be.
    pub fn rules(&self) -> Result<String, SloError> {
        self.check()?;
        Ok(render::file(self))
    }

    fn check(&self) -> Result<(), SloError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '/' | ' ');
        if self.name.is_empty() || !self.name.chars().all(allowed) {
            return Err(SloError::Name { name: self.name.clone() });
        }
        if !(self.objective > 0.0 && self.budget() > 0.0) {
            return Err(SloError::Objective { objective: self.objective });
        }
        let seconds = self.window.as_secs();
        let whole = self.window.subsec_nanos() == 0 && seconds.is_multiple_of(DAY.as_secs());
        if !whole || !(7 * DAY..=365 * DAY).contains(&self.window) {
            return Err(SloError::Window { window: self.window });
        }
        self.maintenance.iter().try_for_each(Maintenance::check)?;
        self.indicator.check()
    }

    /// The share of bad events that is allowed, without the noise of a subtraction: 0.001, not 0.0010000000000000009.
    fn budget(&self) -> f64 {
        ((1.0 - self.objective) * 1e12).round() / 1e12
    }
}
