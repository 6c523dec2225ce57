//! The public API of ms-logging.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests assert by panicking"
)]

mod accounts;
mod audit;
#[cfg(feature = "axum")]
mod bodies;
mod building;
mod ending;
#[cfg(unix)]
mod environment;
mod faults;
mod fork;
mod injected;
mod kill;
#[cfg(feature = "level-service")]
mod level_service;
mod levels;
mod limits;
mod lines;
mod logger;
mod mounts;
mod names;
mod numbers;
mod python;
#[cfg(feature = "axum")]
mod request;
#[cfg(feature = "axum")]
mod request_sockets;
mod rotation;
mod sampling;
mod scarcity;
mod shared;
mod sizes;
mod spans;
mod table;
mod terminal;
mod threads;
