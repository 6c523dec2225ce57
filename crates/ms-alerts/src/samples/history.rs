//! What rules that look back need of earlier readings: series, no longer than the longest range that asks for them.

mod asked;
mod reload;
mod ring;
mod room;
mod series;
mod set;
mod whole;
mod writing;

use std::collections::HashMap;

pub(crate) use asked::Asked;
use asked::Span;
pub(crate) use room::Limits;
use room::Room;
pub(crate) use series::{Point, Series};
use set::SeriesSet;
pub(crate) use whole::Clash;

use super::{Sample, Samples};
use crate::fingerprint::of_labels;
use crate::observe;
use crate::promql::Reach;
use crate::state::Now;

/// Prometheus takes no sample that is further ahead than this.
const FURTHEST_AHEAD: i64 = 10 * 60 * 1000;

/// A series or sample is missing, for there was no room for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Incomplete;

/// The kept series.
///
/// Its clock is the monotonic one, begun at the wall time of the first reading: setting the clock changes no answer.
#[derive(Debug)]
pub(crate) struct History {
    asked: Asked,
    metrics: HashMap<String, Metric>,
    /// What rules have written.
    written: HashMap<String, Metric>,
    room: Room,
    origin: Option<Now>,
    now: i64,
    /// How far its clock is ahead of the wall clock.
    ahead: i64,
    /// There is nothing before the first reading: it begins where time does.
    begins_with_time: bool,
    reading: u64,
    whole: Option<whole::Whole>,
}

#[derive(Debug, Default)]
struct Metric {
    span: Span,
    series: SeriesSet,
    incomplete_until: Option<i64>,
}

#[derive(Debug, Clone, Copy)]
struct Clock {
    now: i64,
    ahead: i64,
}

impl History {
    pub(crate) fn new(asked: Asked, limits: Limits) -> Self {
        Self {
            asked,
            metrics: HashMap::new(),
            written: HashMap::new(),
            room: Room::new(limits),
            origin: None,
            now: i64::MIN,
            ahead: 0,
            begins_with_time: false,
            reading: 0,
            whole: None,
        }
    }

    /// The moment of the last reading, in milliseconds.
    pub(crate) fn now(&self) -> i64 {
        self.now
    }

    /// Says that there was nothing before the first reading, as where samples are played back.
    pub(crate) fn begins_with_time(&mut self) {
        self.begins_with_time = true;
    }

    /// Tells whether what there was at a moment, in milliseconds since 1970, may be known.
    pub(crate) fn knows(&self, moment: i64) -> bool {
        self.begins_with_time
            || self.is_whole()
            || self.origin.is_none_or(|origin| moment >= origin.wall.as_millisecond())
    }

    /// Tells whether all of it is kept, of a metric or of all.
    pub(crate) fn keeps(&self, name: Option<&str>, reach: Reach) -> bool {
        self.asked.keeps(name, reach)
    }

    /// Adds a reading. A series that is not in it has gone.
    pub(crate) fn record(&mut self, samples: &Samples<'_>, now: Now) {
        let origin = *self.origin.get_or_insert(now);
        let elapsed = now.at.saturating_duration_since(origin.at).as_millis();
        let elapsed = i64::try_from(elapsed).unwrap_or(i64::MAX);
        let moment = origin.wall.as_millisecond().saturating_add(elapsed);
        if moment < self.now {
            return;
        }
        let wall = now.wall.as_millisecond();
        (self.now, self.ahead) = (moment, moment.saturating_sub(wall));
        self.forget_written();
        if !self.asked.looks_back() {
            return;
        }
        self.reading += 1;
        match self.asked.names() {
            None => samples.iter().for_each(|sample| self.push(&sample, wall)),
            Some(names) => {
                for name in names {
                    samples.named(&name).for_each(|sample| self.push(&sample, wall));
                }
            }
        }
        self.sweep();
        observe::history(self.room.series, self.room.bytes);
    }

    fn push(&mut self, sample: &Sample<'_>, wall: i64) {
        // A sample with a time stamp of its own is as old here as it is by the wall clock.
        let at = match sample.timestamp() {
            Some(stamp) if stamp.saturating_sub(wall) > FURTHEST_AHEAD => return,
            Some(stamp) => self.now.saturating_sub(wall.saturating_sub(stamp)),
            None => self.now,
        };
        if !self.metrics.contains_key(sample.name()) {
            let span = self.asked.span(sample.name()).unwrap_or_default();
            let metric = Metric { span, ..Metric::default() };
            self.metrics.insert(sample.name().to_owned(), metric);
        }
        let Some(metric) = self.metrics.get_mut(sample.name()) else { return };
        let point = Point::new(at, sample.value());
        if let Err(reason) = metric.push(sample, point, self.reading, &mut self.room) {
            metric.incomplete_until = Some(metric.span.until(self.now, wall));
            observe::not_kept(reason);
        }
    }

    /// Marks what has gone, and forgets what nobody asks for any more.
    fn sweep(&mut self) {
        let (clock, now, reading, room) = (self.clock(), self.now, self.reading, &mut self.room);
        let end_unseen = |series: &mut Series| {
            if series.last_reading() != reading {
                series.end(now);
            }
        };
        self.metrics.retain(|_, metric| metric.forget(clock, room, end_unseen));
    }

    fn clock(&self) -> Clock {
        Clock { now: self.now, ahead: self.ahead }
    }

    /// Gives the series of a metric, or all of them, each with the metric's name.
    pub(crate) fn series(
        &self,
        name: Option<&str>,
    ) -> Result<impl Iterator<Item = (&str, &Series)>, Incomplete> {
        let found = of(&self.metrics, name)?.chain(of(&self.written, name)?);
        Ok(found)
    }

    /// Tells whether rules write series of a metric, or of any.
    pub(crate) fn has_written(&self, name: Option<&str>) -> bool {
        name.map_or(!self.written.is_empty(), |name| self.written.contains_key(name))
    }

    /// Tells whether there are series of a metric that was read and of one that rules write: they may be the same.
    pub(crate) fn is_in_two_places(&self, name: &str) -> bool {
        self.metrics.contains_key(name) && self.written.contains_key(name)
    }

    /// Gives those that rules have written.
    pub(crate) fn written(
        &self,
        name: Option<&str>,
    ) -> Result<impl Iterator<Item = (&str, &Series)>, Incomplete> {
        of(&self.written, name)
    }
}

fn of<'m>(
    metrics: &'m HashMap<String, Metric>,
    name: Option<&str>,
) -> Result<impl Iterator<Item = (&'m str, &'m Series)> + use<'m>, Incomplete> {
    let of_name = name.map(|name| metrics.get_key_value(name));
    let all = name.is_none().then_some(metrics).into_iter().flatten();
    let found: Vec<_> = of_name.into_iter().flatten().chain(all).collect();
    if found.iter().any(|(_, metric)| metric.incomplete_until.is_some()) {
        return Err(Incomplete);
    }
    Ok(found
        .into_iter()
        .flat_map(|(name, metric)| metric.series.iter().map(move |series| (name.as_str(), series))))
}

impl Metric {
    /// The error says which limit was reached.
    fn push(
        &mut self,
        sample: &Sample<'_>,
        point: Point,
        reading: u64,
        room: &mut Room,
    ) -> Result<(), &'static str> {
        let place = match self.series.find(|| of_labels(sample.labels()), |series| series.is_of(sample)) {
            Ok(place) => place,
            Err(number) => {
                let series = Series::new(sample);
                if let Some(limit) = room.limit_for(&series) {
                    return Err(limit);
                }
                room.take(&series);
                self.series.insert(number, series)
            }
        };
        let Some(series) = self.series.get_mut(place) else { return Ok(()) };
        let before = series.bytes();
        let is_kept = series.push(point, sample.timestamp(), reading, room.bytes < room.limits.bytes);
        room.bytes = (room.bytes + series.bytes()).saturating_sub(before);
        if is_kept { Ok(()) } else { Err("bytes") }
    }

    /// Forgets what nobody asks for any more, after `first` was done with each series; gives whether anything is left.
    fn forget(&mut self, clock: Clock, room: &mut Room, first: impl Fn(&mut Series)) -> bool {
        let from = clock.now.saturating_sub(self.span.back);
        self.series.retain(|series| {
            let before = series.bytes();
            first(series);
            if self.span.is_plain() {
                series.forget_before(from);
            } else {
                let is_fixed = |at: i64| self.span.is_fixed(at.saturating_sub(clock.ahead));
                series.forget_unless(|at| at >= from || is_fixed(at));
            }
            room.bytes = (room.bytes + series.bytes()).saturating_sub(before);
            if series.is_over() {
                room.give_back(series);
            }
            !series.is_over()
        });
        self.incomplete_until = self.incomplete_until.filter(|until| clock.now <= *until);
        !self.series.is_empty() || self.incomplete_until.is_some()
    }
}

#[cfg(test)]
mod tests;
