//! What a whole interval log says.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::ser::{SerializeTuple, Serializer};

use super::{Histogram, Summary};
use crate::read::Interval;

/// Those that are asked of a log, by the name each has in its report.
const PERCENTILES: [(&str, f64); 8] = [
    ("0.0", 0.0),
    ("50.0", 50.0),
    ("90.0", 90.0),
    ("95.0", 95.0),
    ("99.0", 99.0),
    ("99.9", 99.9),
    ("99.99", 99.99),
    ("100.0", 100.0),
];
const DAY_IN_NANOSECONDS: u64 = 86_400_000_000_000;

/// Puts the intervals of logs together, each series and all.
///
/// Sums are kept at three digits from 1 to 8.64 × 10¹³, a day in nanoseconds, whatever the log has. Parts may be added
/// and merged in any order; only `interval_rows` keeps it.
///
/// # Examples
///
/// ```
/// use ms_analytics::{hdr::LogAnalytics, read::hlog};
///
/// let mut analytics = LogAnalytics::default();
/// hlog("0.1,1.0,2.7,nonsense\n".as_bytes(), |_, row| {
///     if let Ok(interval) = row {
///         analytics.add(&interval);
///     }
/// })?;
/// assert_eq!(analytics.finish().intervals, 0);
/// # Ok::<(), ms_analytics::read::ReadError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct LogAnalytics {
    rows: Vec<IntervalRow>,
    by_tag: BTreeMap<String, Histogram>,
}

/// The report over interval logs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LogReport {
    /// Number of intervals.
    pub intervals: u64,
    /// Each of them.
    pub interval_rows: Vec<IntervalRow>,
    /// All values of all series; `None` without intervals.
    pub merged: Option<Figures>,
    /// The values of each series, by its tag; those without one under the empty name.
    pub merged_by_tag: BTreeMap<String, Figures>,
}

/// One interval; in JSON a list: tag, start, length, count, highest value.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct IntervalRow {
    /// Which series it belongs to.
    pub tag: Option<String>,
    /// When it began, seconds.
    pub start: f64,
    /// Its length, seconds.
    pub length: f64,
    /// Number of values.
    pub count: u64,
    /// The highest of them, in the log's unit.
    pub max: u64,
}

/// Summary and percentiles of merged intervals.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Figures {
    /// Count, extremes, mean and deviation.
    #[serde(flatten)]
    pub summary: Summary,
    /// Values at 0, 50, 90, 95, 99, 99.9, 99.99 and 100 %.
    pub percentiles: BTreeMap<&'static str, u64>,
}

impl LogAnalytics {
    /// Adds an interval.
    pub fn add(&mut self, interval: &Interval) {
        let Interval { tag, start, length, histogram } = interval;
        let max = histogram.summary().max_value;
        self.rows.push(IntervalRow {
            tag: tag.clone(),
            start: *start,
            length: *length,
            count: histogram.count(),
            max,
        });
        self.add_to(tag.as_deref().unwrap_or_default(), histogram);
    }

    /// Adds all intervals of another collection.
    pub fn merge(&mut self, other: Self) {
        self.rows.extend(other.rows);
        for (tag, histogram) in &other.by_tag {
            self.add_to(tag, histogram);
        }
    }

    /// Returns how many intervals were added.
    pub fn intervals(&self) -> u64 {
        self.rows.len() as u64
    }

    /// Returns all values of all series; `None` without intervals.
    pub fn histogram(&self) -> Option<Histogram> {
        let mut all = self.by_tag.values();
        let mut merged = all.next()?.clone();
        all.for_each(|histogram| merged.merge(histogram));
        Some(merged)
    }

    /// Makes the report.
    pub fn finish(self) -> LogReport {
        let merged = self.histogram();
        LogReport {
            intervals: self.intervals(),
            interval_rows: self.rows,
            merged: merged.as_ref().map(Figures::of),
            merged_by_tag: self.by_tag.iter().map(|(tag, one)| (tag.clone(), Figures::of(one))).collect(),
        }
    }

    fn add_to(&mut self, tag: &str, histogram: &Histogram) {
        if let Some(known) = self.by_tag.get_mut(tag) {
            known.merge(histogram);
        } else if let Ok(mut new) = Histogram::new(1, DAY_IN_NANOSECONDS, 3) {
            new.merge(histogram);
            self.by_tag.insert(tag.to_owned(), new);
        }
    }
}

impl Figures {
    fn of(histogram: &Histogram) -> Self {
        let percentile = |(name, at)| (name, histogram.value_at_percentile(at));
        Self { summary: histogram.summary(), percentiles: PERCENTILES.map(percentile).into() }
    }
}

impl Serialize for IntervalRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_tuple(5)?;
        row.serialize_element(&self.tag)?;
        row.serialize_element(&self.start)?;
        row.serialize_element(&self.length)?;
        row.serialize_element(&self.count)?;
        row.serialize_element(&self.max)?;
        row.end()
    }
}
