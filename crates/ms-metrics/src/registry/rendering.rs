//! Writes all metrics, a piece at a time: the lock is held for one piece, whatever the reader does meanwhile.

use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::Registry;
use super::families::{Description, Families};
use super::family::{Cell, Family, Series};
use super::kind::Kind;
use crate::cells::HistogramCell;
use crate::exposition::{Format, openmetrics, text};
use crate::summary::{QUANTILES, SummaryCell};

/// How far a page has been written; made by [`Registry::begin`].
#[derive(Debug)]
pub(crate) struct Cursor {
    state: State,
    /// Let go at the end: until then no series may leave, or it would be on the page and in `__other__` too.
    reading: Option<Arc<()>>,
}

#[derive(Debug)]
enum State {
    Start,
    Within { metric: String, position: Position },
    After { metric: String },
    End,
}

/// A series of a metric that is next.
#[derive(Clone, Copy, Debug, Default)]
struct Position {
    /// The metric is written as several of no known type.
    is_split: bool,
    part: usize,
    series: usize,
}

#[cfg(feature = "scrape")]
impl Cursor {
    pub(crate) fn is_at_end(&self) -> bool {
        matches!(self.state, State::End)
    }
}

impl Registry {
    /// Begins a page.
    pub(crate) fn begin(&self) -> Cursor {
        self.refresh(Instant::now());
        self.sweep();
        Cursor { state: State::Start, reading: Some(Arc::clone(&self.reading)) }
    }

    /// Writes the whole page.
    pub(crate) fn render(&self, format: Format) -> String {
        // A page is about as long as the one before.
        let mut page = String::with_capacity(self.last_length.load(Ordering::Relaxed) + 256);
        self.render_some(format, &mut self.begin(), &mut page, usize::MAX);
        self.last_length.store(page.len(), Ordering::Relaxed);
        page
    }

    /// How long a page may be, by the one before.
    #[cfg(feature = "scrape")]
    pub(crate) fn expected_length(&self) -> usize {
        self.last_length.load(Ordering::Relaxed)
    }

    #[cfg(feature = "scrape")]
    pub(crate) fn expect_length(&self, length: u64) {
        self.last_length.store(usize::try_from(length).unwrap_or(usize::MAX), Ordering::Relaxed);
    }

    /// Goes on until `page` is `length` bytes long or a little more, or all is written.
    pub(crate) fn render_some(&self, format: Format, cursor: &mut Cursor, page: &mut String, length: usize) {
        self.families.read().write(format, cursor, page, length);
        if matches!(cursor.state, State::End) {
            cursor.reading = None;
        }
    }

    /// Goes on as [`render_some`](Self::render_some) does, a metric at a time.
    #[cfg(feature = "native-histograms")]
    pub(crate) fn render_protobuf(&self, cursor: &mut Cursor, page: &mut Vec<u8>, length: usize) {
        if matches!(cursor.state, State::Start) {
            self.refresh(Instant::now());
        }
        while page.len() < length {
            let after = match &cursor.state {
                State::After { metric } => Some(metric.as_str()),
                _ => None,
            };
            cursor.state = match self.write_protobuf(after, page) {
                Some(metric) => State::After { metric },
                None => State::End,
            };
            if matches!(cursor.state, State::End) {
                cursor.reading = None;
                return;
            }
        }
    }

    /// The text of this moment without a look at the clock.
    #[cfg(test)]
    pub(crate) fn page(&self) -> String {
        let (mut page, mut cursor) = (String::new(), Cursor { state: State::Start, reading: None });
        self.families.read().write(Format::Text, &mut cursor, &mut page, usize::MAX);
        page
    }
}

impl Families {
    fn write(&self, format: Format, cursor: &mut Cursor, page: &mut String, length: usize) {
        let state = std::mem::replace(&mut cursor.state, State::End);
        let (from, mut position) = match &state {
            State::Start => (Bound::Unbounded, None),
            State::Within { metric, position } => (Bound::Included(metric.as_str()), Some(*position)),
            State::After { metric } => (Bound::Excluded(metric.as_str()), None),
            State::End => return,
        };
        for (name, family) in self.by_name.range::<str, _>((from, Bound::Unbounded)) {
            let written = Written { name, family, description: self.description(&family.given), format };
            let position = position.take().unwrap_or_else(|| written.first());
            if let Some(position) = written.write(page, position, length) {
                cursor.state = State::Within { metric: name.clone(), position };
                return;
            }
            if page.len() >= length {
                cursor.state = State::After { metric: name.clone() };
                return;
            }
        }
        if format == Format::OpenMetrics {
            page.push_str(openmetrics::END);
        }
    }
}

/// The lines of a histogram or a summary.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    All,
    /// Buckets or quantiles.
    Values,
    Sum,
    Count,
}

impl Part {
    const WHOLE: &[Self] = &[Self::All];
    const SPLIT: &[Self] = &[Self::Values, Self::Sum, Self::Count];

    fn holds(self, other: Self) -> bool {
        self == Self::All || self == other
    }
}

/// A metric in a format.
struct Written<'a> {
    name: &'a str,
    family: &'a Family,
    description: Option<&'a Description>,
    format: Format,
}

impl Written<'_> {
    fn first(&self) -> Position {
        Position {
            is_split: self.format == Format::OpenMetrics && has_negatives(self.family),
            part: 0,
            series: 0,
        }
    }

    /// Gives the position of the next series if the page is long enough before the end.
    fn write(&self, page: &mut String, from: Position, length: usize) -> Option<Position> {
        let parts = if from.is_split { Part::SPLIT } else { Part::WHOLE };
        for (number, part) in parts.iter().enumerate().skip(from.part) {
            let first = if number == from.part { from.series } else { 0 };
            let start = page.len();
            if first == 0 {
                self.write_header(page, *part);
            }
            let header_end = page.len();
            for (place, series) in self.family.series.iter().enumerate().skip(first) {
                if page.len() >= length && page.len() > header_end {
                    return Some(Position { part: number, series: place, ..from });
                }
                self.write_series(page, *part, series);
            }
            if first == 0 && page.len() == header_end {
                page.truncate(start);
            }
        }
        None
    }

    fn write_header(&self, page: &mut String, part: Part) {
        let help = self.description.map(|description| description.help.as_ref());
        let kind = self.family.kind;
        match (self.format, part) {
            (Format::Text, _) => text::header(page, self.name, kind.as_str(), help),
            (Format::OpenMetrics, Part::All) => {
                let (name, word) = openmetrics::name_and_type(self.name, kind);
                let unit = self.description.and_then(|description| description.unit);
                openmetrics::header(page, name, word, unit, help);
            }
            (Format::OpenMetrics, part) => {
                let suffix = match part {
                    Part::Sum => "_sum",
                    Part::Count => "_count",
                    Part::All | Part::Values => {
                        if kind == Kind::Histogram {
                            "_bucket"
                        } else {
                            ""
                        }
                    }
                };
                openmetrics::header(page, &format!("{}{suffix}", self.name), "unknown", None, help);
            }
        }
    }

    fn write_series(&self, page: &mut String, part: Part, series: &Series) {
        match &series.cell {
            Cell::Counter(counter) => {
                page.push_str(&series.text);
                text::integer(page, counter.value());
                page.push('\n');
            }
            Cell::Gauge(gauge) => {
                if let Some(value) = gauge.value() {
                    page.push_str(&series.text);
                    text::float(page, value);
                    page.push('\n');
                }
            }
            Cell::Histogram(histogram) => self.write_histogram(page, part, &series.text, histogram),
            Cell::Summary(summary) => self.write_summary(page, part, &series.text, summary),
        }
    }

    fn write_histogram(&self, page: &mut String, part: Part, labels: &str, histogram: &HistogramCell) {
        let mut total = 0;
        let exemplars =
            histogram.exemplars().filter(|_| self.format == Format::OpenMetrics && part == Part::All);
        let ends = self.family.buckets.iter().flat_map(|buckets| buckets.line_ends(self.format));
        for (bucket, (end, count)) in ends.zip(histogram.cumulative()).enumerate() {
            total = count;
            if part.holds(Part::Values) {
                page.extend([self.name, "_bucket{", labels, if labels.is_empty() { "" } else { "," }, end]);
                text::integer(page, count);
                if let Some(exemplars) = exemplars {
                    exemplars.see(bucket, |exemplar| openmetrics::exemplar(page, exemplar));
                }
                page.push('\n');
            }
        }
        self.write_totals(page, part, labels, histogram.sum(), total);
    }

    fn write_summary(&self, page: &mut String, part: Part, labels: &str, summary: &SummaryCell) {
        let snapshot = summary.snapshot(quanta::Instant::now());
        if part.holds(Part::Values) {
            for ((quantile, label), value) in QUANTILES.iter().zip(snapshot.quantiles) {
                page.extend([self.name, "{", labels, if labels.is_empty() { "" } else { "," }]);
                match self.format {
                    Format::Text => page.push_str(label),
                    Format::OpenMetrics => {
                        page.push_str("quantile=\"");
                        openmetrics::bound(page, *quantile);
                        page.push('"');
                    }
                }
                page.push_str("} ");
                text::float(page, self.allowed(part, value));
                page.push('\n');
            }
        }
        self.write_totals(page, part, labels, snapshot.sum, snapshot.count);
    }

    fn write_totals(&self, page: &mut String, part: Part, labels: &str, sum: f64, count: u64) {
        let begin = |page: &mut String, suffix| {
            page.extend([self.name, suffix]);
            if !labels.is_empty() {
                page.extend(["{", labels, "}"]);
            }
            page.push(' ');
        };
        if part.holds(Part::Sum) {
            begin(page, "_sum");
            text::float(page, self.allowed(part, sum));
            page.push('\n');
        }
        if part.holds(Part::Count) {
            begin(page, "_count");
            text::integer(page, count);
            page.push('\n');
        }
    }

    /// The first negative value of a summary may come between the look at the metric and this one; the next page is split.
    fn allowed(&self, part: Part, value: f64) -> f64 {
        let is_refused = self.format == Format::OpenMetrics && part == Part::All && value < 0.0;
        if is_refused { 0.0 } else { value }
    }
}

/// Tells if OpenMetrics has no place for the metric as what it is: its histograms and summaries are of values that are
/// not negative, and a single other one makes the whole page invalid.
fn has_negatives(family: &Family) -> bool {
    let is_below_zero = |series: &Series| match &series.cell {
        Cell::Summary(summary) => summary.has_negatives(),
        Cell::Counter(_) | Cell::Gauge(_) | Cell::Histogram(_) => false,
    };
    match family.kind {
        Kind::Counter | Kind::Gauge => false,
        // Others take no negative values.
        Kind::Histogram => {
            let lowest = family.buckets.as_ref().and_then(|buckets| buckets.bounds.first());
            lowest.is_some_and(|bound| *bound < 0.0)
        }
        Kind::Summary => family.series.iter().any(is_below_zero),
    }
}

#[cfg(test)]
mod tests {
    use metrics::{Key, Label, SharedString, Unit};
    use proptest::prelude::*;
    use rustc_hash::FxHashMap;

    use super::*;
    use crate::registry::Buckets;

    /// A registry with every kind of metric, some of them with negative values, hidden or without series.
    fn registry(series: usize) -> Registry {
        let bounds = |bounds: &[f64]| Arc::new(Buckets::new(bounds).unwrap());
        let buckets = [("h", [0.5, 1.0]), ("low", [-1.0, 1.0])];
        let buckets = buckets.map(|(name, declared)| (name.to_owned(), bounds(&declared)));
        let registry = Registry::bare(1000, FxHashMap::from_iter(buckets));
        for number in 0..series {
            let key = |name: &'static str| Key::from_parts(name, vec![Label::new("n", number.to_string())]);
            registry.counter(&key("c_total")).increment(1);
            registry.counter(&key("u")).increment(1);
            registry.gauge(&key("g")).set(f64::NAN);
            for name in ["h", "s"] {
                registry.histogram(&key(name)).record(0.7);
            }
            for name in ["low", "t"] {
                registry.histogram(&key(name)).record(-0.7);
            }
        }
        registry
    }

    #[test]
    fn openmetrics_is_as_its_strict_readers_want_it() {
        let registry = registry(1);
        registry.describe("h", Some(Unit::Seconds), SharedString::const_str("Help."));
        let page = registry.render(Format::OpenMetrics);
        let lines_of = |metric: &str| {
            let of_metric = |line: &&str| {
                let name = line.strip_prefix("# TYPE ").or(line.strip_prefix("# HELP ")).unwrap_or(line);
                name.split(['{', ' ']).next().is_some_and(|name| {
                    name == metric || name.strip_prefix(metric).is_some_and(|rest| rest.starts_with('_'))
                })
            };
            page.lines().filter(of_metric).collect::<Vec<_>>()
        };
        assert_eq!(lines_of("c"), ["# TYPE c counter", "c_total{n=\"0\"} 1"]);
        assert_eq!(lines_of("u"), ["# TYPE u unknown", "u{n=\"0\"} 1"]);
        assert_eq!(lines_of("g"), ["# TYPE g gauge", "g{n=\"0\"} NaN"]);
        let histogram = [
            "# TYPE h histogram",
            "# HELP h Help.",
            "h_bucket{n=\"0\",le=\"0.5\"} 0",
            "h_bucket{n=\"0\",le=\"1.0\"} 1",
            "h_bucket{n=\"0\",le=\"+Inf\"} 1",
            "h_sum{n=\"0\"} 0.7",
            "h_count{n=\"0\"} 1",
        ];
        assert_eq!(lines_of("h"), histogram);
        let of_negatives = [
            "# TYPE low_bucket unknown",
            "low_bucket{n=\"0\",le=\"-1.0\"} 0",
            "low_bucket{n=\"0\",le=\"1.0\"} 1",
            "low_bucket{n=\"0\",le=\"+Inf\"} 1",
            "# TYPE low_sum unknown",
            "low_sum{n=\"0\"} -0.7",
            "# TYPE low_count unknown",
            "low_count{n=\"0\"} 1",
        ];
        assert_eq!(lines_of("low"), of_negatives);
        assert_eq!(lines_of("t").iter().filter(|line| line.ends_with(" unknown")).count(), 3);
        assert!(page.ends_with("\n# EOF\n"), "{page}");
    }

    proptest! {
        #[test]
        fn pieces_of_any_length_are_the_page(series in 0..4_usize, length in 1..300_usize, is_text: bool) {
            let format = if is_text { Format::Text } else { Format::OpenMetrics };
            let registry = registry(series);
            let (mut cursor, mut pieces) = (registry.begin(), String::new());
            while !matches!(cursor.state, State::End) {
                let mut piece = String::new();
                registry.render_some(format, &mut cursor, &mut piece, length);
                prop_assert!(!piece.is_empty() || matches!(cursor.state, State::End));
                pieces.push_str(&piece);
            }
            prop_assert_eq!(pieces, registry.render(format));
        }
    }
}
