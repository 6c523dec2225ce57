//! Series that rules write: those of recording rules, and `ALERTS`.

use std::collections::hash_map::Entry;

use super::series::Series;
use super::{History, Metric};
use crate::fingerprint::of_labels;
use crate::labels::Labels;
use crate::observe;

/// How long what was written is looked back at if nobody asks for more, in milliseconds.
const SHORTEST: i64 = 5 * 60 * 1000;

impl History {
    /// Tells whether any rule reads this metric.
    pub(crate) fn is_read(&self, name: &str) -> bool {
        self.asked.reads(name)
    }

    /// Adds a sample of now to a series, or marks that it has gone; what no rule reads is not kept. `ago` is how many
    /// milliseconds the sample is older.
    pub(crate) fn write(&mut self, series: &Labels, ago: i64, value: Option<f64>) {
        let name = series.get("__name__").unwrap_or_default();
        if !self.is_read(name) {
            return;
        }
        let at = self.now.saturating_sub(ago);
        if self.is_whole() {
            return self.write_whole(series, at, value);
        }
        let wall = self.now.saturating_sub(self.ahead);
        let mut span = self.asked.span(name).unwrap_or_default();
        span.back = span.back.max(SHORTEST).saturating_add(ago);
        let metric = match self.written.entry(name.to_owned()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(Metric { span, ..Metric::default() }),
        };
        let others = || series.iter().filter(|(label, _)| *label != "__name__");
        let place = match metric.series.find(|| of_labels(others()), |series| series.has(others())) {
            Ok(place) => place,
            Err(number) => {
                let new = Series::of(others());
                if let Some(limit) = self.room.limit_for(&new).filter(|_| value.is_some()) {
                    metric.incomplete_until = Some(metric.span.until(self.now, wall));
                    observe::not_kept(limit);
                    return;
                }
                self.room.take(&new);
                metric.series.insert(number, new)
            }
        };
        let Some(series) = metric.series.get_mut(place) else { return };
        let is_full = series.is_full() && self.room.bytes >= self.room.limits.bytes;
        if is_full && value.is_some() {
            metric.incomplete_until = Some(metric.span.until(self.now, wall));
            observe::not_kept("bytes");
            return;
        }
        let before = series.bytes();
        series.insert(at, value);
        self.room.bytes = (self.room.bytes + series.bytes()).saturating_sub(before);
    }

    /// Forgets what nobody asks for any more.
    pub(super) fn forget_written(&mut self) {
        let (clock, room) = (self.clock(), &mut self.room);
        self.written.retain(|_, metric| metric.forget(clock, room, |_| ()));
    }
}
