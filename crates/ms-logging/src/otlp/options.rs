//! How an export is set up.

use std::fmt;
use std::time::Duration;

/// Exports log records and spans over OTLP/HTTP with protobuf; given to
/// [`LoggingBuilder::otlp`](crate::LoggingBuilder::otlp).
///
/// What is not set here is read from the environment as OpenTelemetry specifies it; an empty variable is an unset one. A
/// variable of one signal (`…_LOGS_…`, `…_TRACES_…`) goes before the one for all.
///
/// | option | environment | default |
/// |---|---|---|
/// | [`endpoint`](Self::endpoint) | `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_{LOGS,TRACES}_ENDPOINT` | `http://localhost:4318`; `/v1/logs` and `/v1/traces` are appended, but not to the address of one signal |
/// | [`header`](Self::header) | `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_EXPORTER_OTLP_{LOGS,TRACES}_HEADERS` | none |
/// | [`timeout`](Self::timeout) | `OTEL_EXPORTER_OTLP_TIMEOUT`, `OTEL_EXPORTER_OTLP_{LOGS,TRACES}_TIMEOUT` | 10 s an attempt |
/// | [`gzip`](Self::gzip) | `OTEL_EXPORTER_OTLP_COMPRESSION`, `OTEL_EXPORTER_OTLP_{LOGS,TRACES}_COMPRESSION` | no |
/// | [`retry_limit`](Self::retry_limit) | | 30 s a batch, with all its attempts |
/// | [`logs`](Self::logs), [`traces`](Self::traces) | | both |
/// | [`service_name`](Self::service_name) | `OTEL_SERVICE_NAME` | `unknown_service:` and the program |
/// | [`attribute`](Self::attribute) | `OTEL_RESOURCE_ATTRIBUTES` | `telemetry.sdk.*` |
///
/// ```no_run
/// use ms_logging::{Logging, Otlp};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let otlp = Otlp::new().endpoint("http://collector:4318").service_name("medschedule");
/// let log = Logging::builder().otlp(otlp).install()?;
/// # drop(log);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
#[must_use = "nothing is exported until it is given to the builder"]
pub struct Otlp {
    pub(super) endpoint: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) timeout: Option<Duration>,
    pub(super) retry_limit: Option<Duration>,
    pub(super) gzip: Option<bool>,
    pub(super) no_logs: bool,
    pub(super) no_traces: bool,
    pub(super) attributes: Vec<(String, String)>,
}

impl Otlp {
    /// Exports both signals to where the environment says, or to `http://localhost:4318`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Exports to `base` and `/v1/logs`, and to `base` and `/v1/traces`.
    pub fn endpoint(mut self, base: impl Into<String>) -> Self {
        self.endpoint = Some(base.into());
        self
    }

    /// Sends this header with each request, beside those of the environment. Its value is shown nowhere.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Limits each attempt, from the connection to the head of the answer. Zero is ignored.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Compresses bodies.
    pub fn gzip(mut self, on: bool) -> Self {
        self.gzip = Some(on);
        self
    }

    /// How long a batch is tried for; then its lines are lost and counted. Zero tries once.
    pub fn retry_limit(mut self, limit: Duration) -> Self {
        self.retry_limit = Some(limit);
        self
    }

    /// Whether events are exported as log records.
    pub fn logs(mut self, on: bool) -> Self {
        self.no_logs = !on;
        self
    }

    /// Whether spans are exported.
    pub fn traces(mut self, on: bool) -> Self {
        self.no_traces = !on;
        self
    }

    /// Names the service: the attribute `service.name` of the resource.
    pub fn service_name(self, name: impl Into<String>) -> Self {
        self.attribute("service.name", name)
    }

    /// Adds an attribute of the resource, such as `deployment.environment.name`; the last one of a name stays.
    pub fn attribute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.push((name.into(), value.into()));
        self
    }
}

impl fmt::Debug for Otlp {
    /// Tells neither URL nor values of headers: they hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { endpoint, headers, timeout, retry_limit, gzip, no_logs, no_traces, attributes } = self;
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Otlp")
            .field("endpoint", &endpoint.as_ref().map(|_| ".."))
            .field("headers", &names)
            .field("timeout", timeout)
            .field("retry_limit", retry_limit)
            .field("gzip", gzip)
            .field("logs", &!no_logs)
            .field("traces", &!no_traces)
            .field("attributes", attributes)
            .finish()
    }
}
