//! The public API of ms-health.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests assert by panicking"
)]

mod access;
mod browser;
mod building;
mod ending;
mod grouping;
#[cfg(feature = "grpc")]
mod grpc;
mod hanging;
mod http;
mod kubernetes;
mod observing;
mod plain;
#[cfg(all(feature = "disk", feature = "http", feature = "redis", feature = "sqlx", feature = "tcp"))]
mod probing;
mod running;
mod server;
#[cfg(all(feature = "disk", feature = "http", feature = "redis", feature = "sqlx", feature = "tcp"))]
mod servers;
mod showing;
mod shutdown;
mod stampede;
#[cfg(feature = "system")]
mod system;
#[cfg(all(feature = "systemd", target_os = "linux"))]
mod systemd;
#[cfg(feature = "https")]
mod tls;
