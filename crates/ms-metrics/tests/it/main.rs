//! The public API of ms-metrics.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests assert by panicking"
)]

mod axum_routes;
mod building;
mod business;
mod cap;
mod catalog;
mod collectors;
mod escaping;
mod explain;
mod exporter;
mod faults;
#[cfg(feature = "grafana")]
mod grafana;
mod guard;
mod http_faults;
mod http_layer;
mod http_options;
mod idle;
mod latency;
mod layers;
#[cfg(feature = "listener")]
mod listener;
#[cfg(all(feature = "system", target_os = "linux"))]
mod node_exporter;
mod openmetrics;
mod oracles;
#[cfg(feature = "otlp")]
mod otlp;
mod page;
#[cfg(feature = "process")]
mod process;
mod prometheus;
#[cfg(feature = "runtime")]
mod runtime;
mod scrape;
mod sockets;
mod storm;
mod summaries;
#[cfg(feature = "system")]
mod system;
#[cfg(all(feature = "system", target_os = "linux"))]
mod system_faults;
#[cfg(feature = "testing")]
mod testing;
mod threads;
mod warnings;
