//! The rules and everything that is done with them.

#[cfg(feature = "rules")]
mod reload;

use std::collections::HashSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::{Mutex, RwLock, RwLockReadGuard};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::alert::{Alert, RuleStatus};
use crate::builder::AlertManagerBuilder;
use crate::delivery::{Delivery, Notification};
use crate::error::BuildError;
use crate::group::{About, Group};
use crate::handle::LONGEST;
use crate::observe;
use crate::rule::AlertRule;
use crate::samples::{ExpositionError, MetricValues, Samples, Source, samples_of};
use crate::snapshot::Snapshot;
use crate::state::{Now, State};
use crate::template::External;
use crate::tracked::{Tracked, View};

/// Rules, their states and the sinks; cheap to clone, all clones share one state.
///
/// Either checked by hand with [`check_alerts`](Self::check_alerts), or started with a source of samples by
/// [`AlertManagerBuilder::spawn`].
#[derive(Clone)]
pub struct AlertManager(pub(crate) Arc<Core>);

pub(crate) struct Core {
    /// The first group holds the rules made in code.
    groups: Mutex<Vec<Group>>,
    /// The names of the rules made in code, which are their identities.
    names: Mutex<HashSet<String>>,
    /// What was true at the end of the last evaluation: readers never wait for one.
    shown: RwLock<Snapshot>,
    /// What is to be evaluated, and how often.
    beats: watch::Sender<HashSet<Arc<About>>>,
    source_failed: AtomicBool,
    /// Taken after `groups`.
    introduced: Mutex<observe::Introduced>,
    sources: Vec<Source>,
    pub(crate) delivery: Delivery,
    external: External,
    /// Taken after `groups`.
    #[cfg(feature = "rules")]
    memory: Memory,
}

/// What rule files need beside the samples of the moment.
#[cfg(feature = "rules")]
pub(crate) struct Memory {
    history: Mutex<crate::samples::History>,
    dialect: crate::promql::Dialect,
    /// Where the rules of files are read again; held while they are.
    origins: Mutex<Vec<crate::rules_file::Origin>>,
    /// Of groups that have none.
    interval: Duration,
    /// Where the moments of `check_samples_at` begin, on both clocks.
    replayed_from: std::sync::OnceLock<Now>,
}

#[cfg(feature = "rules")]
impl Memory {
    pub(crate) fn new(
        groups: &[Group],
        limits: crate::samples::Limits,
        dialect: crate::promql::Dialect,
        origins: Vec<crate::rules_file::Origin>,
        interval: Duration,
    ) -> Self {
        let history = Mutex::new(crate::samples::History::new(asked_by(groups), limits));
        let origins = Mutex::new(origins);
        Self { history, dialect, origins, interval, replayed_from: std::sync::OnceLock::new() }
    }
}

#[cfg(feature = "rules")]
fn asked_by(groups: &[Group]) -> crate::samples::Asked {
    let mut asked = crate::samples::Asked::default();
    groups.iter().flat_map(|group| &group.rules).for_each(|rule| rule.ask(&mut asked));
    asked
}

fn beats_of(groups: &[Group]) -> HashSet<Arc<About>> {
    groups.iter().map(|group| Arc::clone(&group.about)).collect()
}

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
            Delivery::new(Vec::new()),
            External::default(),
            #[cfg(feature = "rules")]
            Memory::new(
                &[],
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
        let rule = Tracked::new(rule.compile()?);
        claim(&mut self.0.names.lock(), &rule)?;
        let mut groups = self.0.groups.lock();
        if let Some(own) = groups.first_mut() {
            if let Some(shown) = self.0.shown.write().groups.first_mut() {
                shown.rules.push(rule.view());
            }
            own.rules.push(rule);
        }
        Ok(())
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
        self.0.evaluate(samples, Now::read(), |_| true)
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
        self.0.evaluate(samples, now, |_| true)
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

/// Gives a rule made in code its name, unless another has it.
pub(crate) fn claim(names: &mut HashSet<String>, rule: &Tracked) -> Result<(), BuildError> {
    if names.insert(rule.name().to_owned()) {
        return Ok(());
    }
    Err(BuildError::Duplicate { rule: rule.name().to_owned() })
}

impl Core {
    /// The first group must be the one of the rules made in code, whose names are `names`.
    pub(crate) fn new(
        groups: Vec<Group>,
        names: HashSet<String>,
        sources: Vec<Source>,
        delivery: Delivery,
        external: External,
        #[cfg(feature = "rules")] memory: Memory,
    ) -> Self {
        observe::describe();
        let shown = RwLock::new(Snapshot::of(&groups));
        Self {
            beats: watch::Sender::new(beats_of(&groups)),
            groups: Mutex::new(groups),
            names: Mutex::new(names),
            shown,
            source_failed: AtomicBool::new(false),
            introduced: Mutex::default(),
            sources,
            delivery,
            external,
            #[cfg(feature = "rules")]
            memory,
        }
    }

    /// Gives the groups as they are, and as they will be after a reload.
    pub(crate) fn beats(&self) -> watch::Receiver<HashSet<Arc<About>>> {
        self.beats.subscribe()
    }

    pub(crate) fn snapshot(&self) -> RwLockReadGuard<'_, Snapshot> {
        self.shown.read()
    }

    /// Reads the sources and evaluates the groups that are `due` as of the moment `at`. Blocks.
    ///
    /// If a source fails, nothing is evaluated: what cannot be seen neither fires nor resolves.
    pub(crate) fn evaluate_sources(&self, due: &HashSet<Arc<About>>, at: Instant) {
        let now = Now { at, ..Now::read() };
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let readings: Vec<_> = self.sources.iter().map(Source::read).collect();
            let samples: Result<Vec<Samples<'_>>, ExpositionError> =
                readings.iter().map(|reading| reading.samples()).collect();
            self.evaluate(&Samples::joined(samples?), now, |group| due.contains(group));
            Ok::<_, ExpositionError>(())
        }));
        // A source that cannot be read has gone, and its series with it.
        #[cfg(feature = "rules")]
        if !matches!(outcome, Ok(Ok(()))) {
            self.memory.history.lock().record(&Samples::default(), now);
        }
        let problem = match outcome {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            // Conditions of rules are caught one by one, so this was a source.
            Err(_) => Some("it panicked".to_owned()),
        };
        self.tell_of_sources(problem.as_deref());
    }

    /// Each failure is counted, and the first of several on end is logged.
    fn tell_of_sources(&self, problem: Option<&str>) {
        let failed_before = self.source_failed.swap(problem.is_some(), Ordering::Relaxed);
        match problem {
            Some(problem) => {
                observe::evaluation_failed("source");
                if !failed_before {
                    tracing::error!(problem, "a source of metrics failed; no rule is evaluated");
                }
            }
            None if failed_before => tracing::info!("the sources of metrics work again"),
            None => {}
        }
    }

    fn evaluate(&self, samples: &Samples<'_>, now: Now, due: impl Fn(&About) -> bool) -> Vec<Alert> {
        let started = Instant::now();
        let mut groups = self.groups.lock();
        #[cfg(feature = "rules")]
        let mut history = self.memory.history.lock();
        #[cfg(feature = "rules")]
        history.record(samples, now);
        let mut introduced = self.introduced.lock();
        let mut changes = Vec::new();
        let mut evaluated = 0;
        for group in groups.iter_mut().filter(|group| due(&group.about)) {
            for rule in &mut group.rules {
                evaluated += 1;
                let view = View {
                    samples,
                    external: &self.external,
                    #[cfg(feature = "rules")]
                    history: &history,
                    #[cfg(feature = "rules")]
                    dialect: self.memory.dialect,
                };
                let begun = Instant::now();
                let (changed, failure) = rule.evaluate(&view, now);
                rule.evaluated(now.wall, begun.elapsed(), &group.about.name, &mut introduced);
                // The next rules of the group read it.
                #[cfg(feature = "rules")]
                rule.write(&mut history);
                if let Some(failure) = failure {
                    observe::evaluation_failed(failure.reason());
                }
                // Under the lock, so that the sinks hear of changes in the order in which they happened.
                for change in &changed {
                    let url = Arc::clone(&self.external.url);
                    let notification = Notification::new(change.clone(), Arc::clone(rule.identity()), url);
                    self.delivery.push(notification, started);
                }
                changes.extend(changed);
            }
        }
        let snapshot = Snapshot::of(&groups);
        let (mut firing, mut pending) = (0, 0);
        for alert in snapshot.alerts() {
            *(if alert.state == State::Firing { &mut firing } else { &mut pending }) += 1;
        }
        *self.shown.write() = snapshot;
        observe::evaluated(evaluated, started.elapsed(), pending, firing);
        changes
    }
}

impl fmt::Debug for AlertManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlertManager").field("rules", &self.rules()).finish_non_exhaustive()
    }
}
