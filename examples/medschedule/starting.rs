//! What happens between listening and being ready.

use std::net::SocketAddr;

use ms_health::HealthCheck;
use ms_logging::log_event;

use crate::config::Config;
use crate::greeting::greet;
use crate::seed::seed;
use crate::service::Service;
use crate::{Failure, demo};

/// Loads what is to be there from the start, then opens the startup gate and says so. With `--demo` it goes on to send some
/// load, until it is dropped.
///
/// # Errors
///
/// What kept the roster from being loaded.
pub async fn start(
    config: &Config,
    service: &Service,
    health: &HealthCheck,
    address: SocketAddr,
) -> Result<(), Failure> {
    if let Some(file) = &config.seed {
        seed(service, file, &mut std::io::stdout()).await?;
    }
    if config.demo {
        demo::fill(service).await?;
    }
    log_event!("service_started", address = address.to_string(), database = service.database());
    health.mark_started();
    greet(config, service, address);
    if config.demo {
        demo::drive(address, config.token()?.as_ref()).await?;
    }
    Ok(())
}
