//! The public API of ms-alerts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests assert by panicking"
)]

#[cfg(feature = "axum")]
mod api;
#[cfg(feature = "webhook")]
mod certificates;
#[cfg(feature = "rules")]
mod chaos;
mod checking;
#[cfg(feature = "webhook")]
mod cluster;
mod delivering;
#[cfg(feature = "rules")]
mod dispatching;
#[cfg(feature = "email")]
mod email;
#[cfg(feature = "rules")]
mod explaining;
#[cfg(feature = "rules")]
mod expressions;
#[cfg(feature = "webhook")]
mod heartbeat;
#[cfg(feature = "rules")]
mod hostile;
#[cfg(feature = "rules")]
mod journaling;
#[cfg(feature = "rules")]
mod killed;
#[cfg(feature = "rules")]
mod looking_back;
#[cfg(feature = "rules")]
mod objectives;
mod observing;
#[cfg(feature = "rules")]
mod prometheus;
#[cfg(feature = "rules")]
mod promtool;
mod pushing;
#[cfg(feature = "rules")]
mod ranges;
#[cfg(all(feature = "email", feature = "rules"))]
mod receivers;
mod reentering;
#[cfg(feature = "rules")]
mod reloading;
mod remembering;
#[cfg(feature = "rules")]
mod routing;
#[cfg(feature = "rules")]
mod rule_files;
#[cfg(feature = "rules")]
mod rule_tests;
mod running;
mod scraped;
#[cfg(all(feature = "axum", feature = "rules"))]
mod server;
#[cfg(all(feature = "axum", feature = "rules"))]
mod silencing;
#[cfg(feature = "webhook")]
mod slack;
mod sources;
#[cfg(feature = "rules")]
mod templates;
#[cfg(feature = "rules")]
mod verdicts;
#[cfg(feature = "webhook")]
mod webhook;
