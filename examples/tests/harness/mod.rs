//! Starts the service and the real servers beside it: each on a free port, in a directory of its own, and ended when
//! its value is dropped, also by a test that fails.

pub mod browser;
pub mod http;
pub mod metrics;
pub mod process;
pub mod servers;
pub mod service;
pub mod sink;
pub mod wait;

pub use self::http::{Answer, Client};
pub use self::service::Service;
