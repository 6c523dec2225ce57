//! Alert rules read again while the service runs.

use std::io;

use ms_alerts::AlertHandle;
use ms_logging::log_event;
use tokio::signal::unix::{SignalKind, signal};

use crate::chain::Chain;

/// Reads the rule files again at each SIGHUP, as Prometheus does. Rules that are refused leave the old ones running, which the
/// log tells. Needs the runtime.
///
/// # Errors
///
/// The system gives no notice of the signal; nothing was started.
pub fn on_hangup(alerts: AlertHandle) -> io::Result<()> {
    let mut hangups = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            match alerts.reload().await {
                Ok(resolved) => {
                    log_event!("rules_reloaded", rules = alerts.rules().len(), resolved = resolved.len());
                }
                Err(error) => {
                    tracing::error!(error = %Chain::from(error), "rules refused, the old ones run on")
                }
            }
        }
    });
    Ok(())
}
