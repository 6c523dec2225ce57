//! What rules that look back need of earlier readings: series, no longer than the longest range that asks for them.

mod reload;
mod series;
mod whole;
mod writing;

use std::collections::{HashMap, HashSet};
use std::mem::size_of;

pub(crate) use series::{Point, Series};
pub(crate) use whole::Clash;

use super::{Sample, Samples};
use crate::fingerprint::of_labels;
use crate::observe;
use crate::state::Now;

/// Prometheus takes no sample that is further ahead than this.
const FURTHEST_AHEAD: i64 = 10 * 60 * 1000;

/// How much is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) series: usize,
    pub(crate) bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { series: 100_000, bytes: 256 * 1024 * 1024 }
    }
}

/// A series or sample is missing, for there was no room for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Incomplete;

/// Which metrics are asked for, and how far back, in milliseconds.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    by_name: HashMap<String, i64>,
    /// By selectors that name no metric.
    of_all: Option<i64>,
    /// Which of them as of now, and whether all: of those only what rules write has to be kept.
    now: HashSet<String>,
    all_now: bool,
}

impl Asked {
    /// A span of zero asks for the moment alone, which is in the samples.
    pub(crate) fn ask(&mut self, name: Option<&str>, span: i64) {
        match name {
            Some(name) if span == 0 => drop(self.now.insert(name.to_owned())),
            None if span == 0 => self.all_now = true,
            Some(name) => {
                let longest = self.by_name.entry(name.to_owned()).or_default();
                *longest = span.max(*longest);
            }
            None => self.of_all = self.of_all.max(Some(span)),
        }
    }

    /// Tells whether any rule reads this metric.
    fn reads(&self, name: &str) -> bool {
        self.all_now || self.of_all.is_some() || self.by_name.contains_key(name) || self.now.contains(name)
    }
}

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
    reading: u64,
    whole: Option<whole::Whole>,
}

#[derive(Debug, Default)]
struct Metric {
    span: i64,
    /// By a hash of the labels, which few series share.
    series: HashMap<u64, Vec<Series>>,
    incomplete_until: Option<i64>,
}

#[derive(Debug)]
struct Room {
    limits: Limits,
    series: usize,
    bytes: usize,
}

impl History {
    pub(crate) fn new(asked: Asked, limits: Limits) -> Self {
        Self {
            asked,
            metrics: HashMap::new(),
            written: HashMap::new(),
            room: Room { limits, series: 0, bytes: 0 },
            origin: None,
            now: i64::MIN,
            reading: 0,
            whole: None,
        }
    }

    /// The moment of the last reading, in milliseconds.
    pub(crate) fn now(&self) -> i64 {
        self.now
    }

    /// Tells whether what is kept reaches so many milliseconds back for a metric, or for all.
    pub(crate) fn keeps(&self, name: Option<&str>, span: i64) -> bool {
        let asked = &self.asked;
        if span == 0 {
            return name.map_or(asked.all_now || asked.of_all.is_some(), |name| self.is_read(name));
        }
        let of_name = name.and_then(|name| asked.by_name.get(name)).copied();
        of_name.max(asked.of_all).is_some_and(|kept| kept >= span)
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
        self.now = moment;
        self.forget_written();
        if self.asked.by_name.is_empty() && self.asked.of_all.is_none() {
            return;
        }
        self.reading += 1;
        let wall = now.wall.as_millisecond();
        if self.asked.of_all.is_some() {
            samples.iter().for_each(|sample| self.push(&sample, wall));
        } else {
            let names: Vec<String> = self.asked.by_name.keys().cloned().collect();
            for name in names {
                samples.named(&name).for_each(|sample| self.push(&sample, wall));
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
            let asked = self.asked.by_name.get(sample.name()).copied();
            let metric = Metric { span: asked.max(self.asked.of_all).unwrap_or(0), ..Metric::default() };
            self.metrics.insert(sample.name().to_owned(), metric);
        }
        let Some(metric) = self.metrics.get_mut(sample.name()) else { return };
        let point = Point::new(at, sample.value());
        if let Err(reason) = metric.push(sample, point, self.reading, &mut self.room) {
            metric.incomplete_until = Some(self.now.saturating_add(metric.span));
            observe::not_kept(reason);
        }
    }

    /// Marks what has gone, and forgets what nobody asks for any more.
    fn sweep(&mut self) {
        let (now, reading, room) = (self.now, self.reading, &mut self.room);
        let end_unseen = |series: &mut Series| {
            if series.last_reading() != reading {
                series.end(now);
            }
        };
        self.metrics.retain(|_, metric| metric.forget(now, room, end_unseen));
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
    Ok(found.into_iter().flat_map(|(name, metric)| {
        metric.series.values().flatten().map(move |series| (name.as_str(), series))
    }))
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
        let alike = self.series.entry(of_labels(sample.labels())).or_default();
        let known = alike.iter_mut().find(|series| series.is_of(sample));
        let series = match known {
            Some(series) => series,
            None => {
                let series = Series::new(sample);
                if let Some(limit) = room.limit_for(&series) {
                    return Err(limit);
                }
                room.take(&series);
                alike.push(series);
                let Some(series) = alike.last_mut() else { return Ok(()) };
                series
            }
        };
        let before = series.bytes();
        let is_kept = series.push(point, sample.timestamp(), reading, room.bytes < room.limits.bytes);
        room.bytes = (room.bytes + series.bytes()).saturating_sub(before);
        if is_kept { Ok(()) } else { Err("bytes") }
    }

    /// Forgets what nobody asks for any more, after `first` was done with each series; gives whether anything is left.
    fn forget(&mut self, now: i64, room: &mut Room, first: impl Fn(&mut Series)) -> bool {
        let from = now.saturating_sub(self.span);
        self.series.retain(|_, alike| {
            alike.retain_mut(|series| {
                let before = series.bytes();
                first(series);
                series.forget_before(from);
                room.bytes = (room.bytes + series.bytes()).saturating_sub(before);
                if series.is_over() {
                    room.give_back(series);
                }
                !series.is_over()
            });
            !alike.is_empty()
        });
        self.incomplete_until = self.incomplete_until.filter(|until| now <= *until);
        !self.series.is_empty() || self.incomplete_until.is_some()
    }
}

impl Room {
    /// The limit that another series with a point would pass.
    fn limit_for(&self, series: &Series) -> Option<&'static str> {
        if self.series >= self.limits.series {
            Some("series")
        } else if self.bytes + series.bytes() + size_of::<Point>() > self.limits.bytes {
            Some("bytes")
        } else {
            None
        }
    }

    fn take(&mut self, series: &Series) {
        self.series += 1;
        self.bytes += series.bytes();
    }

    fn give_back(&mut self, series: &Series) {
        self.series = self.series.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(series.bytes());
    }
}

#[cfg(test)]
mod tests;
