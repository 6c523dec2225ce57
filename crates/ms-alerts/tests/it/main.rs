//! The public API of ms-alerts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests assert by panicking"
)]

mod checking;
mod delivering;
#[cfg(feature = "rules")]
mod promtool;
mod running;
