//! Collects the checks and options.

use std::fmt::{self, Display};
use std::future::Future;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::access::Access;
use crate::change::{Change, Listener};
use crate::check::Check;
use crate::error::BuildError;
use crate::heartbeat::Heartbeat;
use crate::mapping::Mapping;
use crate::show::Format;
use crate::shutdown::Phase;
use crate::status::Status;

/// Collects checks and options; made by [`HealthCheck::builder`](crate::HealthCheck::builder).
///
/// | option | default |
/// |---|---|
/// | [`token`](Self::token) | none |
/// | [`details_on_loopback`](Self::details_on_loopback) | no |
/// | [`format`](Self::format) | [`Format::Origin`] |
/// | [`severity`](Self::severity) | healthy, degraded, unknown, unhealthy |
/// | [`http_status`](Self::http_status) | 200, 200, 503, 503 |
/// | [`kubernetes_paths`](Self::kubernetes_paths), [`status_page`](Self::status_page) | no |
/// | [`startup_gate`](Self::startup_gate) | no |
/// | [`drain_period`](Self::drain_period) | 5 s |
/// | [`poll_interval`](Self::poll_interval) | none: checks run when a probe asks |
/// | [`background`](Self::background) | no: probes begin runs |
/// | [`concurrency`](Self::concurrency) | 256 |
/// | [`max_abandoned_runs`](Self::max_abandoned_runs) | 64 |
#[must_use = "nothing is checked until `build`"]
pub struct HealthCheckBuilder {
    pub(crate) checks: Vec<Check>,
    pub(crate) system: Option<Check>,
    pub(crate) access: Access,
    pub(crate) token: Option<BuildError>,
    pub(crate) drain: Duration,
    pub(crate) listener: Listener,
    pub(crate) heartbeats: Vec<Heartbeat>,
    pub(crate) groups: Vec<(String, Vec<String>)>,
    pub(crate) mapping: Mapping,
    pub(crate) format: Format,
    pub(crate) kubernetes: bool,
    pub(crate) page: bool,
    pub(crate) poll: Option<Duration>,
    pub(crate) background: bool,
    pub(crate) max_abandoned: usize,
    pub(crate) concurrency: usize,
    pub(crate) phase: Phase,
}

impl Default for HealthCheckBuilder {
    fn default() -> Self {
        Self {
            checks: Vec::new(),
            system: None,
            access: Access::default(),
            token: None,
            drain: Duration::from_secs(5),
            listener: Listener::default(),
            heartbeats: Vec::new(),
            groups: Vec::new(),
            mapping: Mapping::default(),
            format: Format::default(),
            kubernetes: false,
            page: false,
            poll: None,
            background: false,
            max_abandoned: 64,
            concurrency: 256,
            phase: Phase::Serving,
        }
    }
}

impl HealthCheckBuilder {
    /// Adds a check without which the service does not work: its failure is `unhealthy` and 503.
    ///
    /// The closure is called for every run; it clones what its future needs.
    pub fn critical<F, R, E>(self, name: impl Into<String>, probe: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), E>> + Send + 'static,
        E: Display + 'static,
    {
        self.add(Check::new(name, probe).critical())
    }

    /// Adds a check without which the service still works: its failure is `degraded` and 200.
    pub fn check<F, R, E>(self, name: impl Into<String>, probe: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), E>> + Send + 'static,
        E: Display + 'static,
    {
        self.add(Check::new(name, probe))
    }

    /// Adds a check with options of its own.
    #[expect(
        clippy::should_implement_trait,
        reason = "a builder is no number; nobody writes builder + check"
    )]
    pub fn add(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }

    /// Adds the machine: CPU, memory and disk under `system`. The last call counts.
    #[cfg(feature = "system")]
    pub fn system(mut self, check: crate::SystemCheck) -> Self {
        self.system = Some(check.into_check());
        self
    }

    /// Calls `listener` once for each change of status of a check, a first run that is healthy apart: for an alert, never a
    /// stream of them. The last call counts.
    ///
    /// It runs on a thread of the runtime and must not block; a panic in it is logged.
    pub fn on_change(mut self, listener: impl Fn(&Change<'_>) + Send + Sync + 'static) -> Self {
        self.listener = Listener::new(listener);
        self
    }

    /// Lets liveness depend on this sign of life. Default: liveness depends on nothing.
    pub fn heartbeat(mut self, heartbeat: &Heartbeat) -> Self {
        self.heartbeats.push(heartbeat.clone());
        self
    }

    /// Adds `/health/<name>` over some of the checks, each given by its name or by a tag.
    ///
    /// A check is as critical there as it is elsewhere. `name` is of lower-case letters, digits and dashes.
    pub fn group<T: Into<String>>(
        mut self,
        name: impl Into<String>,
        checks: impl IntoIterator<Item = T>,
    ) -> Self {
        self.groups.push((name.into(), checks.into_iter().map(Into::into).collect()));
        self
    }

    /// Orders the statuses from good to bad: the worst of the checks is that of the whole. Each must be named once.
    pub fn severity(mut self, from_good_to_bad: [Status; 4]) -> Self {
        self.mapping.order = from_good_to_bad;
        self
    }

    /// Answers a status of the whole with this code. Default 200 for `healthy` and `degraded`, 503 for the others.
    pub fn http_status(mut self, status: Status, code: http::StatusCode) -> Self {
        self.mapping.set(status, code);
        self
    }

    /// Sets the shape of answers for those who ask for none by `Accept`. Default [`Format::Origin`].
    pub fn format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// Serves `/livez`, `/readyz` and `/startupz` too, in plain text with `?verbose` and `?exclude=<name>` as the API server
    /// of Kubernetes has them, failing with the code of the status instead of 500. Default no.
    ///
    /// The list of `?verbose` and the list of a failure are details. `?exclude=` is for everybody, since a kubelet has no
    /// token: who guesses the name of a check learns whether it alone is what fails.
    pub fn kubernetes_paths(mut self) -> Self {
        self.kubernetes = true;
        self
    }

    /// Serves a page for people at `/health/status`: no script, light and dark, the last hour of each check, in Turkish
    /// or English by `Accept-Language`. Default no.
    pub fn status_page(mut self) -> Self {
        self.page = true;
        self
    }

    /// Shows details to requests with `Authorization: Bearer <token>`. At least 16 bytes; only its digest is kept.
    ///
    /// Compared in constant time. A wrong token is answered like none: with the bare status.
    pub fn token(mut self, token: impl AsRef<str>) -> Self {
        self.token = self.access.with_token(token.as_ref()).err();
        self
    }

    /// Shows details to requests from this machine. Default no.
    ///
    /// For development, or behind a check of the `Host` header. Not behind a proxy on the same machine that adds none of
    /// its headers: everybody would be local.
    ///
    /// The peer's address decides, never a header; a request that passed a proxy, or that names another host, is not
    /// from this machine. The address must be known: serve with `into_make_service_with_connect_info::<SocketAddr>()`.
    pub fn details_on_loopback(mut self, allowed: bool) -> Self {
        self.access.on_loopback(allowed);
        self
    }

    /// Keeps the service from being ready until [`HealthCheck::mark_started`](crate::HealthCheck::mark_started): for migrations and warm caches. Default:
    /// there is no gate.
    pub fn startup_gate(mut self) -> Self {
        self.phase = Phase::Starting;
        self
    }

    /// Sets how long [`HealthCheck::shutdown`](crate::HealthCheck::shutdown) keeps serving after readiness has fallen. Default 5 s.
    ///
    /// Longer than the load balancer needs to notice, shorter than the time the process is given to end.
    pub fn drain_period(mut self, period: Duration) -> Self {
        self.drain = period;
        self
    }

    /// Runs due checks every `interval`, probes or not, so that gauges and log stay true. Default: not at all.
    ///
    /// The task ends with the last clone of the [`HealthCheck`](crate::HealthCheck).
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.poll = Some(interval);
        self
    }

    /// Runs checks every `interval` and at no other time: probes cost no dependency anything, whatever their number, and
    /// are answered at once. Default: no.
    ///
    /// A check whose TTL is longer than `interval` runs when that is over. An answer that grows older than the check's
    /// [`max_age`](Check::max_age), because the runtime that polls is stuck or gone, is `unknown` and 503. Before the first
    /// answer probes wait for it.
    pub fn background(mut self, interval: Duration) -> Self {
        self.poll = Some(interval);
        self.background = true;
        self
    }

    /// Sets how many runs may be left to themselves, past their deadline and not ended, before no other is begun: a check
    /// waits for one of them to end, and is `unknown` past its deadline. Default 64. A check is never left twice, so fewer
    /// checks than that never reach it.
    pub fn max_abandoned_runs(mut self, runs: usize) -> Self {
        self.max_abandoned = runs.max(1);
        self
    }

    /// Sets how many checks run at once, 1 at least. Default 256. Waiting for a place counts against the deadline.
    pub fn concurrency(mut self, checks: usize) -> Self {
        self.concurrency = checks.clamp(1, Semaphore::MAX_PERMITS);
        self
    }
}

impl fmt::Debug for HealthCheckBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HealthCheckBuilder")
            .field("checks", &self.checks)
            .field("system", &self.system)
            .field("drain_period", &self.drain)
            .field("poll_interval", &self.poll)
            .finish_non_exhaustive()
    }
}
