//! Health checks with deadlines, single flight and safe detail for axum/tower services.
//!
//! - [`HealthCheck::builder`] takes the checks: async closures, blocking closures, a [`Probe`] of one's own, or one that
//!   is ready-made (`SystemCheck`, `DiskProbe`, `SqlxProbe`, `RedisProbe`, `HttpProbe`, `TcpProbe`, each behind a feature).
//! - `HealthCheck::router` (feature `axum`) or [`HealthCheck::service`] (any tower stack) answers the paths of every
//!   [`Endpoint`]: `/health`, `/health/live`, `/health/ready`, `/health/startup` and, by option, those of Kubernetes and a
//!   page for people.
//! - [`HealthCheck::shutdown`] is what `axum::serve(…).with_graceful_shutdown(…)` wants: on SIGTERM readiness falls, a
//!   drain period passes, and only then does the server stop accepting. [`Shutdown`] bounds all that follows, too.
//!
//! However many probes arrive, a check runs once per TTL, and an answer comes within the deadline whatever the checks
//! do. Strangers see a bare status; details, redacted, go to the holder of the token and, if so configured, to loopback.
//!
//! ```
//! use ms_health::{Check, HealthCheck, Status};
//! use std::time::Duration;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), ms_health::BuildError> {
//! let health = HealthCheck::builder()
//!     .critical("database", || async { Ok::<_, std::io::Error>(()) })
//!     .add(Check::new("cache", || async { Err("connection refused") }).deadline(Duration::from_millis(300)))
//!     .build()?;
//!
//! let report = health.report().await;
//! assert_eq!(report.status(), Status::Degraded); // the cache is not critical
//! assert_eq!(report.check("database").map(|check| check.status()), Some(Status::Healthy));
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        missing_docs,
        reason = "tests assert by panicking"
    )
)]

mod access;
mod asked;
mod build;
mod builder;
mod change;
mod check;
mod crew;
mod ending;
mod endpoint;
mod error;
mod explain;
mod finding;
mod group;
#[cfg(feature = "grpc")]
mod grpc;
mod health;
mod heartbeat;
mod history;
mod mapping;
mod observe;
mod probe;
mod probes;
mod redact;
mod report;
mod run;
mod service;
mod show;
mod shutdown;
mod slot;
mod status;
#[cfg(feature = "system")]
mod system;
#[cfg(all(feature = "systemd", target_os = "linux"))]
mod systemd;

pub use access::PeerAddr;
pub use builder::HealthCheckBuilder;
pub use change::Change;
pub use check::Check;
pub use ending::{Ended, Shutdown, ShutdownSignal};
pub use endpoint::Endpoint;
pub use error::BuildError;
pub use explain::{Cause, Explanation, LastRun};
pub use finding::Finding;
#[cfg(feature = "grpc")]
pub use grpc::GrpcHealthService;
pub use health::HealthCheck;
pub use heartbeat::Heartbeat;
pub use probe::{BlockingProbe, Probe};
#[cfg(feature = "disk")]
pub use probes::DiskProbe;
#[cfg(feature = "redis")]
pub use probes::RedisProbe;
#[cfg(feature = "sqlx")]
pub use probes::SqlxProbe;
#[cfg(feature = "tcp")]
pub use probes::TcpProbe;
#[cfg(feature = "http")]
pub use probes::{HttpProbe, HttpProbeError};
pub use report::{CheckReport, Reading, Reason, Report};
pub use service::{HealthService, ResponseFuture};
pub use show::Format;
pub use status::Status;
#[cfg(feature = "system")]
pub use system::SystemCheck;
#[cfg(all(feature = "systemd", target_os = "linux"))]
pub use systemd::Systemd;

/// The guide's examples.
#[cfg(all(doctest, feature = "axum", feature = "system"))]
#[doc = include_str!("../../../docs/health.md")]
struct Guide;
