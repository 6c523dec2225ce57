//! The public API of ms-analytics.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests assert by panicking"
)]

mod bad_rosters;
#[cfg(feature = "chart")]
mod charts;
#[cfg(feature = "hlog")]
mod interval_logs;
mod laws;
mod pandas;
#[cfg(feature = "parquet")]
mod parquet;
mod percentiles;
mod pull_and_push;
mod timetable;
mod working_time;
