//! Where the samples of a running manager come from.

use std::fmt;

use super::{MetricValues, Samples, parse_exposition, samples_of};

/// Something that is read once for each evaluation; made by [`exposition`], [`values()`],
/// [`PushSource::source`](crate::PushSource::source), or `scrape` (feature `webhook`).
pub struct Source {
    read: Box<dyn Read>,
    name: String,
}

impl Source {
    pub(super) fn new(name: impl Into<String>, read: impl Read + 'static) -> Self {
        Self { read: Box::new(read), name: name.into() }
    }

    /// Sets what it is called in the log and in `ms_alerts_source_up`. Default: what made it, or `host:port` of a page; of several
    /// of one name, the second is `name-2`.
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Reads it; the error is for people. Blocks, and may panic if a closure does.
    pub(crate) fn read(&self) -> Result<Box<dyn Reading>, String> {
        self.read.read()
    }

    /// Of which instance there is to be an `up`.
    pub(crate) fn instance(&self) -> Option<&str> {
        self.read.instance()
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("name", &self.name).finish_non_exhaustive()
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
    Source::new("exposition", Rendered(render))
}

/// Reads metrics from the map that `collect` gives.
///
/// `collect` is called on a thread for blocking work, once for each evaluation.
pub fn values<M: MetricValues + 'static>(collect: impl Fn() -> M + Send + Sync + 'static) -> Source {
    Source::new("values", Collected(collect))
}

pub(super) trait Read: Send + Sync {
    fn read(&self) -> Result<Box<dyn Reading>, String>;

    fn instance(&self) -> Option<&str> {
        None
    }
}

/// What a source gave; samples borrow from it.
pub(crate) trait Reading: Send {
    /// The error is for people.
    fn samples(&self) -> Result<Samples<'_>, String>;
}

struct Rendered<F>(F);

impl<F: Fn() -> String + Send + Sync> Read for Rendered<F> {
    fn read(&self) -> Result<Box<dyn Reading>, String> {
        Ok(Box::new((self.0)()))
    }
}

impl Reading for String {
    fn samples(&self) -> Result<Samples<'_>, String> {
        parse_exposition(self).map_err(|error| error.to_string())
    }
}

struct Collected<F>(F);

impl<M: MetricValues + 'static, F: Fn() -> M + Send + Sync> Read for Collected<F> {
    fn read(&self) -> Result<Box<dyn Reading>, String> {
        // A map may be bound to the thread that made it; what it holds is not.
        let mut values: Vec<(String, f64)> = Vec::new();
        (self.0)().visit(&mut |name, value| values.push((name.to_owned(), value)));
        Ok(Box::new(values))
    }
}

impl Reading for Vec<(String, f64)> {
    fn samples(&self) -> Result<Samples<'_>, String> {
        Ok(samples_of(self))
    }
}
