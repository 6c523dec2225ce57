//! Collects rules, sources and sinks.

use std::collections::HashSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

#[cfg(not(feature = "rules"))]
use crate::delivery::Routed;
use crate::delivery::{Delivery, Ledger, Limits, Sink, lane_name};
#[cfg(feature = "rules")]
use crate::dispatch::Routing;
use crate::error::BuildError;
use crate::group::Group;
use crate::handle::AlertHandle;
use crate::journal::{Audience, Journal};
use crate::labels::Labels;
#[cfg(feature = "rules")]
use crate::manager::Memory;
use crate::manager::{AlertManager, Core, claim};
use crate::rule::AlertRule;
#[cfg(feature = "rules")]
use crate::rules_file::{Origin, RuleSet};
use crate::samples::Source;
use crate::state::Now;
use crate::template::External;
use crate::tracked::{Orphans, Tracked};

/// Collects rules, sources, sinks and options; made by [`AlertManager::builder`].
///
/// | option | default |
/// |---|---|
/// | [`interval`](Self::interval) | 15 s |
/// | [`journal`](Self::journal) | none: a restart knows nothing |
/// | [`queue_capacity`](Self::queue_capacity) | 10,000 notifications a sink |
/// | [`give_up_after`](Self::give_up_after) | 24 h |
/// | [`external_labels`](Self::external_labels), [`external_url`](Self::external_url) | none |
/// | `history_series`, `history_bytes`, `compat` (feature `rules`) | 100,000 series, 256 MiB, Prometheus 3 |
#[must_use = "nothing is evaluated until `spawn` or `build`"]
pub struct AlertManagerBuilder {
    rules: Vec<AlertRule>,
    #[cfg(feature = "rules")]
    files: RuleSet,
    sources: Vec<Source>,
    sinks: Vec<Box<dyn Sink>>,
    #[cfg(feature = "rules")]
    routing: Routing,
    #[cfg(feature = "webhook")]
    heartbeat: Option<crate::Heartbeat>,
    journal: Option<PathBuf>,
    interval: Duration,
    limits: Limits,
    external: External,
    #[cfg(feature = "rules")]
    history: crate::samples::Limits,
    #[cfg(feature = "rules")]
    compat: crate::Compat,
}

impl Default for AlertManagerBuilder {
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            #[cfg(feature = "rules")]
            files: RuleSet::default(),
            sources: Vec::new(),
            sinks: Vec::new(),
            #[cfg(feature = "rules")]
            routing: Routing::default(),
            #[cfg(feature = "webhook")]
            heartbeat: None,
            journal: None,
            interval: Duration::from_secs(15),
            limits: Limits::default(),
            external: External::default(),
            #[cfg(feature = "rules")]
            history: crate::samples::Limits::default(),
            #[cfg(feature = "rules")]
            compat: crate::Compat::default(),
        }
    }
}

impl AlertManagerBuilder {
    /// Adds a rule made in code.
    pub fn rule(mut self, rule: AlertRule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Adds the rules of a file in Prometheus's format.
    ///
    /// # Errors
    ///
    /// [`RuleFileError`](crate::RuleFileError) with everything that is wrong in the file. No rule of it is loaded.
    #[cfg(feature = "rules")]
    pub fn rules_file(mut self, path: impl AsRef<std::path::Path>) -> Result<Self, crate::RuleFileError> {
        self.files.add(Origin::File(path.as_ref().to_owned()))?;
        Ok(self)
    }

    /// Adds the rules of all files whose paths are like `pattern`, sorted by path: `*` and `?` stand for any characters but `/`,
    /// `[a-z]` for one of these, `**` for any number of directories; `[*]` is a plain `*`. A file that is named twice is read
    /// once.
    ///
    /// # Errors
    ///
    /// [`RuleFileError`](crate::RuleFileError) with everything that is wrong in the first file that is; also if there is no file
    /// of such a path. No rule of any of them is loaded.
    #[cfg(feature = "rules")]
    pub fn rules_files(mut self, pattern: &str) -> Result<Self, crate::RuleFileError> {
        self.files.add(Origin::Pattern(pattern.to_owned()))?;
        Ok(self)
    }

    /// Adds the rules of a text in Prometheus's format; `name` stands for the file in errors.
    ///
    /// # Errors
    ///
    /// [`RuleFileError`](crate::RuleFileError) with everything that is wrong in the text. No rule of it is loaded.
    #[cfg(feature = "rules")]
    pub fn rules_text(mut self, name: &str, text: &str) -> Result<Self, crate::RuleFileError> {
        self.files.add(Origin::Text(name.to_owned(), text.to_owned()))?;
        Ok(self)
    }

    /// Adds a source of samples; several are read at once and looked at together. An evaluation waits for ten seconds for all of
    /// them, and for one that failed the last time, for a second.
    pub fn source(mut self, source: Source) -> Self {
        self.sources.push(source);
        self
    }

    /// Adds a sink that hears of every change of every alert at once, one by one, whatever is routed, inhibited or silenced.
    pub fn sink(mut self, sink: impl Sink) -> Self {
        self.sinks.push(Box::new(sink));
        self
    }

    /// Routes alerts: those that fire or are resolved are told in groups to the sinks of their
    /// [`receiver`](Self::receiver), when it is time, as an Alertmanager with this file would.
    #[cfg(feature = "rules")]
    pub fn routes(mut self, routes: crate::Routes) -> Self {
        self.routing.routes = Some(routes);
        self
    }

    /// Adds a sink to a receiver of the routes; a receiver may have several.
    #[cfg(feature = "rules")]
    pub fn receiver(mut self, name: impl Into<String>, sink: impl Sink) -> Self {
        self.routing.receivers.push((name.into(), Box::new(sink)));
        self
    }

    /// Adds all receivers of a file with their sinks; the alerts of one that has none go nowhere, as in Alertmanager.
    ///
    /// ```
    /// use ms_alerts::{AlertManager, Receivers, Routes};
    ///
    /// let text = r#"
    /// route: {receiver: duty}
    /// receivers:
    ///   - name: duty
    ///     slack_configs: [{api_url: "https://hooks.slack.com/services/T000/B000/XXX"}]
    /// "#;
    /// let alerts = AlertManager::builder()
    ///     .routes(Routes::parse("routes.yml", text)?)
    ///     .receivers(Receivers::parse("routes.yml", text, None)?)
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(all(feature = "rules", feature = "webhook"))]
    pub fn receivers(mut self, receivers: crate::Receivers) -> Self {
        for receiver in receivers.into_sinks() {
            if receiver.sinks.is_empty() {
                self = self.discard(receiver.name);
                continue;
            }
            let named = receiver.sinks.into_iter().map(|sink| (receiver.name.clone(), sink));
            self.routing.receivers.extend(named);
        }
        self
    }

    /// Lets the alerts of a receiver go nowhere; otherwise one without a sink is an error.
    #[cfg(feature = "rules")]
    pub fn discard(mut self, receiver: impl Into<String>) -> Self {
        self.routing.discarded.insert(receiver.into());
        self
    }

    /// Calls a URL as long as rules are evaluated in the background, which [`spawn`](Self::spawn) begins.
    #[cfg(feature = "webhook")]
    pub fn heartbeat(mut self, heartbeat: crate::Heartbeat) -> Self {
        self.heartbeat = Some(heartbeat);
        self
    }

    /// Keeps in a file what a restart must know: for how long alerts have been pending, which fire, what the sinks were told and
    /// have yet to be told. Default none.
    ///
    /// The file is read when the manager is built, which blocks, and written by one manager at a time: another reads it
    /// and writes once the first has ended. Nobody but the user of the
    /// process may read it: labels and annotations of alerts are in it, addresses and credentials of sinks are not. A file that
    /// is damaged or none of ours is used as far as it is whole and kept aside as `….corrupt-…`; one that cannot be written keeps
    /// no alert from being sent. Both are logged at ERROR and counted in `ms_alerts_journal_errors_total`.
    pub fn journal(mut self, path: impl Into<PathBuf>) -> Self {
        self.journal = Some(path.into());
        self
    }

    /// Sets how often rules are evaluated that have no interval of their own. Default 15 s.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sets how many notifications may wait for a sink. Default 10,000; what does not fit is counted and logged.
    pub fn queue_capacity(mut self, notifications: usize) -> Self {
        self.limits.capacity = notifications;
        self
    }

    /// Sets how long a notification is tried before it is given up, counted and logged. Default 24 h.
    pub fn give_up_after(mut self, limit: Duration) -> Self {
        self.limits.give_up_after = limit;
        self
    }

    /// Sets the labels that tell this service from others: what `$externalLabels` gives in the texts of rules. As in
    /// Prometheus, no alert gets them. Default none.
    pub fn external_labels(mut self, labels: Labels) -> Self {
        self.external.labels = labels;
        self
    }

    /// Sets where people reach this service: what `$externalURL` gives in the texts of rules, and the `externalURL` of
    /// notifications. Default empty.
    pub fn external_url(mut self, url: impl Into<String>) -> Self {
        self.external.url = url.into().into();
        self
    }

    /// Sets which Prometheus the rules of files are evaluated like. Default [`Compat::V3`](crate::Compat::V3).
    #[cfg(feature = "rules")]
    pub fn compat(mut self, compat: crate::Compat) -> Self {
        self.compat = compat;
        self
    }

    /// Sets how many series are kept for rules that look back. Default 100,000.
    ///
    /// What does not fit is counted. Rules that ask for its metric fail until their range is complete again.
    #[cfg(feature = "rules")]
    pub fn history_series(mut self, series: usize) -> Self {
        self.history.series = series;
        self
    }

    /// Sets how many bytes may be kept for rules that look back. Default 256 MiB, about; else as
    /// [`history_series`](Self::history_series).
    #[cfg(feature = "rules")]
    pub fn history_bytes(mut self, bytes: usize) -> Self {
        self.history.bytes = bytes;
        self
    }

    /// Makes the manager, to be checked by hand.
    ///
    /// # Errors
    ///
    /// [`BuildError`]: a rule that cannot be, two rules made in code or two sinks of one name, an interval of zero, routes and
    /// receivers that do not fit.
    pub fn build(self) -> Result<AlertManager, BuildError> {
        if self.interval.is_zero() {
            return Err(BuildError::ZeroInterval);
        }
        let mut sinks = HashSet::new();
        if let Some(sink) = self.sinks.iter().find(|sink| !sinks.insert(sink.name().to_owned())) {
            return Err(BuildError::DuplicateSink { sink: sink.name().to_owned() });
        }
        let (mut own, mut names) = (Vec::new(), HashSet::new());
        for rule in self.rules {
            let rule = Tracked::new(rule.compile()?);
            claim(&mut names, &rule)?;
            own.push(rule);
        }
        let mut groups = vec![Group::own(own)];
        #[cfg(feature = "rules")]
        let origins = self.files.take_into(&mut groups);
        groups.iter_mut().for_each(|group| group.default_interval(self.interval));
        #[cfg(feature = "rules")]
        let dialect = crate::promql::Dialect::new(self.compat, self.interval);
        #[cfg(feature = "rules")]
        let memory = Memory::new(self.history, dialect, origins, self.interval);
        #[cfg(feature = "rules")]
        let (dispatcher, routed) = self.routing.build(&self.external)?;
        #[cfg(not(feature = "rules"))]
        let routed: Vec<Routed> = Vec::new();
        let now = Now::read();
        let audience = Audience {
            plain: self.sinks.iter().map(|sink| sink.name().to_owned()).collect(),
            routed: routed.iter().map(|(sink, receiver)| lane_name(sink.as_ref(), Some(receiver))).collect(),
        };
        let (journal, mut before) = self.journal.map(|path| Journal::open(path, audience)).unzip();
        let mut orphans = before.as_mut().map(|before| Orphans::new(before, now));
        if let Some(orphans) = &mut orphans {
            groups.iter_mut().flat_map(|group| &mut group.rules).for_each(|rule| orphans.come_home(rule));
        }
        let ledger = Ledger::new(
            #[cfg(feature = "rules")]
            dispatcher,
            journal,
        );
        let delivery = Delivery::new(self.sinks, routed, self.limits, ledger);
        if let Some(before) = before {
            let rules = groups.iter().flat_map(|group| &group.rules);
            let firing = rules.flat_map(|rule| {
                rule.firing().map(|alert| {
                    let whose = Arc::clone(rule.identity_of(&alert));
                    (alert, whose)
                })
            });
            delivery.restore(before, firing.collect(), &self.external, now);
        }
        let core = Core::new(
            groups,
            names,
            self.sources,
            delivery,
            self.external,
            orphans,
            #[cfg(feature = "rules")]
            memory,
        );
        Ok(AlertManager(Arc::new(core)))
    }

    /// Makes the manager and evaluates its rules in the background until the handle is shut down or dropped.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build), and: no source, or no tokio runtime.
    pub fn spawn(
        #[cfg_attr(not(feature = "webhook"), allow(unused_mut, reason = "there is no heartbeat to take"))]
        mut self,
    ) -> Result<AlertHandle, BuildError> {
        let runtime = Handle::try_current().map_err(|_| BuildError::NoRuntime)?;
        if self.sources.is_empty() {
            return Err(BuildError::NoSource);
        }
        let interval = self.interval;
        #[cfg(feature = "webhook")]
        let heartbeat = self.heartbeat.take();
        Ok(AlertHandle::spawn(
            self.build()?,
            interval,
            &runtime,
            #[cfg(feature = "webhook")]
            heartbeat,
        ))
    }
}

impl fmt::Debug for AlertManagerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sinks: Vec<_> = self.sinks.iter().map(|sink| sink.name()).collect();
        f.debug_struct("AlertManagerBuilder")
            .field("rules", &self.rules)
            .field("sources", &self.sources.len())
            .field("sinks", &sinks)
            .field("interval", &self.interval)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
