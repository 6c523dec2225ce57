//! Where to, how often, and how long: the builder's word, then the environment's, then the defaults.

use std::time::Duration;

use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::builder::Options;
use super::environment::Environment;
use super::error::OtlpError;
use super::message::Resource;
use super::resource;

const BUILDER: &str = "the builder";
const DEFAULT_BASE: &str = "http://localhost:4318";
const METRICS_PATH: &str = "v1/metrics";
const INTERVAL: Duration = Duration::from_secs(60);
/// Of one attempt.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(10);
/// Of one push with all its attempts.
const PUSH_LIMIT: Duration = Duration::from_secs(30);

/// No `Debug`: URL and headers hold secrets.
pub(super) struct Settings {
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) gzip: bool,
    pub(super) attempt_limit: Duration,
    pub(super) push_limit: Duration,
    pub(super) interval: Duration,
    pub(super) resource: Resource,
}

impl Settings {
    pub(super) fn new(options: Options, environment: &Environment<'_>) -> Result<Self, OtlpError> {
        let protocol = ["OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
        if let Some((origin, protocol)) = environment.first(protocol)
            && protocol != "http/protobuf"
        {
            return Err(OtlpError::Protocol { origin });
        }
        let limits = ["OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"];
        let duration = |given: Option<Duration>, names: &[&'static str], default| {
            given.filter(|given| !given.is_zero()).or_else(|| environment.duration(names)).unwrap_or(default)
        };
        Ok(Self {
            url: url(&options, environment)?,
            headers: headers(options.headers, environment)?,
            gzip: options.gzip.unwrap_or_else(|| gzip(environment)),
            attempt_limit: duration(options.timeout, &limits, ATTEMPT_LIMIT),
            push_limit: duration(None, &["OTEL_METRIC_EXPORT_TIMEOUT"], PUSH_LIMIT),
            interval: duration(options.interval, &["OTEL_METRIC_EXPORT_INTERVAL"], INTERVAL),
            resource: resource::of(environment, options.attributes),
        })
    }

    /// Host and port, for messages: the rest of the URL may hold a token.
    pub(super) fn receiver(&self) -> String {
        let port = self.url.port_or_known_default().unwrap_or_default();
        format!("{}:{port}", self.url.host_str().unwrap_or_default())
    }
}

/// An address for metrics is taken as it is; to one for all signals the path is added.
fn url(options: &Options, environment: &Environment<'_>) -> Result<Url, OtlpError> {
    const EXACT: &str = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";
    const BASE: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
    if let Some(exact) = &options.metrics_endpoint {
        return checked(exact, BUILDER);
    }
    if let Some(base) = &options.endpoint {
        return checked(base, BUILDER).map(with_path);
    }
    if let Some(exact) = environment.text(EXACT) {
        return checked(&exact, EXACT);
    }
    let base = environment.text(BASE);
    checked(base.as_deref().unwrap_or(DEFAULT_BASE), BASE).map(with_path)
}

fn checked(text: &str, origin: &'static str) -> Result<Url, OtlpError> {
    let url = Url::parse(text).map_err(|_| OtlpError::Endpoint { origin })?;
    let usable =
        matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty());
    if usable { Ok(url) } else { Err(OtlpError::Endpoint { origin }) }
}

fn with_path(mut base: Url) -> Url {
    let path = format!("{}/{METRICS_PATH}", base.path().trim_end_matches('/'));
    base.set_path(&path);
    base
}

fn headers(given: Vec<(String, String)>, environment: &Environment<'_>) -> Result<HeaderMap, OtlpError> {
    let names = ["OTEL_EXPORTER_OTLP_METRICS_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"];
    let mut headers = HeaderMap::new();
    if let Some((origin, text)) = environment.first(names) {
        add(&mut headers, Environment::pairs(&text).ok_or(OtlpError::Header { origin })?, origin)?;
    }
    add(&mut headers, given, BUILDER)?;
    Ok(headers)
}

fn add(headers: &mut HeaderMap, pairs: Vec<(String, String)>, origin: &'static str) -> Result<(), OtlpError> {
    for (name, value) in pairs {
        let wrong = || OtlpError::Header { origin };
        let name: HeaderName = name.parse().map_err(|_| wrong())?;
        let mut value = HeaderValue::from_str(&value).map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(())
}

fn gzip(environment: &Environment<'_>) -> bool {
    let names = ["OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION"];
    match environment.first(names) {
        Some((_, compression)) if compression == "gzip" => true,
        Some((variable, compression)) if compression != "none" => {
            tracing::warn!(variable, "neither gzip nor none; bodies are not compressed");
            false
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(options: Options, variables: &[(&str, &str)]) -> Result<Settings, OtlpError> {
        let find = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Settings::new(options, &Environment(&find))
    }

    fn url_of(options: Options, variables: &[(&str, &str)]) -> String {
        settings(options, variables).unwrap().url.to_string()
    }

    const BASE: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
    const EXACT: &str = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";

    #[test]
    fn the_path_is_added_to_a_base_and_not_to_an_address_for_metrics() {
        let none = Options::default;
        assert_eq!(url_of(none(), &[]), "http://localhost:4318/v1/metrics");
        assert_eq!(url_of(none(), &[(BASE, "http://c:1")]), "http://c:1/v1/metrics");
        assert_eq!(url_of(none(), &[(BASE, "https://c/otlp/")]), "https://c/otlp/v1/metrics");
        assert_eq!(url_of(none(), &[(BASE, "http://c:1"), (EXACT, "http://d:2")]), "http://d:2/");
        assert_eq!(url_of(none(), &[(EXACT, "http://d:2/x?token=1")]), "http://d:2/x?token=1");
    }

    #[test]
    fn the_builder_goes_before_the_environment() {
        let options = Options {
            endpoint: Some("http://builder".to_owned()),
            headers: vec![("B".to_owned(), "builder".to_owned())],
            interval: Some(Duration::from_secs(5)),
            timeout: Some(Duration::from_secs(2)),
            gzip: Some(false),
            ..Options::default()
        };
        let variables = [
            (EXACT, "http://env"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=all,b=all"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "1000"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "1000"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ];
        let ours = settings(options, &variables).unwrap();
        assert_eq!(ours.url.as_str(), "http://builder/v1/metrics");
        assert_eq!(ours.headers["a"], "all");
        assert_eq!(ours.headers["b"], "builder");
        assert_eq!((ours.interval, ours.attempt_limit), (Duration::from_secs(5), Duration::from_secs(2)));
        assert!(!ours.gzip);
        assert_eq!(ours.receiver(), "builder:80");
    }

    #[test]
    fn the_environment_for_metrics_goes_before_the_one_for_all() {
        let ours = settings(
            Options::default(),
            &[
                ("OTEL_EXPORTER_OTLP_HEADERS", "a=all,b=all"),
                ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "a=metrics%20only"),
                ("OTEL_EXPORTER_OTLP_TIMEOUT", "1"),
                ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "2000"),
                ("OTEL_METRIC_EXPORT_TIMEOUT", "7000"),
                ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ],
        );
        let ours = ours.unwrap();
        assert_eq!(ours.headers["a"], "metrics only");
        assert!(ours.headers["a"].is_sensitive() && !ours.headers.contains_key("b"));
        assert_eq!((ours.attempt_limit, ours.push_limit), (Duration::from_secs(2), Duration::from_secs(7)));
        assert_eq!(ours.interval, INTERVAL);
        assert!(ours.gzip);
    }

    #[test]
    fn what_cannot_be_used_is_refused_and_told_by_its_origin_alone() {
        const SECRET: &str = "s3cr3t";
        let url = format!("ftp://{SECRET}@c/{SECRET}");
        let header = format!("a={SECRET}%0A");
        let builder = Options { endpoint: Some(url.clone()), ..Options::default() };
        let header_of_builder =
            Options { headers: vec![(format!("{SECRET} "), SECRET.to_owned())], ..Options::default() };
        let refused = [
            (settings(builder, &[]), "the builder"),
            (settings(header_of_builder, &[]), "the builder"),
            (settings(Options::default(), &[(BASE, &url)]), BASE),
            (settings(Options::default(), &[(EXACT, "localhost:4318")]), EXACT),
            (
                settings(Options::default(), &[("OTEL_EXPORTER_OTLP_HEADERS", &header)]),
                "OTEL_EXPORTER_OTLP_HEADERS",
            ),
            (
                settings(Options::default(), &[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]),
                "OTEL_EXPORTER_OTLP_PROTOCOL",
            ),
        ];
        for (settings, origin) in refused {
            let error = settings.err().unwrap();
            let (text, debug) = (error.to_string(), format!("{error:?}"));
            assert!(text.contains(origin), "{text}");
            assert!(!text.contains(SECRET) && !debug.contains(SECRET), "{text} {debug}");
        }
    }
}
