//! A rule made in code.

use std::time::Duration;

use crate::condition::Condition;
use crate::error::BuildError;
use crate::group::{Rule, Threshold, What};
use crate::labels::is_label_name;
use crate::no_data::NoData;
use crate::over::{Over, Range};
use crate::state::{MOST_EVALUATIONS, Timing};
use crate::template::Template;

/// The most alerts that one rule may have at a time.
const MOST_ALERTS: usize = 10_000;

/// A named condition on a metric.
///
/// | option | default |
/// |---|---|
/// | [`metric`](Self::metric) | the rule's name |
/// | [`over`](Self::over) | the last value |
/// | [`window`](Self::window) | 300 s |
/// | [`for_`](Self::for_) | zero: fires at once |
/// | [`keep_firing_for`](Self::keep_firing_for) | zero: resolves at once |
/// | [`clear_at`](Self::clear_at) | the threshold |
/// | [`m_of_n`](Self::m_of_n) | 1 of 1 |
/// | [`no_data`](Self::no_data) | [`NoData::Keep`] |
///
/// A metric with several series gives one alert for each, with its labels. A series that is missing or NaN neither fires
/// nor resolves anything.
///
/// ```
/// use ms_alerts::{AlertManager, AlertRule, above};
/// use std::time::Duration;
///
/// let rule = AlertRule::new("HighCpu", above(), 90.0)
///     .metric("cpu_usage_percent")
///     .for_(Duration::from_secs(60))
///     .severity("warning")
///     .annotation("summary", "CPU at {{ $value }} %");
/// AlertManager::new().add_rule(rule)?;
/// # Ok::<(), ms_alerts::BuildError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "a rule does nothing until it is added"]
pub struct AlertRule {
    name: String,
    metric: Option<String>,
    condition: Condition,
    threshold: f64,
    range: Option<Range>,
    clear_at: Option<f64>,
    timing: Timing,
    no_data: NoData,
    no_data_for: Duration,
    labels: Vec<(String, String)>,
    annotations: Vec<(String, String)>,
}

impl AlertRule {
    /// Makes a rule that holds while `condition` does for the metric's value and `threshold`.
    ///
    /// A condition is a closure `Fn(f64, f64) -> bool`, a [`Comparison`](crate::Comparison), or [`above()`](crate::above)
    /// and its like. A closure that panics is a failed evaluation of this rule alone.
    pub fn new(name: impl Into<String>, condition: impl Into<Condition>, threshold: f64) -> Self {
        Self {
            name: name.into(),
            metric: None,
            condition: condition.into(),
            threshold,
            range: None,
            clear_at: None,
            no_data: NoData::Keep,
            no_data_for: Duration::ZERO,
            timing: Timing { window: Some(Duration::from_secs(300)), ..Timing::default() },
            labels: Vec::new(),
            annotations: Vec::new(),
        }
    }

    /// Reads this metric instead of the one that is named like the rule.
    pub fn metric(mut self, name: impl Into<String>) -> Self {
        self.metric = Some(name.into());
        self
    }

    /// Judges the values of a range up to now in place of the last one: what `over` makes of those that the evaluations have
    /// seen in it. Default: the last value.
    ///
    /// A series that is missing or NaN now is so for the rule, whatever it was before. The rule's `$value` is what was judged.
    /// A rule keeps a million values; past that its evaluation fails until there is room.
    ///
    /// ```
    /// use ms_alerts::{AlertRule, Over, above};
    /// use std::time::Duration;
    ///
    /// let minutes = |count: u64| Duration::from_secs(count * 60);
    /// let busy = AlertRule::new("cpu_usage_percent", above(), 90.0).over(Over::Avg, minutes(5));
    /// let errors = AlertRule::new("errors_total", above(), 0.1).over(Over::Rate, minutes(10));
    /// ```
    pub fn over(mut self, over: Over, range: Duration) -> Self {
        self.range = Some(Range { over, range });
        self
    }

    /// Sets the shortest time between two firings of an alert. Default 300 s; with zero every evaluation fires.
    ///
    /// A condition that goes on fires again each window, with a notification of its own. One that holds again too early
    /// after the alert was resolved stays pending, and fires when the window has passed and it still holds.
    pub fn window(mut self, window: Duration) -> Self {
        self.timing.window = Some(window);
        self
    }

    /// Sets how long the condition must hold before the alert fires. Default zero.
    pub fn for_(mut self, hold: Duration) -> Self {
        self.timing.hold = hold;
        self
    }

    /// Sets how long the condition must not hold before the alert resolves. Default zero.
    pub fn keep_firing_for(mut self, keep: Duration) -> Self {
        self.timing.keep_firing = keep;
        self
    }

    /// Lets an alert that fires go on until the condition does not hold against this value, either: hysteresis. Default: the
    /// threshold.
    ///
    /// With `above()` and 90, an alert that clears at 80 fires above 90 and resolves at 80 or below.
    pub fn clear_at(mut self, value: f64) -> Self {
        self.clear_at = Some(value);
        self
    }

    /// Lets the condition hold if it does in `m` of the last `n` evaluations of a series, and cease to if it does in fewer.
    /// Default 1 of 1; `n` is 64 at most.
    ///
    /// An evaluation without a number counts as one in which it does not hold, but not while the alert fires.
    pub fn m_of_n(mut self, m: u32, n: u32) -> Self {
        self.timing.needed = (m, n);
        self
    }

    /// Sets what happens when there has been no number for so long: the metric or one of its series is missing or NaN. Default:
    /// what fires goes on.
    pub fn no_data(mut self, then: NoData, for_: Duration) -> Self {
        (self.no_data, self.no_data_for) = (then, for_);
        self
    }

    /// Sets the label `severity`.
    pub fn severity(self, severity: impl Into<String>) -> Self {
        self.label("severity", severity)
    }

    /// Adds a label to the alert; it wins over one of the series. May hold `{{ $value }}` and
    /// `{{ $labels.name }}`, as in a rule file.
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.push((name.into(), value.into()));
        self
    }

    /// Adds a text for people. May be a template, as in a rule file: `{{ $labels.host }} at {{ $value | humanize }}`.
    pub fn annotation(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.annotations.push((name.into(), text.into()));
        self
    }

    pub(crate) fn compile(self) -> Result<Rule, BuildError> {
        if self.name.trim().is_empty() {
            return Err(BuildError::EmptyName);
        }
        if self.threshold.is_nan() {
            return Err(BuildError::NotANumber { rule: self.name });
        }
        let clear_at = self.clear_at.unwrap_or(self.threshold);
        if !self.condition.may_clear_at(self.threshold, clear_at) {
            return Err(BuildError::ClearAt { rule: self.name });
        }
        if self.range.is_some_and(|range| !range.is_sound()) {
            return Err(BuildError::Range { rule: self.name });
        }
        let (m, n) = self.timing.needed;
        if m == 0 || m > n || n > MOST_EVALUATIONS {
            return Err(BuildError::Evaluations { rule: self.name });
        }
        let compile = |(name, text): (String, String)| match Template::parse(&text) {
            _ if !is_label_name(&name) || matches!(name.as_str(), "__name__" | "alertname") => {
                Err(BuildError::LabelName { rule: self.name.clone(), label: name })
            }
            Ok(template) => Ok((name, template)),
            Err(found) => {
                let (rule, action) = (self.name.clone(), found.action(&text));
                Err(BuildError::Template { rule, action, message: found.message })
            }
        };
        let labels = self.labels.into_iter().map(compile).collect::<Result<_, _>>()?;
        let annotations = self.annotations.into_iter().map(compile).collect::<Result<_, _>>()?;
        Ok(Rule {
            what: What::Threshold(Threshold {
                metric: self.metric.unwrap_or_else(|| self.name.clone()),
                condition: self.condition,
                threshold: self.threshold,
                range: self.range,
                clear_at,
            }),
            no_data: self.no_data,
            no_data_for: self.no_data_for,
            name: self.name,
            timing: self.timing,
            limit: Some(MOST_ALERTS),
            #[cfg(feature = "rules")]
            offset: 0,
            labels,
            annotations,
        })
    }
}
