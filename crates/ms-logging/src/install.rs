//! Logging for the whole process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::Registry;

use crate::builder::LoggingBuilder;
use crate::error::InstallError;
use crate::guard::{Logging, LoggingGuard};
use crate::layer::EventLayer;
use crate::panics;

/// Installs logging with every default, but for what the environment sets: `Logging::builder().env()?.install()`.
///
/// # Errors
///
/// [`InstallError`], as for [`LoggingBuilder::env`] and [`LoggingBuilder::install`].
pub fn setup_logging() -> Result<LoggingGuard, InstallError> {
    Logging::builder().env()?.install()
}

impl LoggingBuilder {
    /// Installs logging for the whole process: as `tracing`'s global subscriber and as the logger of the crate `log`.
    ///
    /// # Errors
    ///
    /// - [`InstallError::AlreadyInstalled`], [`OtherSubscriber`](InstallError::OtherSubscriber),
    ///   [`OtherLogger`](InstallError::OtherLogger): what is installed stays as it is.
    /// - [`InstallError::Build`]: as for [`layer`](Self::layer).
    pub fn install(self) -> Result<LoggingGuard, InstallError> {
        static INSTALLED: AtomicBool = AtomicBool::new(false);
        if INSTALLED.swap(true, Ordering::AcqRel) {
            return Err(InstallError::AlreadyInstalled);
        }
        let installed = self.try_install();
        if installed.is_err() {
            INSTALLED.store(false, Ordering::Release);
        }
        installed
    }

    fn try_install(self) -> Result<LoggingGuard, InstallError> {
        let levels = self.config.levels()?;
        let panics = self.config.panics;
        let (core, guard) = self.config.start(levels.clone())?;
        // Not behind a filter of the layer's own: as the only one it can be asked once a call site.
        let layer = EventLayer::new(Arc::clone(&core), levels.clone());
        let subscriber = Registry::default().with(levels.filter()).with(layer);
        bridge_log(levels.most())?;
        if tracing::subscriber::set_global_default(subscriber).is_err() {
            // The bridge cannot be taken down again, but nothing need cross it.
            log::set_max_level(log::LevelFilter::Off);
            return Err(InstallError::OtherSubscriber);
        }
        levels.bridge();
        if panics {
            panics::log_panics(&core);
        }
        Ok(guard)
    }
}

/// Sends the records of the crate `log` to `tracing`. A bridge that an installation before has left is used again.
fn bridge_log(most: LevelFilter) -> Result<(), InstallError> {
    static BRIDGED: AtomicBool = AtomicBool::new(false);
    let most = tracing_log::AsLog::as_log(&most);
    if BRIDGED.load(Ordering::Acquire) {
        log::set_max_level(most);
        return Ok(());
    }
    let bridge = tracing_log::LogTracer::builder().with_max_level(most);
    bridge.init().map_err(|_| InstallError::OtherLogger)?;
    BRIDGED.store(true, Ordering::Release);
    Ok(())
}
