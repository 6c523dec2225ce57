//! The shapes of an answer to a machine, and which one a request asks for.

use http::header::HeaderName;
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use super::answer::Answer;
use super::{draft, spring, text};
use crate::report::Report;
use crate::status::Status;

/// The shape of an answer. A request chooses by naming the media type in `Accept`; otherwise the
/// [builder](crate::HealthCheckBuilder::format) has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Format {
    /// `application/json`: `{"status", "system": {…}, "database": {…}, "cache": {…}}`.
    #[default]
    Origin,
    /// `application/health+json`, of the Internet-Draft by Nadareishvili: `pass`, `warn`, `fail`.
    HealthJson,
    /// `application/vnd.spring-boot.actuator.v3+json`: `UP`, `DOWN`, `UNKNOWN` with `components`; `degraded` is the status
    /// `DEGRADED`, which Spring leaves to the application.
    Spring,
    /// `text/plain`: the status, then a line a check.
    Text,
}

impl Format {
    const ALL: [Self; 4] = [Self::Origin, Self::HealthJson, Self::Spring, Self::Text];

    fn media_type(self) -> &'static str {
        match self {
            Self::Origin => "application/json",
            Self::HealthJson => "application/health+json",
            Self::Spring => "application/vnd.spring-boot.actuator.v3+json",
            Self::Text => "text/plain",
        }
    }

    fn content_type(self) -> &'static str {
        if self == Self::Text { "text/plain; charset=utf-8" } else { self.media_type() }
    }

    /// The first of ours that is named, whatever its weight; `*/*` names none.
    pub(crate) fn accepted(headers: &HeaderMap, accept: HeaderName) -> Option<Self> {
        let values = headers.get_all(accept).iter().filter_map(|value| value.to_str().ok());
        let mut names =
            values.flat_map(|value| value.split(',')).map(|item| item.split(';').next().unwrap_or(""));
        names.find_map(|name| {
            Self::ALL.into_iter().find(|format| format.media_type().eq_ignore_ascii_case(name.trim()))
        })
    }
}

/// The status and nothing else; allocates nothing.
pub(crate) fn bare(format: Format, code: StatusCode, status: Status) -> Answer {
    let body = match (format, status) {
        (Format::Origin, Status::Healthy) => r#"{"status":"healthy"}"#,
        (Format::Origin, Status::Degraded) => r#"{"status":"degraded"}"#,
        (Format::Origin, Status::Unknown) => r#"{"status":"unknown"}"#,
        (Format::Origin, Status::Unhealthy) => r#"{"status":"unhealthy"}"#,
        (Format::HealthJson, Status::Healthy) => r#"{"status":"pass"}"#,
        (Format::HealthJson, Status::Degraded) => r#"{"status":"warn"}"#,
        (Format::HealthJson, Status::Unknown | Status::Unhealthy) => r#"{"status":"fail"}"#,
        (Format::Spring, Status::Healthy) => r#"{"status":"UP"}"#,
        (Format::Spring, Status::Degraded) => r#"{"status":"DEGRADED"}"#,
        (Format::Spring, Status::Unknown) => r#"{"status":"UNKNOWN"}"#,
        (Format::Spring, Status::Unhealthy) => r#"{"status":"DOWN"}"#,
        (Format::Text, Status::Healthy) => "healthy\n",
        (Format::Text, Status::Degraded) => "degraded\n",
        (Format::Text, Status::Unknown) => "unknown\n",
        (Format::Text, Status::Unhealthy) => "unhealthy\n",
    };
    Answer::new(code, format.content_type(), body)
}

/// The status with all details; `groups` are named where the format has a place for them.
pub(crate) fn report(format: Format, code: StatusCode, report: &Report, groups: &[&str]) -> Answer {
    let body = match format {
        Format::Origin => serde_json::to_vec(report),
        Format::HealthJson => serde_json::to_vec(&draft::Health(report)),
        Format::Spring => serde_json::to_vec(&spring::Health { report, groups }),
        Format::Text => Ok(text::lines(report).into_bytes()),
    };
    // Text keys and finite numbers only: there is nothing that could fail, and the bare status is no lie.
    body.map_or_else(
        |_| bare(format, code, report.status()),
        |body| Answer::new(code, format.content_type(), body),
    )
}

/// Anything else of ours as JSON.
pub(crate) fn json(code: StatusCode, value: &impl Serialize) -> Answer {
    Answer::new(code, Format::Origin.content_type(), serde_json::to_vec(value).unwrap_or_default())
}
