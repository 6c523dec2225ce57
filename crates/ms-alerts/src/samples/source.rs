//! Where the samples of a running manager come from.

use std::fmt;

use super::{ExpositionError, MetricValues, Samples, parse_exposition, samples_of};

/// Something that is read once for each evaluation; made by [`exposition`], [`values()`], or `scrape` (feature `webhook`).
pub struct Source(Box<dyn Read>);

impl Source {
    #[cfg(feature = "webhook")]
    pub(super) fn new(read: impl Read + 'static) -> Self {
        Self(Box::new(read))
    }

    /// Reads, hands the samples over, and gives what was made of them.
    pub(crate) fn read(&self) -> Box<dyn Reading> {
        self.0.read()
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").finish_non_exhaustive()
    }
}

/// Reads metrics from the text that `render` gives, in the Prometheus text format 0.0.4.
///
/// `render` is called on a thread for blocking work, once for each evaluation.
///
/// ```
/// use ms_alerts::{AlertManager, exposition};
///
/// let alerts = AlertManager::builder().source(exposition(|| "up 1\n".to_owned())).build()?;
/// # Ok::<(), ms_alerts::BuildError>(())
/// ```
pub fn exposition(render: impl Fn() -> String + Send + Sync + 'static) -> Source {
    Source(Box::new(Rendered(render)))
}

/// Reads metrics from the map that `collect` gives.
///
/// `collect` is called on a thread for blocking work, once for each evaluation.
pub fn values<M: MetricValues + 'static>(collect: impl Fn() -> M + Send + Sync + 'static) -> Source {
    Source(Box::new(Collected(collect)))
}

pub(super) trait Read: Send + Sync {
    fn read(&self) -> Box<dyn Reading>;
}

/// What a source gave; samples borrow from it.
pub(crate) trait Reading {
    fn samples(&self) -> Result<Samples<'_>, ExpositionError>;
}

struct Rendered<F>(F);

impl<F: Fn() -> String + Send + Sync> Read for Rendered<F> {
    fn read(&self) -> Box<dyn Reading> {
        Box::new((self.0)())
    }
}

impl Reading for String {
    fn samples(&self) -> Result<Samples<'_>, ExpositionError> {
        parse_exposition(self)
    }
}

struct Collected<F>(F);

impl<M: MetricValues + 'static, F: Fn() -> M + Send + Sync> Read for Collected<F> {
    fn read(&self) -> Box<dyn Reading> {
        Box::new(Values((self.0)()))
    }
}

struct Values<M>(M);

impl<M: MetricValues> Reading for Values<M> {
    fn samples(&self) -> Result<Samples<'_>, ExpositionError> {
        Ok(samples_of(&self.0))
    }
}
