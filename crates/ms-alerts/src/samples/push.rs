//! Samples that are handed over where they come up.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::Samples;
use super::source::{Read, Reading, Source};
use crate::labels::{Labels, is_label_name, is_metric_name};
use crate::observe;

/// Longer series are nobody's, in bytes of name and labels.
const LONGEST: usize = 4096;

/// A source to which samples are pushed where they come up; cheap to clone, all clones share one state.
///
/// | option | default |
/// |---|---|
/// | [`max_series`](Self::max_series) | 10,000 |
/// | [`stale_after`](Self::stale_after) | 5 min |
///
/// Evaluations see the value that was pushed last. A series to which nothing is pushed for five minutes has gone, as one that is
/// missing from an exposition.
///
/// ```
/// use ms_alerts::{AlertManager, AlertRule, PushSource, above};
///
/// let pushed = PushSource::new();
/// let alerts = AlertManager::builder()
///     .rule(AlertRule::new("queue_depth", above(), 100.0))
///     .source(pushed.source())
///     .build()?;
/// pushed.push("queue_depth", &[("ward", "icu")], 140.0)?;
/// pushed.remove("queue_depth", &[("ward", "icu")]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct PushSource(Arc<Mutex<Pushed>>);

#[derive(Debug)]
struct Pushed {
    /// By name and labels, so that the series of a metric stand together.
    series: BTreeMap<(String, Labels), (f64, Instant)>,
    max_series: usize,
    stale_after: Duration,
}

/// Why a sample was not taken. What was pushed before is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// Prometheus allows no metric of this name.
    #[error("{0:?} is not a name for metrics")]
    Name(String),
    /// Prometheus allows no label of this name, or it stands there twice.
    #[error("{0:?} is not a name for labels, or is there twice")]
    Label(String),
    /// Name and labels have more than 4 KiB.
    #[error("name and labels are longer than {LONGEST} bytes")]
    TooLong,
    /// There is no room for another series.
    #[error("there are {0} series already")]
    Full(usize),
}

impl Default for Pushed {
    fn default() -> Self {
        Self { series: BTreeMap::new(), max_series: 10_000, stale_after: Duration::from_secs(5 * 60) }
    }
}

impl PushSource {
    /// Makes one without series.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how many series there may be. Default 10,000; a push that would add one more is refused and counted in
    /// `ms_alerts_pushes_refused_total`.
    pub fn max_series(self, series: usize) -> Self {
        self.0.lock().max_series = series;
        self
    }

    /// Sets after how long without a push a series has gone. Default 5 min, as a Prometheus server looks back.
    pub fn stale_after(self, limit: Duration) -> Self {
        self.0.lock().stale_after = limit;
        self
    }

    /// Gives the source for [`AlertManagerBuilder::source`](crate::AlertManagerBuilder::source).
    pub fn source(&self) -> Source {
        Source::new("push", self.clone())
    }

    /// Sets the value of a series. A label whose value is empty is none; a NaN is no value.
    ///
    /// Never waits for an evaluation.
    ///
    /// # Errors
    ///
    /// [`PushError`]; counted.
    pub fn push(&self, name: &str, labels: &[(&str, &str)], value: f64) -> Result<(), PushError> {
        let outcome = self.try_push(name, labels, value);
        if let Err(error) = &outcome {
            observe::push_refused(if matches!(error, PushError::Full(_)) { "full" } else { "invalid" });
        }
        outcome
    }

    fn try_push(&self, name: &str, labels: &[(&str, &str)], value: f64) -> Result<(), PushError> {
        check(name, labels)?;
        let (key, now) = ((name.to_owned(), labels.iter().copied().collect()), Instant::now());
        let mut pushed = self.0.lock();
        if let Some(known) = pushed.series.get_mut(&key) {
            *known = (value, now);
            return Ok(());
        }
        if pushed.series.len() >= pushed.max_series {
            pushed.forget_stale(now);
        }
        if pushed.series.len() >= pushed.max_series {
            return Err(PushError::Full(pushed.max_series));
        }
        pushed.series.insert(key, (value, now));
        Ok(())
    }

    /// Takes a series away; gives whether it was there.
    pub fn remove(&self, name: &str, labels: &[(&str, &str)]) -> bool {
        let key = (name.to_owned(), labels.iter().copied().collect());
        self.0.lock().series.remove(&key).is_some()
    }
}

fn check(name: &str, labels: &[(&str, &str)]) -> Result<(), PushError> {
    let length = labels.iter().map(|(label, value)| label.len() + value.len()).sum::<usize>() + name.len();
    if length > LONGEST {
        return Err(PushError::TooLong);
    }
    if !is_metric_name(name) {
        return Err(PushError::Name(name.to_owned()));
    }
    let wrong = labels.iter().enumerate().find(|(place, (label, _))| {
        let is_repeated = labels.iter().take(*place).any(|(other, _)| other == label);
        !is_label_name(label) || *label == "__name__" || is_repeated
    });
    wrong.map_or(Ok(()), |(_, (label, _))| Err(PushError::Label((*label).to_owned())))
}

impl Pushed {
    fn forget_stale(&mut self, now: Instant) {
        let limit = self.stale_after;
        self.series.retain(|_, (_, at)| now.saturating_duration_since(*at) < limit);
    }
}

impl Read for PushSource {
    fn read(&self) -> Result<Box<dyn Reading>, String> {
        let mut pushed = self.0.lock();
        pushed.forget_stale(Instant::now());
        let series = pushed.series.iter().map(|((name, labels), (value, _))| Row {
            name: name.clone(),
            labels: labels.clone(),
            value: *value,
        });
        Ok(Box::new(series.collect::<Vec<_>>()))
    }
}

struct Row {
    name: String,
    labels: Labels,
    value: f64,
}

impl Reading for Vec<Row> {
    fn samples(&self) -> Result<Samples<'_>, String> {
        let mut samples = Samples::default();
        for row in self {
            let first = samples.next_labels();
            row.labels.iter().for_each(|(label, value)| samples.push_label(label, value.into()));
            samples.push_row(&row.name, first, row.value, None);
        }
        Ok(samples.index())
    }
}
