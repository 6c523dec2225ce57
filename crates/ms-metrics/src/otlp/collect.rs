//! From the registry to the bodies of requests.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message as _;

use super::message::{
    AggregationTemporality, Exemplar, ExportMetricsServiceRequest, Gauge, Histogram, HistogramDataPoint,
    InstrumentationScope, KeyValue, Metric, NumberDataPoint, Resource, ResourceMetrics, ScopeMetrics, Sum,
    Summary, SummaryDataPoint, ValueAtQuantile, metric, number_data_point,
};
use super::unit;
use crate::registry::{Kind, MetricSnapshot, Registry, SeriesSnapshot, Value};
use crate::summary::QUANTILES;

/// Receivers refuse large bodies: the collector 20 MiB, others 4.
const LARGEST_BODY: usize = 2 << 20;
/// Series of one metric that are read at once: until they are, no other can be registered.
const SERIES_AT_ONCE: usize = 500;

/// What all pushes have in common.
#[derive(Clone)]
pub(super) struct Origin(Arc<Shared>);

struct Shared {
    registry: Arc<Registry>,
    resource: Resource,
    /// Since when counters count.
    started: SystemTime,
    gzip: bool,
}

/// One reading of all metrics, a body at a time, so that no more than one is in memory.
pub(super) struct Collection {
    origin: Origin,
    names: std::vec::IntoIter<String>,
    within: Option<Within>,
    times: Times,
}

/// A metric that has been read in part.
struct Within {
    metric: String,
    /// The place of the series that is next.
    next: usize,
    /// No series may leave meanwhile: one behind it would take its place, and be left out.
    _held: Arc<()>,
}

#[derive(Clone, Copy)]
struct Times {
    start: u64,
    now: u64,
}

impl Origin {
    pub(super) fn new(registry: Arc<Registry>, resource: Resource, started: SystemTime, gzip: bool) -> Self {
        Self(Arc::new(Shared { registry, resource, started, gzip }))
    }

    /// Begins to read. Like [`Collection::with_body`], it is not for a thread of the runtime: locks and large registries
    /// take their time.
    pub(super) fn collect(&self) -> Collection {
        let start = nanoseconds(self.0.started);
        // The clock may have been set back since.
        let times = Times { start, now: nanoseconds(SystemTime::now()).max(start) };
        let names = self.0.registry.names().into_iter();
        Collection { origin: self.clone(), names, within: None, times }
    }
}

fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

impl Collection {
    /// Makes the next body; nothing when all metrics are done.
    pub(super) fn with_body(mut self) -> (Option<Bytes>, Self) {
        (self.next_body(), self)
    }

    fn next_body(&mut self) -> Option<Bytes> {
        let (mut metrics, mut size) = (Vec::new(), 0);
        while size < LARGEST_BODY {
            let Some(piece) = self.next_piece() else { break };
            size += piece.encoded_len();
            metrics.push(piece);
        }
        if metrics.is_empty() {
            return None;
        }
        let scope = InstrumentationScope {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let request = ExportMetricsServiceRequest {
            resource_metrics: vec![ResourceMetrics {
                resource: Some(self.origin.0.resource.clone()),
                scope_metrics: vec![ScopeMetrics { scope: Some(scope), metrics }],
            }],
        };
        let body = request.encode_to_vec();
        Some(if self.origin.0.gzip { compressed(&body) } else { body.into() })
    }

    fn next_piece(&mut self) -> Option<Metric> {
        let registry = &self.origin.0.registry;
        loop {
            let Within { metric, next, _held } = match self.within.take() {
                Some(within) => within,
                None => Within { metric: self.names.next()?, next: 0, _held: registry.hold() },
            };
            let end = next + SERIES_AT_ONCE;
            // Nothing behind the last series: on to the next metric.
            if let Some(part) = registry.read_part(&metric, next..end) {
                self.within = Some(Within { metric, next: end, _held });
                if !part.series.is_empty() {
                    return Some(piece(&part, self.times));
                }
            }
        }
    }
}

fn compressed(body: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory cannot fail.
    let _ = encoder.write_all(body);
    encoder.finish().unwrap_or_default().into()
}

fn piece(metric: &MetricSnapshot, times: Times) -> Metric {
    Metric {
        name: metric.name.clone(),
        description: metric.help.as_deref().unwrap_or_default().to_owned(),
        unit: metric.unit.map(unit::ucum).unwrap_or_default().to_owned(),
        data: Some(data(metric, times)),
    }
}

fn data(metric: &MetricSnapshot, times: Times) -> metric::Data {
    let series = &metric.series;
    let aggregation_temporality = AggregationTemporality::Cumulative.into();
    match metric.kind {
        Kind::Counter => metric::Data::Sum(Sum {
            data_points: series.iter().filter_map(|series| number(series, times)).collect(),
            aggregation_temporality,
            is_monotonic: true,
        }),
        Kind::Gauge => metric::Data::Gauge(Gauge {
            data_points: series.iter().filter_map(|series| number(series, times)).collect(),
        }),
        Kind::Histogram => metric::Data::Histogram(Histogram {
            data_points: series
                .iter()
                .filter_map(|series| histogram(series, &metric.bounds, times))
                .collect(),
            aggregation_temporality,
        }),
        Kind::Summary => metric::Data::Summary(Summary {
            data_points: series.iter().filter_map(|series| summary(series, times)).collect(),
        }),
    }
}

fn attributes(series: &SeriesSnapshot) -> Vec<KeyValue> {
    series.labels.iter().map(|(name, value)| KeyValue::text(name, value)).collect()
}

fn number(series: &SeriesSnapshot, Times { start, now }: Times) -> Option<NumberDataPoint> {
    let (value, start_time_unix_nano) = match series.value {
        Value::Counter(value) => match i64::try_from(value) {
            Ok(value) => (number_data_point::Value::Int(value), start),
            // A float has the nearest there is to it.
            Err(_) => (number_data_point::Value::Double(value as f64), start),
        },
        Value::Gauge(value) => (number_data_point::Value::Double(value), 0),
        Value::Histogram { .. } | Value::Summary(_) => return None,
    };
    Some(NumberDataPoint {
        attributes: attributes(series),
        start_time_unix_nano,
        time_unix_nano: now,
        value: Some(value),
    })
}

fn histogram(
    series: &SeriesSnapshot,
    bounds: &[f64],
    Times { start, now }: Times,
) -> Option<HistogramDataPoint> {
    let Value::Histogram { cumulative, sum, exemplars } = &series.value else { return None };
    let below = [0].into_iter().chain(cumulative.iter().copied());
    Some(HistogramDataPoint {
        attributes: attributes(series),
        start_time_unix_nano: start,
        time_unix_nano: now,
        count: cumulative.last().copied().unwrap_or_default(),
        sum: Some(*sum),
        bucket_counts: cumulative
            .iter()
            .zip(below)
            .map(|(up_to, below)| up_to.saturating_sub(below))
            .collect(),
        explicit_bounds: bounds.to_vec(),
        exemplars: exemplars.iter().map(exemplar).collect(),
    })
}

fn exemplar(exemplar: &crate::exemplars::Exemplar) -> Exemplar {
    let trace_id = w3c_trace_id(&exemplar.trace_id);
    // Whatever else a team calls a trace has no field of its own.
    let other = trace_id.is_none().then(|| KeyValue::text("trace_id", &exemplar.trace_id));
    Exemplar {
        filtered_attributes: other.into_iter().collect(),
        time_unix_nano: u64::try_from(exemplar.since_epoch.as_nanos()).unwrap_or(u64::MAX),
        as_double: Some(exemplar.value),
        trace_id: trace_id.unwrap_or_default(),
    }
}

/// The sixteen bytes of a W3C trace id, of which one at least is not 0.
fn w3c_trace_id(text: &str) -> Option<Vec<u8>> {
    let fits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let bytes = u128::from_str_radix(text, 16).ok().filter(|id| fits && *id != 0);
    bytes.map(|id| id.to_be_bytes().to_vec())
}

fn summary(series: &SeriesSnapshot, Times { start, now }: Times) -> Option<SummaryDataPoint> {
    let Value::Summary(summary) = &series.value else { return None };
    let quantiles = QUANTILES.iter().zip(summary.quantiles);
    Some(SummaryDataPoint {
        attributes: attributes(series),
        start_time_unix_nano: start,
        time_unix_nano: now,
        count: summary.count,
        sum: summary.sum,
        quantile_values: quantiles
            .map(|((quantile, _), value)| ValueAtQuantile { quantile: *quantile, value })
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use metrics::{Key, Label};

    use super::*;
    use crate::builder::Metrics;

    #[test]
    fn no_series_leaves_while_its_metric_is_half_read() {
        const MINUTE: Duration = Duration::from_secs(60);
        let (clock, mock) = quanta::Clock::mock();
        quanta::with_clock(&clock, || {
            let metrics = Metrics::builder().idle_timeout(MINUTE).series_cap(2000).build().unwrap();
            let registry = metrics.registry();
            for number in 0..1200 {
                let labels = vec![Label::new("n", number.to_string())];
                registry.counter(&Key::from_parts("c_total", labels)).increment(1);
            }
            let pass = || {
                for _ in 0..12 {
                    mock.increment(MINUTE / 4);
                    registry.sweep();
                }
            };
            let origin = Origin::new(Arc::clone(registry), Resource::default(), SystemTime::now(), false);
            let mut collection = origin.collect();
            let mut points = 0;
            while let Some(piece) = collection.next_piece() {
                if let ("c_total", Some(metric::Data::Sum(sum))) = (piece.name.as_str(), piece.data) {
                    points += sum.data_points.len();
                    pass();
                }
            }
            assert_eq!(points, 1200);
            pass();
            assert_eq!(registry.read("c_total").unwrap().series.len(), 1, "they leave when nobody reads");
        });
    }

    #[test]
    fn a_trace_id_of_w3c_is_bytes_and_any_other_none() {
        let id = w3c_trace_id("4bf92f3577b34da6a3ce929d0e0e4736").unwrap();
        assert_eq!((id.len(), id[0], id[15]), (16, 0x4b, 0x36));
        for other in ["", "0", "order-17", "+bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)] {
            assert_eq!(w3c_trace_id(other), None, "{other}");
        }
    }
}
