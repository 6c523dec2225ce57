//! A rule made in code.

use std::time::Duration;

use crate::condition::Condition;
use crate::error::BuildError;
use crate::group::{Rule, What};
use crate::labels::is_label_name;
use crate::state::Timing;
use crate::template::Template;

/// The most alerts that one rule may have at a time.
const MOST_ALERTS: usize = 10_000;

/// A named condition on a metric.
///
/// | option | default |
/// |---|---|
/// | [`metric`](Self::metric) | the rule's name |
/// | [`window`](Self::window) | 300 s |
/// | [`for_`](Self::for_) | zero: fires at once |
/// | [`keep_firing_for`](Self::keep_firing_for) | zero: resolves at once |
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
    timing: Timing,
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
            what: What::Threshold {
                metric: self.metric.unwrap_or_else(|| self.name.clone()),
                condition: self.condition,
                threshold: self.threshold,
            },
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
