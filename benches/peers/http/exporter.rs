//! metrics-exporter-prometheus as the global recorder: the layers that use the facade's macros need one.

use std::sync::OnceLock;

use axum_prometheus::AXUM_HTTP_REQUESTS_DURATION_SECONDS;
use metrics::{Counter, Histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::observed::Fixed;
use super::{SECONDS, cached, macros};

/// Installs it when first asked.
pub(super) fn handle() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let histograms =
            [AXUM_HTTP_REQUESTS_DURATION_SECONDS, "floor_seconds", cached::DURATION, macros::DURATION];
        let builder = histograms.into_iter().fold(PrometheusBuilder::new(), |builder, name| {
            builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), &SECONDS).expect("bounds")
        });
        builder.install_recorder().expect("the only one")
    })
}

pub(super) fn fixed() -> Fixed {
    handle();
    metrics::with_recorder(|recorder| Fixed::of(&recorder))
}

/// Handles of one template, method and status.
pub(super) fn handles(
    requests: &'static str,
    duration: &'static str,
    labels: &[(&'static str, String)],
) -> (Counter, Histogram) {
    handle();
    (metrics::counter!(requests, labels), metrics::histogram!(duration, labels))
}
