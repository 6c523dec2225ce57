//! OpenTelemetry's layer, its spans off, on its own SDK.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opentelemetry_instrumentation_tower::http::server::{Layer, LayerBuilder};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ResourceMetrics};
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider, Temporality};

use super::Counted;

pub(super) fn layer() -> (Layer, Counted) {
    let requests = Arc::new(AtomicU64::new(0));
    // Asked for only; by itself it would read in the midst of a measurement.
    let reader = PeriodicReader::builder(Exporter(Arc::clone(&requests)))
        .with_interval(Duration::from_secs(86_400))
        .build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    opentelemetry::global::set_meter_provider(provider.clone());
    let layer = LayerBuilder::builder().with_tracing(false).build().expect("a layer");
    let counted = move || {
        provider.force_flush().expect("a reading");
        Some(requests.load(Ordering::Relaxed))
    };
    (layer, Box::new(counted))
}

/// Keeps how many requests there were.
struct Exporter(Arc<AtomicU64>);

impl PushMetricExporter for Exporter {
    fn export(&self, metrics: &ResourceMetrics) -> impl Future<Output = OTelSdkResult> + Send {
        let metrics = metrics.scope_metrics().flat_map(|scope| scope.metrics());
        let counts =
            metrics.filter(|metric| metric.name() == "http.server.request.duration").map(
                |metric| match metric.data() {
                    AggregatedMetrics::F64(MetricData::Histogram(histogram)) => {
                        histogram.data_points().map(|point| point.count()).sum()
                    }
                    _ => 0,
                },
            );
        self.0.store(counts.sum(), Ordering::Relaxed);
        std::future::ready(Ok(()))
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Cumulative
    }
}
