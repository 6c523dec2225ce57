//! What can be changed from the page. Each change is a form of its own origin, recorded in the audit trail.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use ms_analytics::{FieldFault, ShiftRef};
use ms_logging::log_event;
use serde_json::json;
use uuid::Uuid;

use super::Operations;
use super::language::Language;
use crate::api::{cancel_shift, plan_shift};
use crate::problem::Problem;
use crate::store::{Planned, StoredShift};

/// The offset of the times in the form, those of the roster: Turkey has had it since 2016.
const OFFSET: &str = "+03:00";
/// Longer forms are not ours.
const LONGEST: usize = 8 << 10;
const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];
/// How long a level that was changed here holds.
const LEVEL_HOLDS: std::time::Duration = std::time::Duration::from_secs(600);

/// How an action ended; the page says it once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Planned,
    PlannedInConflict,
    Cancelled,
    Gone,
    LevelChanged,
    NotUsable(&'static str),
}

impl Ended {
    const ALL: [Self; 9] = [
        Self::Planned,
        Self::PlannedInConflict,
        Self::Cancelled,
        Self::Gone,
        Self::LevelChanged,
        Self::NotUsable("employee"),
        Self::NotUsable("department"),
        Self::NotUsable("start"),
        Self::NotUsable("end"),
    ];

    const fn code(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::PlannedInConflict => "conflict",
            Self::Cancelled => "cancelled",
            Self::Gone => "gone",
            Self::LevelChanged => "level",
            Self::NotUsable(field) => field,
        }
    }

    /// Only what was said here is said again: the query is anybody's.
    pub(super) fn of(query: Option<&str>) -> Option<Self> {
        let code = query?.split('&').find_map(|pair| pair.strip_prefix("ended="))?;
        Self::ALL.into_iter().find(|ended| ended.code() == code)
    }

    pub(super) fn told(self, language: Language) -> &'static str {
        match self {
            Self::Planned => language.say("The shift is planned.", "Vardiya planlandı."),
            Self::PlannedInConflict => language.say(
                "The shift is planned. It overlaps another of the same employee.",
                "Vardiya planlandı. Aynı çalışanın başka bir vardiyasıyla çakışıyor.",
            ),
            Self::Cancelled => language.say("The shift is cancelled.", "Vardiya iptal edildi."),
            Self::Gone => language.say("That shift is not there any more.", "O vardiya artık yok."),
            Self::LevelChanged => {
                language.say("The level is changed for ten minutes.", "Düzey on dakikalığına değişti.")
            }
            Self::NotUsable("employee") => language
                .say("Nothing was planned: no such employee can be.", "Planlanmadı: çalışan adı geçersiz."),
            Self::NotUsable("department") => language
                .say("Nothing was planned: no such department can be.", "Planlanmadı: bölüm geçersiz."),
            Self::NotUsable("start") => {
                language.say("Nothing was planned: the start is no time.", "Planlanmadı: başlangıç geçersiz.")
            }
            Self::NotUsable(_) => language.say(
                "Nothing was planned: the end is no time, or not within 48 hours after the start.",
                "Planlanmadı: bitiş geçersiz ya da başlangıçtan sonraki 48 saat içinde değil.",
            ),
        }
    }
}

pub(super) async fn plan(
    State(operations): State<Operations>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let form = Form::read(&headers, &body)?;
    let id = Uuid::now_v7().to_string();
    let time = |name| match form.field(name) {
        // A browser sends `2026-03-02T08:00`, or with seconds.
        minute if minute.len() == 16 => format!("{minute}:00{OFFSET}"),
        second => format!("{second}{OFFSET}"),
    };
    let (start, end) = (time("start"), time("end"));
    let shift = ShiftRef::new(&id, form.field("employee"), form.field("department"), &start, &end, None);
    let shift = match shift {
        Ok(shift) => StoredShift::from(shift),
        Err(FieldFault { field, .. }) => return Ok(back(&form, Ended::NotUsable(field), "plan")),
    };
    let (_, planned) = plan_shift(&operations.service, shift, false, "page").await?;
    let ended = match planned {
        Planned::Kept(overlaps) if overlaps.total > 0 => Ended::PlannedInConflict,
        _ => Ended::Planned,
    };
    Ok(back(&form, ended, "latest"))
}

pub(super) async fn cancel(
    State(operations): State<Operations>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let form = Form::read(&headers, &body)?;
    match cancel_shift(&operations.service, form.field("id").to_owned(), "page").await {
        Ok(()) => Ok(back(&form, Ended::Cancelled, "latest")),
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => Ok(back(&form, Ended::Gone, "latest")),
        Err(problem) => Err(problem),
    }
}

pub(super) async fn level(
    State(operations): State<Operations>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let form = Form::read(&headers, &body)?;
    let Some(levels) = &operations.levels else {
        return Err(Problem::new(StatusCode::FORBIDDEN, "without a token nobody may change levels"));
    };
    let level = LEVELS.into_iter().find(|level| *level == form.field("level"));
    let parsed = level.and_then(|level| level.parse::<tracing::Level>().ok());
    let (Some(level), Some(parsed)) = (level, parsed) else {
        return Err(Problem::bad_request("no such level"));
    };
    levels.set_for("", parsed, LEVEL_HOLDS).map_err(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "the level cannot be changed");
        Problem::unavailable("the level cannot be changed")
    })?;
    log_event!("log_level_changed", level = level);
    operations.service.audit.record("log_level_changed", json!({ "via": "page", "level": level }));
    Ok(back(&form, Ended::LevelChanged, "logs"))
}

/// A form that was sent from a page of this service.
struct Form(Vec<(String, String)>);

impl Form {
    /// Every request's `Origin` is looked at, if there is one. A change needs one, or the browser's word for it.
    fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Problem> {
        let own = headers.contains_key(header::ORIGIN)
            || headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin");
        if !own {
            return Err(Problem::new(StatusCode::FORBIDDEN, "changes come from the page itself"));
        }
        let kind = headers.get(header::CONTENT_TYPE).map(|kind| kind.as_bytes());
        if kind != Some(b"application/x-www-form-urlencoded") || body.len() > LONGEST {
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send the page's own form"));
        }
        Ok(Self(form_urlencoded::parse(body).into_owned().collect()))
    }

    fn field(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.trim())
    }
}

/// Shows the page again, in its language.
fn back(form: &Form, ended: Ended, place: &str) -> Response {
    let language = if form.field("lang") == "tr" { Language::Turkish } else { Language::English };
    Redirect::to(&format!("/?lang={}&ended={}#{place}", language.code(), ended.code())).into_response()
}
