//! Which rules there are, and who is told of their alerts.

use ms_alerts::{AlertManager, AlertManagerBuilder, Receivers, Routes, WebhookSink, log_sink};

use crate::config::Config;
use crate::{Failure, RULES};

/// Starts with the rules and the receivers that the configuration names.
///
/// # Errors
///
/// If a file cannot be read, or anything in it is wrong: the error tells file, line and column.
pub fn builder(config: &Config) -> Result<AlertManagerBuilder, Failure> {
    receivers(rules(config)?, config)
}

/// Starts with the rules alone.
///
/// # Errors
///
/// As [`builder`].
pub fn rules(config: &Config) -> Result<AlertManagerBuilder, Failure> {
    Ok(match &config.rules {
        Some(pattern) => AlertManager::builder().rules_files(pattern)?,
        None => AlertManager::builder().rules_text("alerts.yml", RULES)?,
    })
}

/// Adds the receivers.
///
/// # Errors
///
/// As [`builder`].
pub fn receivers(mut builder: AlertManagerBuilder, config: &Config) -> Result<AlertManagerBuilder, Failure> {
    builder = builder.sink(log_sink());
    if let Some(url) = &config.webhook {
        let sink = WebhookSink::internal(url.expose()).map_err(|error| format!("--webhook: {error}"))?;
        builder = builder.sink(sink);
    }
    if let Some(file) = &config.alert_routes {
        let receivers = Receivers::read(file, config.alert_receivers.as_deref())?;
        builder = builder.routes(Routes::read(file)?).receivers(receivers);
    }
    Ok(builder)
}
