//! What the terminal says once the service is ready.

use std::io::{self, Write};
use std::net::SocketAddr;

use crate::config::Config;
use crate::service::Service;

/// Tells on standard output where everything is. Whoever starts the service may wait for these lines.
pub fn greet(config: &Config, service: &Service, address: SocketAddr) {
    let (database, cache, log) = (service.database(), service.cache(), config.log_file());
    // Whether anybody reads it is not what the service depends on.
    let _ = writeln!(
        io::stdout(),
        "MedSchedule listens on http://{address} ({database}, {cache} cache)
  operations page  http://{address}/
  health           http://{address}/health
  metrics          http://{address}/metrics
  shifts           http://{address}/api/v1/shifts
  log              {}
Ctrl-C ends it.",
        log.display()
    );
}
