//! The rules and everything that is done with them.

mod core;
#[cfg(feature = "rules")]
mod memory;
#[cfg(feature = "rules")]
mod reload;
mod shown;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

pub(crate) use core::Core;
use core::Round;
#[cfg(feature = "rules")]
pub(crate) use memory::Memory;
pub(crate) use shown::claim;

use crate::alert::{Alert, RuleStatus};
use crate::builder::AlertManagerBuilder;
use crate::delivery::Delivery;
use crate::error::BuildError;
use crate::group::Group;
use crate::handle::LONGEST;
use crate::rule::AlertRule;
use crate::samples::{MetricValues, Samples, samples_of};
use crate::state::Now;
use crate::template::External;
use crate::tracked::Tracked;

/// Rules, their states and the sinks; cheap to clone, all clones share one state.
///
/// Either checked by hand with [`check_alerts`](Self::check_alerts), or started with a source of samples by
/// [`AlertManagerBuilder::spawn`].
///
/// A condition or a source may ask it for [`alerts`](Self::alerts) and [`rules`](Self::rules) and add rules: these wait for no
/// evaluation. A condition that has its own manager check the rules gets nothing from it, which is counted and logged; that a
/// thread of its own does so, or reloads, is what it must not wait for: that thread waits for the evaluation.
#[derive(Clone)]
pub struct AlertManager(pub(crate) Arc<Core>);

/// What a shutdown left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shutdown {
    /// Notifications that no sink had accepted when the time was up, counted once for each sink.
    pub undelivered: usize,
}

impl Default for AlertManager {
    fn default() -> Self {
        Self::new()
    }
}

impl AlertManager {
    /// Makes a manager without rules and sinks.
    pub fn new() -> Self {
        Self(Arc::new(Core::new(
            vec![Group::own(Vec::new())],
            HashSet::new(),
            Vec::new(),
            Delivery::default(),
            External::default(),
            None,
            #[cfg(feature = "rules")]
            Memory::new(
                crate::samples::Limits::default(),
                crate::promql::Dialect::default(),
                Vec::new(),
                Duration::ZERO,
            ),
        )))
    }

    /// Starts with no rules, sources and sinks.
    pub fn builder() -> AlertManagerBuilder {
        AlertManagerBuilder::default()
    }

    /// Adds a rule; it is looked at from the next evaluation on.
    ///
    /// # Errors
    ///
    /// [`BuildError`]: an empty or doubled name, a threshold that is NaN, a label or text that cannot be. The manager is
    /// as it was.
    pub fn add_rule(&self, rule: AlertRule) -> Result<(), BuildError> {
        self.0.shown.add(Tracked::new(rule.compile()?))
    }

    /// Checks every rule against `metrics` and gives the alerts that fired or were resolved, which also go to the sinks.
    ///
    /// A metric that is missing or NaN is "no data" for its own rule and nothing else. Never waits for a sink.
    ///
    /// # Cancel safety
    ///
    /// There is nothing to wait for: a check is done at the first poll.
    pub async fn check_alerts<M: MetricValues + ?Sized>(&self, metrics: &M) -> Vec<Alert> {
        self.check_samples(&samples_of(metrics)).await
    }

    /// Checks every rule against samples with labels, as [`parse_exposition`](crate::parse_exposition) gives them; else as
    /// [`check_alerts`](Self::check_alerts).
    ///
    /// # Cancel safety
    ///
    /// There is nothing to wait for: a check is done at the first poll.
    pub async fn check_samples(&self, samples: &Samples<'_>) -> Vec<Alert> {
        self.0.delivery.start();
        self.0.evaluate(Round::of(samples, Now::read()), |_| true)
    }

    /// Checks every rule against samples as if it were `moment`: recorded samples, played back.
    ///
    /// The first call of a manager sets where time begins; a moment before the last one counts as the last one.
    /// Else as [`check_samples`](Self::check_samples), with which it should not be mixed.
    ///
    /// # Cancel safety
    ///
    /// There is nothing to wait for: a check is done at the first poll.
    #[cfg(feature = "rules")]
    pub async fn check_samples_at(&self, samples: &Samples<'_>, moment: jiff::Timestamp) -> Vec<Alert> {
        self.0.delivery.start();
        let start = self.0.memory.replayed_from.get_or_init(|| Now { wall: moment, ..Now::read() });
        let since = Duration::try_from(moment.duration_since(start.wall)).unwrap_or_default();
        let now = Now { at: start.at.checked_add(since).unwrap_or(start.at), wall: moment };
        self.0.evaluate(Round::of(samples, now), |_| true)
    }

    /// Gives the alerts that were pending or firing after the last evaluation.
    pub fn alerts(&self) -> Vec<Alert> {
        self.0.snapshot().alerts().cloned().collect()
    }

    /// Gives every rule with its state after the last evaluation.
    pub fn rules(&self) -> Vec<RuleStatus> {
        self.0.snapshot().rules().collect()
    }

    /// Waits until the sinks have accepted all notifications, no longer than `limit`, and stops them.
    ///
    /// # Cancel safety
    ///
    /// Dropped before its end, it leaves the sinks running.
    pub async fn shutdown(&self, limit: Duration) -> Shutdown {
        let deadline = Instant::now() + limit.min(LONGEST);
        Shutdown { undelivered: self.0.delivery.shutdown(deadline).await }
    }
}

impl fmt::Debug for AlertManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlertManager").field("rules", &self.rules()).finish_non_exhaustive()
    }
}
