//! A history that is told everything, what is of now too: that of tests and tools.

use super::{Asked, History, Limits, Point, Series};
use crate::fingerprint::of_labels;
use crate::labels::Labels;

/// Why what a rule writes is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clash {
    /// There is another value of the same moment.
    SameMoment,
    /// There is a later one.
    Behind,
}

#[derive(Debug, Default)]
pub(super) struct Whole {
    /// The first clash since it was asked for.
    clash: Option<Clash>,
}

impl History {
    /// One that keeps everything; for [`insert`](Self::insert).
    pub(crate) fn whole() -> Self {
        let limits = Limits { series: usize::MAX, bytes: usize::MAX };
        Self { whole: Some(Whole::default()), ..Self::new(Asked::for_everything(), limits) }
    }

    /// Tells whether what is of now is in it, and in no reading beside it.
    pub(crate) fn is_whole(&self) -> bool {
        self.whole.is_some()
    }

    /// Sets the moment at which rules write, in milliseconds.
    pub(crate) fn set_now(&mut self, now: i64) {
        self.now = now;
    }

    /// Adds a sample of any time, or the mark that a series was gone; no reading goes with it.
    pub(crate) fn insert(&mut self, labels: &Labels, at: i64, value: Option<f64>) {
        self.series_of(labels, |series| series.insert(at, value));
    }

    /// As a server does, it keeps what was there first. A rule that takes back what another writes is no clash.
    pub(super) fn write_whole(&mut self, labels: &Labels, at: i64, value: Option<f64>) {
        let mut clash = None;
        self.series_of(labels, |series| {
            clash = match series.last() {
                Some(last) if last.at > at => Some(Clash::Behind),
                Some(last) if last.at == at && !last.is_of(value) => Some(Clash::SameMoment),
                Some(last) if last.at == at => None,
                _ => {
                    series.insert(at, value);
                    None
                }
            };
        });
        if let Some(whole) = self.whole.as_mut().filter(|_| value.is_some()) {
            whole.clash = whole.clash.or(clash);
        }
    }

    /// Gives the first clash since it was asked for.
    pub(crate) fn take_clash(&mut self) -> Option<Clash> {
        self.whole.as_mut()?.clash.take()
    }

    fn series_of(&mut self, labels: &Labels, with: impl FnOnce(&mut Series)) {
        let name = labels.get("__name__").unwrap_or_default();
        let others = || labels.iter().filter(|(label, _)| *label != "__name__");
        let metric = self.metrics.entry(name.to_owned()).or_default();
        let found = metric.series.find(|| of_labels(others()), |series| series.has(others()));
        let place = found.unwrap_or_else(|number| metric.series.insert(number, Series::of(others())));
        if let Some(series) = metric.series.get_mut(place) {
            with(series);
        }
    }
}

impl Point {
    fn is_of(self, value: Option<f64>) -> bool {
        match value {
            Some(value) => self.value.to_bits() == value.to_bits(),
            None => self.is_stale(),
        }
    }
}
