//! HTTP, system and business metrics for axum/tower services: a guarded registry, tower layers and a Prometheus endpoint.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]
