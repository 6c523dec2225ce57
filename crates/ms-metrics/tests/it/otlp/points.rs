//! What arrives, field by field.

use std::collections::HashSet;
use std::time::{SystemTime, UNIX_EPOCH};

use metrics::{Recorder, Unit};
use ms_metrics::{Metric, Metrics, OtlpError};
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{AggregationTemporality, NumberDataPoint, metric::Data};

use super::receiver::Received;
use crate::page::{METADATA, key, value};

pub(super) fn text(attributes: &[KeyValue], name: &str) -> Option<String> {
    let attribute = attributes.iter().find(|attribute| attribute.key == name)?;
    match attribute.value.clone()?.value? {
        any_value::Value::StringValue(text) => Some(text),
        other => panic!("{other:?}"),
    }
}

fn numbers(data: Option<Data>) -> Vec<NumberDataPoint> {
    match data {
        Some(Data::Sum(sum)) => sum.data_points,
        Some(Data::Gauge(gauge)) => gauge.data_points,
        other => panic!("{other:?}"),
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos().try_into().unwrap()
}

const SWAPS: Metric = Metric::counter("swaps_total", "Shifts swapped.").labels(&["ward"]);
const WAIT: Metric = Metric::histogram("wait_seconds", "Waiting.").unit(Unit::Seconds).buckets(&[0.5, 2.0]);
const LOAD: Metric = Metric::gauge("load_percent", "Load.").unit(Unit::Percent);
const SIZE: Metric = Metric::summary("size_bytes", "Sizes.").unit(Unit::Bytes);

#[tokio::test]
async fn each_kind_arrives_as_opentelemetry_has_it() {
    let before = now();
    let metrics = Metrics::builder().catalog([SWAPS, WAIT, LOAD, SIZE]).build().unwrap();
    let receiver = Received::start().await;
    let push = receiver.push(&metrics).spawn().unwrap();
    metrics.counter(&SWAPS, &["say \"ş\"\\\n"]).increment(3);
    metrics.gauge(&LOAD, &[]).set(-0.5);
    let traced = metrics.recorder().traced_histogram(&metrics::Key::from_name(WAIT.name));
    traced.record(0.5, "4bf92f3577b34da6a3ce929d0e0e4736");
    traced.record(7.0, "order-17");
    (1..=100).for_each(|size| metrics.histogram(&SIZE, &[]).record(f64::from(size)));
    push.flush().await.unwrap();
    let after = now();

    let swaps = receiver.metric("swaps_total");
    assert_eq!((swaps.description.as_str(), swaps.unit.as_str()), ("Shifts swapped.", ""));
    let Some(Data::Sum(sum)) = swaps.data else { panic!("no sum") };
    assert!(sum.is_monotonic);
    assert_eq!(sum.aggregation_temporality(), AggregationTemporality::Cumulative);
    let [point] = sum.data_points.as_slice() else { panic!("not one point") };
    assert_eq!((point.value, point.exemplars.len()), (Some(Value::AsInt(3)), 0));
    assert_eq!(text(&point.attributes, "ward").unwrap(), "say \"ş\"\\\n");
    let (start, time) = (point.start_time_unix_nano, point.time_unix_nano);
    assert!(before <= start && start <= time && time <= after, "{before} {start} {time} {after}");

    let load = receiver.metric("load_percent");
    assert_eq!(load.unit, "%");
    assert!(matches!(load.data, Some(Data::Gauge(_))));
    let [point] = numbers(load.data).try_into().unwrap();
    assert_eq!((point.value, point.start_time_unix_nano), (Some(Value::AsDouble(-0.5)), 0));

    let wait = receiver.metric("wait_seconds");
    assert_eq!((wait.description.as_str(), wait.unit.as_str()), ("Waiting.", "s"));
    let Some(Data::Histogram(histogram)) = wait.data else { panic!("no histogram") };
    assert_eq!(histogram.aggregation_temporality(), AggregationTemporality::Cumulative);
    let [point] = histogram.data_points.as_slice() else { panic!("not one point") };
    assert_eq!((point.count, point.sum, point.start_time_unix_nano), (2, Some(7.5), start));
    assert_eq!((&*point.explicit_bounds, &*point.bucket_counts), (&[0.5, 2.0][..], &[1, 0, 1][..]));
    let [first, second] = point.exemplars.as_slice() else { panic!("not two exemplars") };
    assert_eq!(first.trace_id[..4], [0x4b, 0xf9, 0x2f, 0x35]);
    assert!(first.filtered_attributes.is_empty() && first.time_unix_nano >= start);
    assert_eq!(text(&second.filtered_attributes, "trace_id").unwrap(), "order-17");

    let size = receiver.metric("size_bytes");
    assert_eq!(size.unit, "By");
    let Some(Data::Summary(summary)) = size.data else { panic!("no summary") };
    let [point] = summary.data_points.as_slice() else { panic!("not one point") };
    assert_eq!((point.count, point.sum, point.quantile_values.len()), (100, 5050.0, 7));
    let median = &point.quantile_values[1];
    assert!((median.quantile - 0.5).abs() < 1e-12 && (median.value - 50.0).abs() < 0.2, "{median:?}");
}

#[tokio::test]
async fn totals_grow_from_push_to_push_and_keep_their_start() {
    let metrics = Metrics::builder().build().unwrap();
    let receiver = Received::start().await;
    let push = receiver.push(&metrics).spawn().unwrap();
    for _ in 0..2 {
        metrics.business().shift_conflicts(2);
        push.flush().await.unwrap();
    }
    metrics.business().shift_conflicts(1);
    push.shutdown(std::time::Duration::from_secs(20)).await.unwrap();
    let conflicts = receiver.metrics().into_iter().filter(|metric| metric.name == "shift_conflicts_total");
    let points: Vec<_> = conflicts.flat_map(|metric| numbers(metric.data)).collect();
    let values: Vec<_> = points.iter().filter_map(|point| point.value).collect();
    assert_eq!(values, [2, 4, 5].map(Value::AsInt));
    assert!(points.is_sorted_by_key(|point| point.time_unix_nano));
    assert!(points.iter().all(|point| point.start_time_unix_nano == points[0].start_time_unix_nano));
}

#[tokio::test]
async fn the_resource_says_whose_they_are_and_the_headers_are_those_asked_for() {
    let metrics = Metrics::builder().build().unwrap();
    let receiver = Received::start().await;
    let push =
        receiver.push(&metrics).service_name("medschedule").attribute("deployment.environment.name", "test");
    push.header("x-tenant", "ward 7").gzip(true).spawn().unwrap().flush().await.unwrap();
    let [request] = receiver.requests().try_into().ok().expect("one request");
    let header = |name: &str| request.headers[name].to_str().unwrap().to_owned();
    assert_eq!(request.path, "/v1/metrics");
    assert_eq!(header("content-type"), "application/x-protobuf");
    assert_eq!((header("content-encoding"), header("x-tenant")), ("gzip".to_owned(), "ward 7".to_owned()));
    let [resource] = request.message.resource_metrics.try_into().unwrap();
    let attributes = resource.resource.unwrap().attributes;
    let attribute = |name: &str| text(&attributes, name);
    assert_eq!(attribute("service.name").unwrap(), "medschedule");
    assert_eq!(attribute("deployment.environment.name").unwrap(), "test");
    assert_eq!(attribute("telemetry.sdk.language").unwrap(), "rust");
    assert_eq!(resource.scope_metrics[0].scope.as_ref().unwrap().name, "ms-metrics");
}

#[tokio::test]
async fn many_series_come_in_several_bodies_and_each_once() {
    const SERIES: usize = 30_000;
    let metrics = Metrics::builder().series_cap(SERIES + 1).build().unwrap();
    let recorder = metrics.recorder();
    for number in 0..SERIES {
        let key = key("beds_total", &[("bed", &number.to_string()), ("note", &"x".repeat(100))]);
        recorder.register_counter(&key, &METADATA).increment(number as u64);
    }
    let receiver = Received::start().await;
    receiver.push(&metrics).spawn().unwrap().flush().await.unwrap();
    let requests = receiver.requests();
    assert!(requests.len() > 1, "one body");
    assert!(requests.iter().all(|request| request.length < 3 << 20));
    let beds = receiver.metrics().into_iter().filter(|metric| metric.name == "beds_total");
    let points: Vec<_> = beds.flat_map(|metric| numbers(metric.data)).collect();
    let mut seen = HashSet::new();
    for point in &points {
        let bed = text(&point.attributes, "bed").unwrap();
        assert_eq!(point.value, Some(Value::AsInt(bed.parse().unwrap())));
        assert!(seen.insert(bed));
    }
    assert_eq!(seen.len(), SERIES);
    assert!(points.iter().all(|point| point.time_unix_nano == points[0].time_unix_nano), "one reading");
    assert_eq!(value(&metrics, "ms_metrics_otlp_pushes_total{outcome=\"success\"}"), Some(1.0));
}

#[tokio::test]
async fn a_counter_too_large_for_an_integer_arrives_all_the_same() {
    let metrics = Metrics::builder().build().unwrap();
    metrics.recorder().register_counter(&key("huge_total", &[]), &METADATA).increment(u64::MAX);
    let receiver = Received::start().await;
    receiver.push(&metrics).spawn().unwrap().flush().await.unwrap();
    let [point] = numbers(receiver.metric("huge_total").data).try_into().unwrap();
    assert_eq!(point.value, Some(Value::AsDouble(u64::MAX as f64)));
}

#[test]
fn without_a_runtime_nothing_is_pushed() {
    let metrics = Metrics::builder().build().unwrap();
    assert!(matches!(metrics.otlp().spawn(), Err(OtlpError::Runtime)));
    assert_eq!(value(&metrics, "ms_metrics_otlp_pushes_total{outcome=\"success\"}"), None);
}
