//! What an evaluation sees.

use std::collections::HashSet;

use super::{Findings, Found, Tracked, View};
use crate::fingerprint::of_labels;
use crate::group::{Failure, Shown, Threshold, What};
use crate::labels::Labels;
use crate::no_data::NoData;
use crate::samples::Sample;
use crate::state::{Now, Seen, State};
use crate::template::Scene;

/// A sample with a time stamp of its own is looked at for this long, as in Prometheus.
const LOOK_BACK_MILLISECONDS: i64 = 5 * 60 * 1000;

impl Tracked {
    pub(super) fn look(&self, view: &View<'_>, now: Now) -> Result<Findings, Failure> {
        match &self.rule.what {
            What::Threshold(threshold) => {
                let scene = Scene { view, wall: now.wall.as_millisecond() };
                let findings = self.judge(visible(threshold, view, now), threshold, &scene);
                let absent = self.absent(findings.no_data, &scene, now);
                Ok(Findings { absent, ..findings })
            }
            #[cfg(feature = "rules")]
            What::Promql(query) => self.query(query, view, now),
            #[cfg(feature = "rules")]
            What::Record(_) => {
                Ok(Findings { found: Vec::new(), others: Seen::Clear, no_data: false, absent: None })
            }
        }
    }

    /// Keeps what the rule will look back at.
    pub(super) fn keep(&mut self, view: &View<'_>, now: Now) -> Result<(), Failure> {
        match &self.rule.what {
            What::Threshold(threshold) => threshold
                .range
                .map_or(Ok(()), |range| self.kept.add(visible(threshold, view, now), range.range, now.at)),
            #[cfg(feature = "rules")]
            _ => Ok(()),
        }
    }

    /// What a recording rule has to write.
    #[cfg(feature = "rules")]
    pub(super) fn record(
        &self,
        query: &crate::promql::Query,
        view: &View<'_>,
        now: Now,
    ) -> Result<Vec<(Labels, f64)>, Failure> {
        let wall = now.wall.as_millisecond();
        let answer = query.evaluate(view.samples, view.history, wall, self.rule.offset, view.dialect);
        let answer = answer.map_err(Failure::Expression)?;
        let mut seen = HashSet::new();
        let mut series = Vec::with_capacity(answer.len());
        for element in answer {
            let labels = self.rule.recorded(&Sample::of_labels(element.labels(), element.value()));
            if !seen.insert(labels.clone()) {
                return Err(Failure::SameLabels);
            }
            series.push((labels, element.value()));
        }
        match self.rule.limit.filter(|limit| series.len() > *limit) {
            Some(limit) => Err(Failure::Limit(limit)),
            None => Ok(series),
        }
    }

    fn judge<'s>(
        &self,
        samples: impl Iterator<Item = Sample<'s>>,
        threshold: &Threshold,
        scene: &Scene<'_>,
    ) -> Findings {
        let mut findings = Findings { found: Vec::new(), others: Seen::Nothing, no_data: true, absent: None };
        // Thousands of series may be fine: their labels are only copied where there may be an alert.
        let known: HashSet<u64> = self.alerts.keys().map(|labels| of_labels(labels.iter())).collect();
        for sample in samples {
            let sample = match &threshold.range {
                Some(range) if !sample.value().is_nan() => {
                    sample.with_value(self.kept.judged(&sample.labels().collect(), range))
                }
                _ => sample,
            };
            let may_be_known = !known.is_empty() && known.contains(&of_labels(sample.labels()));
            let key = may_be_known.then(|| sample.labels().collect::<Labels>());
            let alert = key.as_ref().and_then(|key| self.alerts.get(key));
            let fires = alert.is_some_and(|live| live.track.state() == State::Firing && !live.is_absence);
            let value = sample.value();
            let seen = if value.is_nan() {
                Seen::Nothing
            } else if threshold.holds(value, fires) {
                Seen::Holds
            } else {
                Seen::Clear
            };
            findings.no_data &= seen == Seen::Nothing;
            if seen == Seen::Holds || may_be_known {
                let key = key.unwrap_or_else(|| sample.labels().collect());
                let shown = (seen == Seen::Holds).then(|| self.rule.show(&sample, scene));
                findings.found.push(Found { key, seen, value, shown });
            }
        }
        findings
    }

    /// What is shown of the alert that there is no data, if it is time for one.
    fn absent(&self, no_data: bool, scene: &Scene<'_>, now: Now) -> Option<Shown> {
        let is_asked = no_data && self.rule.no_data == NoData::Alert;
        let since = is_asked.then(|| self.missing_since.unwrap_or(now.at))?;
        let is_time = now.at.saturating_duration_since(since) >= self.rule.no_data_for;
        is_time.then(|| self.rule.show(&Sample::of_labels(&[], f64::NAN), scene))
    }

    #[cfg(feature = "rules")]
    fn query(&self, query: &crate::promql::Query, view: &View<'_>, now: Now) -> Result<Findings, Failure> {
        let wall = now.wall.as_millisecond();
        let mut labels_seen = HashSet::new();
        // What is not found may be there all the same, where it cannot be seen.
        let others = if view.unseen.concerns(query) { Seen::Nothing } else { Seen::Clear };
        let mut findings = Findings { found: Vec::new(), others, no_data: false, absent: None };
        let answer = query.evaluate(view.samples, view.history, wall, self.rule.offset, view.dialect);
        for element in answer.map_err(Failure::Expression)? {
            let sample = Sample::of_labels(element.labels(), element.value());
            // As in Prometheus, an offset of the rule is none of its texts.
            let shown = self.rule.show(&sample, &Scene { view, wall });
            if !labels_seen.insert(shown.labels.clone()) {
                return Err(Failure::SameLabels);
            }
            let (key, value) = (shown.labels.clone(), element.value());
            findings.found.push(Found { key, seen: Seen::Holds, value, shown: Some(shown) });
        }
        Ok(findings)
    }
}

fn visible<'v>(threshold: &'v Threshold, view: &View<'v>, now: Now) -> impl Iterator<Item = Sample<'v>> {
    let wall = now.wall.as_millisecond();
    view.samples.named(&threshold.metric).filter(move |sample| is_visible(sample, wall))
}

fn is_visible(sample: &Sample<'_>, now: i64) -> bool {
    sample.timestamp().is_none_or(|at| at <= now && now.saturating_sub(at) < LOOK_BACK_MILLISECONDS)
}
