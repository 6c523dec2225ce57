//! What the builder and the environment say, put together for one signal.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::Url;

use super::environment::{self, Environment};
use super::error::OtlpError;
use super::message::Resource;
use super::options::Otlp;
use super::resource;
use crate::notice::notice;

const BUILDER: &str = "the builder";
const DEFAULT_BASE: &str = "http://localhost:4318";
const BASE: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const ATTEMPT_LIMIT: Duration = Duration::from_secs(10);
const RETRY_LIMIT: Duration = Duration::from_secs(30);
/// A day is as good as for ever, and no clock overflows by it.
const LONGEST_LIMIT: Duration = Duration::from_secs(86_400);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    Logs,
    Traces,
}

/// The variables of one signal.
struct Names {
    path: &'static str,
    endpoint: &'static str,
    headers: &'static str,
    timeout: &'static str,
    compression: &'static str,
    protocol: &'static str,
}

impl Signal {
    /// The value of the label `sink`.
    pub(crate) fn sink(self) -> &'static str {
        match self {
            Self::Logs => "otlp",
            Self::Traces => "otlp_traces",
        }
    }

    fn names(self) -> Names {
        match self {
            Self::Logs => Names {
                path: "v1/logs",
                endpoint: "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
                headers: "OTEL_EXPORTER_OTLP_LOGS_HEADERS",
                timeout: "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT",
                compression: "OTEL_EXPORTER_OTLP_LOGS_COMPRESSION",
                protocol: "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL",
            },
            Self::Traces => Names {
                path: "v1/traces",
                endpoint: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                headers: "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
                timeout: "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
                compression: "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
                protocol: "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
            },
        }
    }
}

/// No `Debug`: URL and headers hold secrets.
pub(crate) struct Settings {
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) attempt_limit: Duration,
    pub(super) retry_limit: Duration,
    pub(super) gzip: bool,
    pub(super) resource: Resource,
}

impl Settings {
    /// Those of each signal that is exported, from the options and the environment of the process.
    pub(crate) fn all(otlp: &Otlp) -> Result<Vec<(Signal, Self)>, OtlpError> {
        let variable = |name: &str| std::env::var(name).ok();
        let signals = [(Signal::Logs, otlp.no_logs), (Signal::Traces, otlp.no_traces)];
        let wanted = signals.into_iter().filter(|(_, off)| !off);
        wanted.map(|(signal, _)| Ok((signal, Self::new(otlp, signal, &Environment(&variable))?))).collect()
    }

    fn new(otlp: &Otlp, signal: Signal, environment: &Environment<'_>) -> Result<Self, OtlpError> {
        let names = signal.names();
        if let Some((origin, protocol)) = environment.first([names.protocol, "OTEL_EXPORTER_OTLP_PROTOCOL"])
            && protocol != "http/protobuf"
        {
            return Err(OtlpError::Protocol { origin });
        }
        let timeout = otlp.timeout.filter(|limit| !limit.is_zero());
        let timeout =
            timeout.or_else(|| environment.duration(&[names.timeout, "OTEL_EXPORTER_OTLP_TIMEOUT"]));
        Ok(Self {
            url: url(otlp, &names, environment)?,
            headers: headers(otlp, &names, environment)?,
            attempt_limit: timeout.unwrap_or(ATTEMPT_LIMIT).min(LONGEST_LIMIT),
            retry_limit: otlp.retry_limit.unwrap_or(RETRY_LIMIT).min(LONGEST_LIMIT),
            gzip: otlp.gzip.unwrap_or_else(|| gzip(&names, environment)),
            resource: resource::of(environment, otlp.attributes.clone()),
        })
    }

    /// Host and port, for messages: the rest of the URL may hold a token.
    pub(super) fn receiver(&self) -> String {
        let port = self.url.port_or_known_default().unwrap_or_default();
        format!("{}:{port}", self.url.host_str().unwrap_or_default())
    }
}

/// An address for one signal is taken as it is; to one for all the path is added.
fn url(otlp: &Otlp, names: &Names, environment: &Environment<'_>) -> Result<Url, OtlpError> {
    let with_path = |mut base: Url| {
        let path = format!("{}/{}", base.path().trim_end_matches('/'), names.path);
        base.set_path(&path);
        base
    };
    if let Some(base) = &otlp.endpoint {
        return checked(base, BUILDER).map(with_path);
    }
    if let Some(exact) = environment.text(names.endpoint) {
        return checked(&exact, names.endpoint);
    }
    checked(environment.text(BASE).as_deref().unwrap_or(DEFAULT_BASE), BASE).map(with_path)
}

fn checked(text: &str, origin: &'static str) -> Result<Url, OtlpError> {
    let url = Url::parse(text).map_err(|_| OtlpError::Endpoint { origin })?;
    let usable =
        matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty());
    if usable { Ok(url) } else { Err(OtlpError::Endpoint { origin }) }
}

pub(crate) fn is_endpoint(text: &str) -> bool {
    checked(text, BUILDER).is_ok()
}

pub(crate) fn is_header(name: &str, value: &str) -> bool {
    name.parse::<HeaderName>().is_ok() && HeaderValue::from_str(value).is_ok()
}

fn headers(otlp: &Otlp, names: &Names, environment: &Environment<'_>) -> Result<HeaderMap, OtlpError> {
    let mut headers = HeaderMap::new();
    if let Some((origin, text)) = environment.first([names.headers, "OTEL_EXPORTER_OTLP_HEADERS"]) {
        add(&mut headers, &environment::pairs(&text).ok_or(OtlpError::Header { origin })?, origin)?;
    }
    add(&mut headers, &otlp.headers, BUILDER)?;
    Ok(headers)
}

fn add(headers: &mut HeaderMap, pairs: &[(String, String)], origin: &'static str) -> Result<(), OtlpError> {
    for (name, value) in pairs {
        let wrong = || OtlpError::Header { origin };
        let name: HeaderName = name.parse().map_err(|_| wrong())?;
        let mut value = HeaderValue::from_str(value).map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(())
}

/// What is neither is warned of and left out, as the specification asks.
fn gzip(names: &Names, environment: &Environment<'_>) -> bool {
    let found = environment.first([names.compression, "OTEL_EXPORTER_OTLP_COMPRESSION"]);
    let Some((variable, compression)) = found else { return false };
    if !matches!(&*compression, "gzip" | "none") {
        notice(format_args!("{variable} is neither gzip nor none; bodies are not compressed"));
    }
    compression == "gzip"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(otlp: &Otlp, signal: Signal, variables: &[(&str, &str)]) -> Result<Settings, OtlpError> {
        let find = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Settings::new(otlp, signal, &Environment(&find))
    }

    #[test]
    fn the_path_is_added_to_a_base_and_not_to_an_address_of_one_signal() {
        let url = |otlp: Otlp, signal, variables: &[(&str, &str)]| {
            settings(&otlp, signal, variables).unwrap().url.to_string()
        };
        assert_eq!(url(Otlp::new(), Signal::Logs, &[]), "http://localhost:4318/v1/logs");
        assert_eq!(
            url(Otlp::new(), Signal::Traces, &[(BASE, "https://c/otlp/")]),
            "https://c/otlp/v1/traces"
        );
        let exact = ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://d:2/x?token=1");
        assert_eq!(url(Otlp::new(), Signal::Logs, &[(BASE, "http://c"), exact]), "http://d:2/x?token=1");
        assert_eq!(url(Otlp::new(), Signal::Traces, &[exact]), "http://localhost:4318/v1/traces");
        assert_eq!(url(Otlp::new().endpoint("http://b"), Signal::Logs, &[exact]), "http://b/v1/logs");
    }

    #[test]
    fn a_variable_of_the_signal_goes_before_the_one_for_all_and_the_builder_before_both() {
        let variables = [
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=all,b=all"),
            ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a=traces%20only"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "1"),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "2000"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
            ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "none"),
        ];
        let traces = settings(&Otlp::new(), Signal::Traces, &variables).unwrap();
        assert_eq!(
            (traces.headers.len(), &traces.headers["a"]),
            (1, &HeaderValue::from_static("traces only"))
        );
        assert_eq!((traces.attempt_limit, traces.gzip), (Duration::from_secs(2), false));
        let otlp = Otlp::new().header("B", "builder").timeout(Duration::from_secs(3));
        let logs = settings(&otlp, Signal::Logs, &variables).unwrap();
        assert_eq!(
            (&logs.headers["a"], &logs.headers["b"]),
            (&"all".parse().unwrap(), &"builder".parse().unwrap())
        );
        assert!(logs.headers["b"].is_sensitive());
        assert_eq!((logs.attempt_limit, logs.gzip), (Duration::from_secs(3), true));
        assert!(!settings(&otlp.gzip(false), Signal::Logs, &variables).unwrap().gzip);
        let unknown = [("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd")];
        assert!(!settings(&Otlp::new(), Signal::Logs, &unknown).unwrap().gzip);
    }

    #[test]
    fn what_cannot_be_used_is_refused_and_told_by_its_origin_alone() {
        const SECRET: &str = "s3cr3t";
        let url = format!("ftp://{SECRET}@c/{SECRET}");
        let header = format!("a={SECRET}%0A");
        for (otlp, variables, origin) in [
            (Otlp::new().endpoint(&*url), vec![], BUILDER),
            (Otlp::new().header("a b", SECRET), vec![], BUILDER),
            (Otlp::new(), vec![(BASE, &*url)], BASE),
            (Otlp::new(), vec![("OTEL_EXPORTER_OTLP_HEADERS", &*header)], "OTEL_EXPORTER_OTLP_HEADERS"),
            (Otlp::new(), vec![("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")], "OTEL_EXPORTER_OTLP_PROTOCOL"),
        ] {
            let error = settings(&otlp, Signal::Logs, &variables).err().unwrap();
            let text = format!("{error} {error:?} {otlp:?}");
            assert!(text.contains(origin) && !text.contains(SECRET), "{text}");
        }
    }
}
