//! Probes that are ready-made, each behind a feature. A closure does for everything else.

#[cfg(feature = "tcp")]
mod connect;
#[cfg(feature = "disk")]
mod disk;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "sqlx")]
mod sqlx;
#[cfg(feature = "tcp")]
mod tcp;
#[cfg(feature = "https")]
mod tls;

#[cfg(feature = "disk")]
pub use disk::DiskProbe;
#[cfg(feature = "http")]
pub use http::{HttpProbe, HttpProbeError};
#[cfg(feature = "redis")]
pub use redis::RedisProbe;
#[cfg(feature = "sqlx")]
pub use sqlx::SqlxProbe;
#[cfg(feature = "tcp")]
pub use tcp::TcpProbe;
