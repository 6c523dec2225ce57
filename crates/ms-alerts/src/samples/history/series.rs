//! One series over time.

use std::mem::size_of;

use super::ring::Ring;
use crate::samples::Sample;

/// The value of a point at which a series went: the NaN that Prometheus keeps for it, which no exposition can write.
pub(super) const STALE: u64 = 0x7ff0_0000_0000_0002;

/// A value at a moment, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Point {
    pub(crate) at: i64,
    pub(crate) value: f64,
}

impl Point {
    pub(crate) fn new(at: i64, value: f64) -> Self {
        Self { at, value }
    }

    pub(super) fn is_stale(self) -> bool {
        self.value.to_bits() == STALE
    }
}

/// The points of one series, from the oldest to the newest.
#[derive(Debug)]
pub(crate) struct Series {
    /// Sorted by name; no value is empty.
    labels: Box<[(Box<str>, Box<str>)]>,
    /// What it takes in memory without its points.
    fixed_bytes: usize,
    points: Ring,
    reading: u64,
    /// The newest time stamp that its samples brought with them.
    stamp: Option<i64>,
}

impl Series {
    pub(super) fn new(sample: &Sample<'_>) -> Self {
        Self::of(sample.labels())
    }

    pub(super) fn of<'l>(labels: impl Iterator<Item = (&'l str, &'l str)>) -> Self {
        let mut labels: Vec<(Box<str>, Box<str>)> =
            labels.map(|(name, value)| (name.into(), value.into())).collect();
        labels.sort_unstable();
        let texts =
            |(name, value): &(Box<str>, Box<str>)| name.len() + value.len() + size_of::<[Box<str>; 2]>();
        let fixed_bytes = size_of::<Self>() + labels.iter().map(texts).sum::<usize>();
        let labels = labels.into_boxed_slice();
        Self { labels, fixed_bytes, points: Ring::default(), reading: 0, stamp: None }
    }

    pub(super) fn is_of(&self, sample: &Sample<'_>) -> bool {
        sample.labels().count() == self.labels.len()
            && sample.labels().all(|(name, value)| self.label(name) == value)
    }

    /// Tells whether it has these labels, which are sorted by name, and no others.
    pub(super) fn has<'l>(&self, mut labels: impl Iterator<Item = (&'l str, &'l str)>) -> bool {
        self.labels.iter().all(|(name, value)| labels.next() == Some((name, value)))
            && labels.next().is_none()
    }

    /// Gives the value of a label; one that is not there is empty.
    pub(crate) fn label(&self, name: &str) -> &str {
        let at = self.labels.binary_search_by(|(key, _)| key.as_ref().cmp(name)).ok();
        at.and_then(|at| self.labels.get(at)).map_or("", |(_, value)| value)
    }

    pub(crate) fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.labels.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    /// The reading in which it was last seen.
    pub(super) fn last_reading(&self) -> u64 {
        self.reading
    }

    /// What it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        self.fixed_bytes + self.points.capacity() * size_of::<Point>()
    }

    /// Tells whether another point makes it larger.
    pub(super) fn is_full(&self) -> bool {
        self.points.is_full()
    }

    /// Adds a point, unless it is old news; gives whether there was room for it.
    pub(super) fn push(&mut self, point: Point, stamp: Option<i64>, reading: u64, may_grow: bool) -> bool {
        let is_repeated = self.reading == reading;
        self.reading = reading;
        match stamp {
            // The same sample, exposed until there is a newer one.
            Some(stamp) if self.stamp.is_some_and(|newest| stamp <= newest) => return true,
            Some(stamp) => self.stamp = Some(stamp),
            // Of two samples of one series in one exposition, the server keeps the first.
            None if is_repeated => return true,
            None => {}
        }
        let is_full = self.is_full();
        match self.last() {
            Some(last) if last.at > point.at => {}
            // Two readings within a millisecond.
            Some(last) if last.at == point.at => self.points.replace_last(point),
            _ if is_full && !may_grow => return false,
            _ => self.points.push(point),
        }
        true
    }

    /// Adds a point of any time, or the mark that it was gone.
    pub(super) fn insert(&mut self, at: i64, value: Option<f64>) {
        let point = Point::new(at, value.unwrap_or(f64::from_bits(STALE)));
        let known = self.points.as_slice();
        let place = known.partition_point(|known| known.at < at);
        match known.get(place).filter(|known| known.at == at) {
            Some(_) => self.points.replace(place, point),
            None => self.points.insert(place, point),
        }
    }

    /// Marks that it was gone at `now`.
    pub(super) fn end(&mut self, now: i64) {
        let stale = Point::new(now, f64::from_bits(STALE));
        match self.last().filter(|last| !last.is_stale()) {
            Some(last) if last.at == now => self.points.replace_last(stale),
            Some(last) if last.at < now => self.points.push(stale),
            _ => {}
        }
    }

    pub(super) fn forget_before(&mut self, from: i64) {
        self.points.forget_before(from);
    }

    /// Gives the newest point, which may be the mark that it was gone.
    pub(super) fn last(&self) -> Option<Point> {
        self.points.as_slice().last().copied()
    }

    /// Forgets the points of other moments.
    pub(super) fn forget_unless(&mut self, is_kept: impl Fn(i64) -> bool) {
        self.points.retain(|point| is_kept(point.at));
    }

    /// Tells whether no value is left.
    pub(super) fn is_over(&self) -> bool {
        self.points.as_slice().iter().all(|point| point.is_stale())
    }

    /// Gives the points within the moments, both included, without the marks; `spare` is where they are put if they must be.
    pub(crate) fn between<'p>(&'p self, from: i64, to: i64, spare: &'p mut Vec<Point>) -> &'p [Point] {
        let points = self.points.as_slice();
        let first = points.partition_point(|point| point.at < from);
        let last = points.partition_point(|point| point.at <= to).max(first);
        let points = points.get(first..last).unwrap_or_default();
        if !self.points.has_marks() {
            return points;
        }
        spare.clear();
        spare.extend(points.iter().filter(|point| !point.is_stale()));
        spare
    }

    /// Gives what was seen last within the moments, unless the series had gone by then.
    pub(crate) fn last_between(&self, from: i64, to: i64) -> Option<Point> {
        let points = self.points.as_slice();
        let behind = points.partition_point(|point| point.at <= to);
        let last = points.get(behind.checked_sub(1)?)?;
        (last.at >= from && !last.is_stale()).then_some(*last)
    }
}
