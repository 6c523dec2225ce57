//! A log writer for tracing that accounts for every line: rotation, JSON events, redaction.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]
