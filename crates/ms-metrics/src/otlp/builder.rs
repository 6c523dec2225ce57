//! How a push is set up.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::client::Client;
use super::collect::Origin;
use super::environment::Environment;
use super::error::OtlpError;
use super::outcome::Account;
use super::push::OtlpPush;
use super::settings::Settings;
use super::task::Task;
use crate::builder::Metrics;
use crate::registry::Registry;

/// What was set; nothing where the environment or the default shall speak.
#[derive(Default)]
pub(super) struct Options {
    pub(super) endpoint: Option<String>,
    pub(super) metrics_endpoint: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) gzip: Option<bool>,
    pub(super) timeout: Option<Duration>,
    pub(super) interval: Option<Duration>,
    pub(super) attributes: Vec<(String, String)>,
}

/// Configures the push of all metrics over OTLP/HTTP with protobuf; made by [`Metrics::otlp`].
///
/// What is not set here is read from the environment as OpenTelemetry specifies it; an empty variable is an unset one.
///
/// | option | environment | default |
/// |---|---|---|
/// | [`endpoint`](Self::endpoint) | `OTEL_EXPORTER_OTLP_ENDPOINT` | `http://localhost:4318` |
/// | [`metrics_endpoint`](Self::metrics_endpoint) | `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT` | the endpoint and `/v1/metrics` |
/// | [`header`](Self::header) | `OTEL_EXPORTER_OTLP_METRICS_HEADERS`, `OTEL_EXPORTER_OTLP_HEADERS` | none |
/// | [`timeout`](Self::timeout) | `OTEL_EXPORTER_OTLP_METRICS_TIMEOUT`, `OTEL_EXPORTER_OTLP_TIMEOUT` | 10 s an attempt |
/// | | `OTEL_METRIC_EXPORT_TIMEOUT` | 30 s a push, with all its attempts |
/// | [`interval`](Self::interval) | `OTEL_METRIC_EXPORT_INTERVAL` | 60 s |
/// | [`gzip`](Self::gzip) | `OTEL_EXPORTER_OTLP_METRICS_COMPRESSION`, `OTEL_EXPORTER_OTLP_COMPRESSION` | no |
/// | [`service_name`](Self::service_name) | `OTEL_SERVICE_NAME` | `unknown_service:` and the program |
/// | [`attribute`](Self::attribute) | `OTEL_RESOURCE_ATTRIBUTES` | `telemetry.sdk.*` |
#[must_use = "nothing is pushed until `spawn`"]
pub struct OtlpBuilder {
    registry: Arc<Registry>,
    started: SystemTime,
    options: Options,
}

impl Metrics {
    /// Configures a push of all metrics to an OTLP receiver, beside the scrape.
    ///
    /// ```no_run
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    ///
    /// let metrics = ms_metrics::Metrics::builder().build()?;
    /// let push = metrics.otlp().endpoint("http://collector:4318").service_name("medschedule").spawn()?;
    /// // … serve …
    /// push.shutdown(Duration::from_secs(5)).await?;
    /// # Ok(()) }
    /// ```
    pub fn otlp(&self) -> OtlpBuilder {
        OtlpBuilder {
            registry: Arc::clone(self.registry()),
            started: self.started(),
            options: Options::default(),
        }
    }
}

impl OtlpBuilder {
    /// Pushes to `base` and `/v1/metrics`.
    pub fn endpoint(mut self, base: impl Into<String>) -> Self {
        self.options.endpoint = Some(base.into());
        self
    }

    /// Pushes to exactly this URL; goes before [`endpoint`](Self::endpoint).
    pub fn metrics_endpoint(mut self, url: impl Into<String>) -> Self {
        self.options.metrics_endpoint = Some(url.into());
        self
    }

    /// Sends this header with each request, beside those of the environment. Its value is shown nowhere.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.headers.push((name.into(), value.into()));
        self
    }

    /// Compresses bodies.
    pub fn gzip(mut self, gzip: bool) -> Self {
        self.options.gzip = Some(gzip);
        self
    }

    /// Limits each attempt, from the connection to the head of the answer. Zero is no limit one could keep, and is ignored.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.options.timeout = Some(limit);
        self
    }

    /// Pushes this often; the first time after one interval. Zero is ignored.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.options.interval = Some(interval);
        self
    }

    /// Names the service: the attribute `service.name` of the resource.
    pub fn service_name(self, name: impl Into<String>) -> Self {
        self.attribute("service.name", name)
    }

    /// Adds an attribute of the resource, such as `deployment.environment.name`; the last one of a name stays.
    pub fn attribute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.attributes.push((name.into(), value.into()));
        self
    }

    /// Starts to push, on the tokio runtime that this is called in.
    ///
    /// With an `https` endpoint the certificates of the system are read, once and here.
    ///
    /// # Errors
    ///
    /// [`OtlpError`]: an address, a header or a protocol that cannot be used, no runtime, or no HTTP client. Nothing is
    /// started then.
    pub fn spawn(self) -> Result<OtlpPush, OtlpError> {
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| OtlpError::Runtime)?;
        let variable = |name: &str| std::env::var(name).ok();
        let settings = Settings::new(self.options, &Environment(&variable))?;
        let account = Account::new(&self.registry, settings.receiver());
        let origin = Origin::new(self.registry, settings.resource.clone(), self.started, settings.gzip);
        let task =
            Task::new(Client::new(&settings)?, origin, account, settings.interval, settings.push_limit);
        Ok(OtlpPush::spawn(&runtime, task))
    }
}

impl fmt::Debug for OtlpBuilder {
    /// Tells neither URL nor headers: they hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpBuilder").field("interval", &self.options.interval).finish_non_exhaustive()
    }
}
