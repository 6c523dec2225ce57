//! Metrics for axum and tower services: a guarded registry behind the [`metrics`] facade, tower layers that count each
//! request exactly once, system and business metrics, and the page that Prometheus scrapes.
//!
//! ```
//! use ms_metrics::Metrics;
//!
//! let metrics = Metrics::builder().departments(&["Acil Servis"]).build()?;
//! let business = metrics.business();
//! let session = business.sign_in();
//! business.shifts_scheduled("Acil Servis", 3);
//!
//! let page = metrics.render();
//! assert!(page.contains("active_users_total 1"));
//! assert!(page.contains("scheduled_shifts_total{department=\"Acil Servis\"} 3"));
//! # drop(session);
//! # Ok::<(), ms_metrics::BuildError>(())
//! ```
//!
//! | feature | adds |
//! |---|---|
//! | `http` (default) | the tower layers |
//! | `axum` | `Metrics::router`, the page for Prometheus, and route templates; implies `scrape` |
//! | `scrape` | `Metrics::service`, the page for any tower stack |
//! | `listener` | `Metrics::listener`, a hardened HTTP listener for the page alone |
//! | `native-histograms` | histograms whose buckets follow the values, and the format Prometheus reads them from |
//! | `system`, `process`, `runtime` | what the machine, the process and a tokio runtime use |
//! | `otlp` | `Metrics::otlp`, a push beside the scrape |
//! | `grafana` | dashboards made from the catalog |
//! | `testing` | assertions in tests of your own |
//!
//! The repository's `docs/metrics.md` is the guide.
//!
//! # Names
//!
//! | metric | kind | labels | unit |
//! |---|---|---|---|
//! | `http_requests_total` | counter | `method`, `endpoint`, `status` | requests |
//! | `http_request_duration_seconds` | histogram | `method`, `endpoint` | seconds, to the last byte of the body |
//! | `http_requests_in_flight` | gauge | `method`, `endpoint` | requests |
//! | `http_response_first_byte_seconds` | histogram | `method`, `endpoint` | seconds; opt-in |
//! | `http_request_size_bytes` | histogram | `method`, `endpoint` | bytes; opt-in |
//! | `http_response_size_bytes` | histogram | `method`, `endpoint` | bytes; opt-in |
//! | `http_server_request_duration_seconds` | histogram | OpenTelemetry's | seconds; opt-in |
//! | `http_server_active_requests` | gauge | OpenTelemetry's | requests; opt-in |
//! | `http_server_request_body_size_bytes` | histogram | OpenTelemetry's | bytes; opt-in |
//! | `http_server_response_body_size_bytes` | histogram | OpenTelemetry's | bytes; opt-in |
//! | `endpoint_latency_seconds` | histogram | `endpoint`, `method` | seconds, the handler alone |
//! | `active_users_total` | gauge | | sessions |
//! | `scheduled_shifts_total` | counter | `department` | shifts |
//! | `shift_conflicts_total` | counter | | pairs of shifts |
//! | `ms_metrics_label_overflow_total` | counter | `metric`, `label` | registrations sent to `__other__` |
//! | `ms_metrics_refused_total` | counter | `reason` | registrations refused |
//! | `ms_metrics_invalid_samples_total` | counter | `metric`, `reason` | samples not recorded |
//! | `cpu_usage_percent` | gauge | | per cent of all cores, or of the container's quota |
//! | `cpu_limit_cores` | gauge | | cores |
//! | `cpu_cfs_periods_total` | counter | | periods of the quota |
//! | `cpu_cfs_throttled_periods_total` | counter | | periods of the quota |
//! | `cpu_cfs_throttled_seconds_total` | counter | | seconds |
//! | `memory_usage_bytes` | gauge | | bytes |
//! | `memory_available_bytes` | gauge | | bytes |
//! | `memory_total_bytes` | gauge | | bytes |
//! | `memory_usage_percent` | gauge | | per cent |
//! | `swap_usage_bytes` | gauge | | bytes |
//! | `swap_total_bytes` | gauge | | bytes |
//! | `disk_usage_percent` | gauge | | per cent of the root file system |
//! | `filesystem_total_bytes` | gauge | `mount` | bytes |
//! | `filesystem_available_bytes` | gauge | `mount` | bytes |
//! | `filesystem_usage_percent` | gauge | `mount` | per cent |
//! | `network_receive_bytes_total` | counter | `device` | bytes |
//! | `network_receive_packets_total` | counter | `device` | packets |
//! | `network_receive_errors_total` | counter | `device` | packets |
//! | `network_transmit_bytes_total` | counter | `device` | bytes |
//! | `network_transmit_packets_total` | counter | `device` | packets |
//! | `network_transmit_errors_total` | counter | `device` | packets |
//! | `load_average_1m` | gauge | | threads |
//! | `load_average_5m` | gauge | | threads |
//! | `load_average_15m` | gauge | | threads |
//! | `uptime_seconds` | gauge | | seconds |
//! | `boot_time_seconds` | gauge | | seconds since 1970 |
//! | `process_cpu_seconds_total` | counter | | seconds |
//! | `process_open_fds` | gauge | | file descriptors |
//! | `process_max_fds` | gauge | | file descriptors |
//! | `process_virtual_memory_bytes` | gauge | | bytes |
//! | `process_virtual_memory_max_bytes` | gauge | | bytes |
//! | `process_resident_memory_bytes` | gauge | | bytes |
//! | `process_start_time_seconds` | gauge | | seconds since 1970 |
//! | `process_threads` | gauge | | threads |
//! | `tokio_workers` | gauge | | threads |
//! | `tokio_live_tasks` | gauge | | tasks |
//! | `tokio_global_queue_depth` | gauge | | tasks |
//! | `tokio_busy_seconds_total` | counter | | seconds of all workers |
//! | `tokio_parks_total` | counter | | times that a worker had nothing to do |
//! | `ms_metrics_collector_up` | gauge | `collector` | 1 or 0 |
//! | `ms_metrics_collector_age_seconds` | gauge | `collector` | seconds |
//! | `ms_metrics_collector_panics_total` | counter | `collector` | panics |
//! | `ms_metrics_otlp_pushes_total` | counter | `outcome` | pushes |
//! | `ms_metrics_otlp_retries_total` | counter | | requests sent again |
//! | `ms_metrics_otlp_rejected_points_total` | counter | | points |
//!
//! # The guard
//!
//! Every registration passes it, those of third-party code through [`metrics::counter!`] and its kin too. A metric has
//! [at most 1,000 series](MetricsBuilder::series_cap); further ones are counted together under `__other__`. Label
//! values longer than 128 bytes are cut and end in a hash. Names that would meet another metric's after they are made
//! valid, and names used as two kinds, are refused; what is refused is counted by reason and costs a warning an hour.
//! [`Metrics::explain`] tells why a metric has no room and what its series cost. A team's own metrics are declared once, as
//! constants of [`Metric`].
#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests assert by panicking"
    )
)]

mod builder;
mod business;
mod catalog;
mod cells;
#[cfg_attr(not(feature = "system"), allow(dead_code, reason = "only the machine needs all of it"))]
mod collect;
mod error;
mod exemplars;
mod explain;
mod exposition;
#[cfg(feature = "grafana")]
pub mod grafana;
mod guard;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "listener")]
mod listener;
#[cfg(feature = "native-histograms")]
mod native;
#[cfg(feature = "otlp")]
mod otlp;
mod person;
#[cfg(feature = "process")]
mod process;
mod recorder;
mod registry;
#[cfg(feature = "runtime")]
mod runtime;
#[cfg(feature = "scrape")]
mod scrape;
mod summary;
#[cfg(feature = "system")]
mod system;
#[cfg(feature = "testing")]
pub mod testing;
mod traced;

pub use crate::builder::{Metrics, MetricsBuilder};
pub use crate::business::{BusinessMetrics, SessionGuard};
pub use crate::catalog::{Catalog, Metric, MetricError};
pub use crate::error::{BuildError, InstallError};
pub use crate::explain::{Explanation, MetricExplanation, OverflowExplanation, RefusalExplanation};
#[cfg(feature = "http")]
pub use crate::http::{
    CountedBody, Endpoint, EndpointLatency, EndpointLatencyFuture, EndpointLatencyLayer, HttpMetrics,
    HttpMetricsFuture, HttpMetricsLayer, ObservedBody, RequestBody, RequestBodyFuture, RequestBodyLayer,
    TraceId,
};
#[cfg(feature = "listener")]
pub use crate::listener::{ListenError, ListenerBuilder, MetricsListener};
#[cfg(feature = "native-histograms")]
pub use crate::native::NativeBuckets;
#[cfg(feature = "otlp")]
pub use crate::otlp::{OtlpBuilder, OtlpError, OtlpPush, PushError};
pub use crate::recorder::MetricsRecorder;
pub use crate::registry::Kind;
#[cfg(feature = "scrape")]
pub use crate::scrape::{MetricsBody, MetricsFuture, MetricsService};
#[cfg(feature = "system")]
pub use crate::system::SystemMetrics;
pub use crate::traced::TracedHistogram;

/// The units of the `metrics` facade, as its macros take them too.
pub use metrics::Unit;

/// The guide's examples.
#[cfg(all(doctest, feature = "axum", feature = "otlp", feature = "system", feature = "testing"))]
#[doc = include_str!("../../../docs/metrics.md")]
struct Guide;
