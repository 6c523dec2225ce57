//! Silences over HTTP, in the shape of Alertmanager's API v2.

use axum::extract::{DefaultBodyLimit, Path, RawQuery};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get};
use axum::{Json, Router};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::store::Wanted;
use super::{Matchers, Silence, SilenceError};
use crate::handle::AlertHandle;
use crate::manager::AlertManager;
use crate::routing::matcher::{Kind, Matcher};

const LARGEST_BODY: usize = 64 * 1024;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    id: &'a str,
    status: Status,
    updated_at: String,
    starts_at: String,
    ends_at: String,
    created_by: &'a str,
    comment: &'a str,
    matchers: &'a Matchers,
}

#[derive(Serialize)]
struct Status {
    state: &'static str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Posted {
    #[serde(default)]
    id: String,
    matchers: Matchers,
    starts_at: String,
    ends_at: String,
    created_by: String,
    comment: String,
}

#[derive(Serialize)]
struct Made {
    #[serde(rename = "silenceID")]
    id: String,
}

impl AlertManager {
    /// Gives a router for silences in the shape of Alertmanager, which `amtool silence` works with: `GET` and `POST
    /// /api/v2/silences`, `GET` and `DELETE /api/v2/silence/{id}`.
    ///
    /// Whoever may call it can keep alerts from being told, and it asks nobody who he is: put an authentication before it. A body
    /// may have 64 KiB.
    pub fn silences_router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let (list, make, show, expire) = (self.clone(), self.clone(), self.clone(), self.clone());
        let ready = std::future::ready::<Response>;
        Router::new()
            .route(
                "/api/v2/silences",
                get(move |RawQuery(query): RawQuery| {
                    ready(list_silences(&list, query.as_deref().unwrap_or_default()))
                })
                .post(move |Json(posted): Json<Posted>| ready(make_silence(&make, posted))),
            )
            .route(
                "/api/v2/silence/{id}",
                delete(move |Path(id): Path<String>| ready(answer(expire.expire_silence(&id).map(|()| ""))))
                    .get(move |Path(id): Path<String>| ready(show_silence(&show, &id))),
            )
            .layer(DefaultBodyLimit::max(LARGEST_BODY))
    }
}

impl AlertHandle {
    /// Gives a router for silences; see [`AlertManager::silences_router`].
    pub fn silences_router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        self.manager().silences_router()
    }
}

fn answer(result: Result<impl Serialize, SilenceError>) -> Response {
    match result {
        Ok(content) => Json(content).into_response(),
        Err(error) => {
            let status = match error {
                SilenceError::NotFound(_) => StatusCode::NOT_FOUND,
                _ => StatusCode::BAD_REQUEST,
            };
            (status, Json(error.to_string())).into_response()
        }
    }
}

fn list_silences(manager: &AlertManager, query: &str) -> Response {
    let filters = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "filter");
    let filters: Result<Vec<_>, _> = filters.map(|(_, text)| Matcher::parse_list(&text)).collect();
    let filters: Vec<Matcher> = match filters {
        Ok(filters) => filters.into_iter().flatten().collect(),
        Err(problem) => return answer(Err::<(), _>(SilenceError::Matchers(problem))),
    };
    let now = Timestamp::now();
    let silences = manager.silences();
    let found = silences.iter().filter(|silence| filters.iter().all(|filter| is_found(filter, silence)));
    Json(found.map(|silence| shown(silence, now)).collect::<Vec<_>>()).into_response()
}

/// As Alertmanager looks for silences: by the values that their matchers ask for.
fn is_found(filter: &Matcher, silence: &Silence) -> bool {
    let values = silence.matchers.values();
    let is_there = values.get(filter.name()).is_some();
    let asks_for_none = matches!(filter.kind(), Kind::Equal | Kind::Matches);
    (filter.value().is_empty() && is_there != asks_for_none) || filter.matches(&values)
}

fn show_silence(manager: &AlertManager, id: &str) -> Response {
    let silences = manager.silences();
    let found = silences.iter().find(|silence| silence.id == id);
    let found = found.ok_or_else(|| SilenceError::NotFound(id.to_owned()));
    answer(found.map(|silence| shown(silence, Timestamp::now())))
}

fn make_silence(manager: &AlertManager, posted: Posted) -> Response {
    let (Ok(starts_at), Ok(ends_at)) = (posted.starts_at.parse(), posted.ends_at.parse()) else {
        return answer(Err::<(), _>(SilenceError::Time));
    };
    let wanted = Wanted {
        id: Some(posted.id).filter(|id| !id.is_empty()),
        matchers: posted.matchers,
        starts_at,
        ends_at,
        created_by: posted.created_by,
        comment: posted.comment,
    };
    answer(manager.set_silence(wanted).map(|id| Made { id }))
}

fn shown(silence: &Silence, now: Timestamp) -> Shown<'_> {
    let state = match () {
        () if silence.ends_at <= now => "expired",
        () if silence.starts_at > now => "pending",
        () => "active",
    };
    Shown {
        id: &silence.id,
        status: Status { state },
        updated_at: silence.updated_at.to_string(),
        starts_at: silence.starts_at.to_string(),
        ends_at: silence.ends_at.to_string(),
        created_by: &silence.created_by,
        comment: &silence.comment,
        matchers: &silence.matchers,
    }
}
