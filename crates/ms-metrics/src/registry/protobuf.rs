//! All metrics as Prometheus' protocol buffers, one delimited `MetricFamily` after the other: the one format that has a
//! place for native histograms.

use std::collections::BTreeMap;

use super::Registry;
use super::buckets::Buckets;
use super::families::Description;
use super::family::{Cell, Family, Series};
use super::kind::Kind;
use super::labels::labels_of;
use crate::cells::HistogramCell;
use crate::exemplars::Exemplar;
use crate::exposition::protobuf::{bytes, double, message, sint, uint, varint};
use crate::native::NativeCell;
use crate::summary::{QUANTILES, SummaryCell};

impl Registry {
    /// Tells if there is anything that the other formats cannot show.
    pub(crate) fn has_native_histograms(&self) -> bool {
        self.buckets.values().any(|buckets| buckets.native.is_some())
    }

    /// Writes the metric behind `after`, and gives its name; nothing at the end.
    pub(super) fn write_protobuf(&self, after: Option<&str>, page: &mut Vec<u8>) -> Option<String> {
        use std::ops::Bound::{Excluded, Unbounded};
        let families = self.families.read();
        let from = after.map_or(Unbounded, Excluded);
        let (name, family) = families.by_name.range::<str, _>((from, Unbounded)).next()?;
        write(page, name, family, families.description(&family.given));
        Some(name.clone())
    }
}

fn write(page: &mut Vec<u8>, name: &str, family: &Family, description: Option<&Description>) {
    let mut inner = Vec::new();
    bytes(&mut inner, 1, name.as_bytes());
    if let Some(description) = description {
        bytes(&mut inner, 2, description.help.as_bytes());
    }
    let kind = match family.kind {
        Kind::Counter => 0,
        Kind::Gauge => 1,
        Kind::Summary => 2,
        Kind::Histogram => 4,
    };
    uint(&mut inner, 3, kind);
    let header = inner.len();
    for series in &family.series {
        write_series(&mut inner, name, family, series);
    }
    if inner.len() > header {
        varint(page, inner.len() as u64);
        page.append(&mut inner);
    }
}

fn write_series(out: &mut Vec<u8>, name: &str, family: &Family, series: &Series) {
    let value = match (&series.cell, family.kind) {
        (Cell::Gauge(gauge), _) => match gauge.value() {
            Some(value) => value,
            None => return,
        },
        (Cell::Counter(counter), _) => counter.value() as f64,
        _ => 0.0,
    };
    message(out, 4, |out| {
        for (label, value) in labels_of(name, family.kind, &series.text) {
            write_label(out, &label, &value);
        }
        match &series.cell {
            Cell::Counter(_) | Cell::Gauge(_) => {
                let field = if family.kind == Kind::Counter { 3 } else { 2 };
                message(out, field, |out| double(out, 1, value));
            }
            Cell::Summary(summary) => message(out, 4, |out| write_summary(out, summary)),
            Cell::Histogram(histogram) => {
                message(out, 7, |out| write_histogram(out, family.buckets.as_deref(), histogram));
            }
        }
    });
}

fn write_label(out: &mut Vec<u8>, name: &str, value: &str) {
    message(out, 1, |out| {
        bytes(out, 1, name.as_bytes());
        bytes(out, 2, value.as_bytes());
    });
}

fn write_summary(out: &mut Vec<u8>, summary: &SummaryCell) {
    let snapshot = summary.snapshot(quanta::Instant::now());
    uint(out, 1, snapshot.count);
    double(out, 2, snapshot.sum);
    for ((quantile, _), value) in QUANTILES.iter().zip(snapshot.quantiles) {
        message(out, 3, |out| {
            double(out, 1, *quantile);
            double(out, 2, value);
        });
    }
}

fn write_histogram(out: &mut Vec<u8>, buckets: Option<&Buckets>, histogram: &HistogramCell) {
    let native = histogram.native().map(|native| (native, native.state()));
    let bounds = buckets.map(|buckets| &*buckets.bounds).unwrap_or_default();
    let cumulative: Vec<_> = histogram.cumulative().collect();
    // Of a native histogram the buckets are checked against the count.
    let count = native.as_ref().map(|(_, state)| state.count());
    uint(out, 1, count.unwrap_or_else(|| cumulative.last().copied().unwrap_or_default()));
    double(out, 2, native.as_ref().map_or_else(|| histogram.sum(), |(_, state)| state.sum));
    for (bucket, (bound, count)) in bounds.iter().chain([&f64::INFINITY]).zip(cumulative).enumerate() {
        message(out, 3, |out| {
            uint(out, 1, count);
            double(out, 2, *bound);
            if let Some(exemplars) = histogram.exemplars() {
                exemplars.see(bucket, |exemplar| message(out, 3, |out| write_exemplar(out, exemplar)));
            }
        });
    }
    if let Some((cell, state)) = native {
        sint(out, 5, state.schema.into());
        double(out, 6, NativeCell::zero_threshold(cell));
        uint(out, 7, state.zeros);
        write_buckets(out, 9, 10, &state.negative);
        write_buckets(out, 12, 13, &state.positive);
        if state.positive.is_empty() && state.negative.is_empty() {
            // It would read as one without native buckets.
            write_span(out, 12, 0, 0);
        }
    }
}

fn write_exemplar(out: &mut Vec<u8>, exemplar: &Exemplar) {
    write_label(out, "trace_id", &exemplar.trace_id);
    double(out, 2, exemplar.value);
    message(out, 3, |out| {
        uint(out, 1, exemplar.since_epoch.as_secs());
        uint(out, 2, exemplar.since_epoch.subsec_nanos().into());
    });
}

/// Writes runs of buckets without a gap, and how much each has more than the one before.
fn write_buckets(out: &mut Vec<u8>, span: u64, delta: u64, buckets: &BTreeMap<i32, u64>) {
    let (mut spans, mut next) = (Vec::<(i32, u64)>::new(), None);
    for index in buckets.keys() {
        match spans.last_mut() {
            Some((_, length)) if next == Some(*index) => *length += 1,
            _ => spans.push((index - next.unwrap_or_default(), 1)),
        }
        next = Some(index + 1);
    }
    for (offset, length) in spans {
        write_span(out, span, offset, length);
    }
    let mut before = 0;
    for count in buckets.values() {
        let count = i64::try_from(*count).unwrap_or(i64::MAX);
        sint(out, delta, count - before);
        before = count;
    }
}

fn write_span(out: &mut Vec<u8>, field: u64, offset: i32, length: u64) {
    message(out, field, |out| {
        sint(out, 1, offset.into());
        uint(out, 2, length);
    });
}
