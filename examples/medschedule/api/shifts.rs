//! Planning, listing and cancelling shifts.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use ms_analytics::{FieldFault, Instant, ShiftRef};
use ms_logging::log_event;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::body::{Id, Object, text, wrong};
use super::query::{Query, bad};
use crate::problem::Problem;
use crate::service::{Service, to_the_end};
use crate::store::{Cursor, Filter, Overlaps, Planned, StoredShift};

/// The path segment of imports, which is also a possible id.
pub(super) const IMPORT: &str = "import";
const PAGE: u16 = 100;
const LARGEST_PAGE: u16 = 1000;

#[derive(Serialize)]
struct Kept<'a> {
    #[serde(flatten)]
    shift: &'a StoredShift,
    conflicts: &'a [StoredShift],
    /// Only if there are more than are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    conflicts_total: Option<u64>,
}

#[derive(Serialize)]
struct Page {
    shifts: Vec<StoredShift>,
    next_cursor: Option<String>,
}

pub(super) async fn plan(
    State(service): State<Service>,
    query: Query,
    body: Object,
) -> Result<Response, Problem> {
    let [on_conflict] = query.take(["on_conflict"])?;
    let refuse = refuses(on_conflict.as_deref())?;
    let shift = new_shift(body)?;
    match plan_shift(&service, shift, refuse, "api").await? {
        (shift, Planned::Kept(overlaps)) => Ok(kept(&shift, &overlaps)),
        (_, Planned::Refused(overlaps)) => Err(in_the_way(&overlaps)),
        (_, Planned::IdTaken) => {
            Err(Problem::new(StatusCode::CONFLICT, "id: another shift has it").with("field", "id"))
        }
    }
}

/// Plans a shift; `via` tells the audit trail how it came.
pub(crate) async fn plan_shift(
    service: &Service,
    shift: StoredShift,
    refuse: bool,
    via: &'static str,
) -> Result<(StoredShift, Planned), Problem> {
    // Until its turn comes the client may give up, or be sent away, and nothing has changed.
    let turn = service.store.turn_to_plan(&shift.employee).await.map_err(|error| service.refuse(&error))?;
    let service = service.clone();
    to_the_end(async move {
        let planned = turn.plan(&shift, refuse).await.map_err(|error| service.refuse(&error))?;
        match &planned {
            Planned::Kept(overlaps) => {
                service.business.shifts_scheduled(&shift.department, 1);
                service.business.shift_conflicts(overlaps.total);
                service.roster_changed().await;
                let (id, department) = (loggable(&shift.id), &shift.department);
                log_event!("shift_planned", shift = id, department = department, conflicts = overlaps.total);
                let told = json!({ "via": via, "shift": loggable(&shift.id), "department": department });
                service.audit.record("shift_planned", told);
            }
            Planned::Refused(overlaps) => {
                service.business.shift_conflicts(overlaps.total);
                log_event!("shift_refused", department = shift.department, conflicts = overlaps.total);
            }
            Planned::IdTaken => {}
        }
        Ok((shift, planned))
    })
    .await
}

pub(super) async fn list(State(service): State<Service>, query: Query) -> Result<Response, Problem> {
    let (filter, after, limit) = list_options(query)?;
    let page = service.store.page(&filter, after, limit).await.map_err(|error| service.refuse(&error))?;
    let (shifts, next) = page;
    let next_cursor = next.map(|Cursor { start_us, seq }| format!("{start_us}_{seq}"));
    Ok(axum::Json(Page { shifts, next_cursor }).into_response())
}

pub(super) async fn cancel(State(service): State<Service>, Id(id): Id) -> Result<StatusCode, Problem> {
    cancel_shift(&service, id, "api").await.map(|()| StatusCode::NO_CONTENT)
}

/// Cancels a shift; `via` tells the audit trail how that came.
pub(crate) async fn cancel_shift(service: &Service, id: String, via: &'static str) -> Result<(), Problem> {
    const UNKNOWN: &str = "no shift has this id";
    // PostgreSQL takes no NUL in a text, and no shift has a control character in its id.
    if id.contains(char::is_control) {
        return Err(Problem::not_found(UNKNOWN));
    }
    let turn = service.store.turn_to_delete(&id).await.map_err(|error| service.refuse(&error))?;
    let service = service.clone();
    to_the_end(async move {
        if !turn.delete(&id).await.map_err(|error| service.refuse(&error))? {
            return Err(Problem::not_found(UNKNOWN));
        }
        service.roster_changed().await;
        log_event!("shift_cancelled", shift = loggable(&id));
        service.audit.record("shift_cancelled", json!({ "via": via, "shift": loggable(&id) }));
        Ok(())
    })
    .await
}

fn new_shift(body: Object) -> Result<StoredShift, Problem> {
    let names = ["id", "employee", "department", "start", "end", "duration"];
    let [id, employee, department, start, end, duration] = body.take(names)?;
    let id = match id {
        None => Uuid::now_v7().to_string(),
        given => given_id(text("id", given)?)?,
    };
    let (employee, department) = (text("employee", employee)?, text("department", department)?);
    let (start, end) = (text("start", start)?, text("end", end)?);
    let duration = match duration {
        None => None,
        Some(Value::Number(hours)) => hours.as_f64(),
        Some(_) => return Err(wrong("duration", "not a number of hours")),
    };
    let shift = ShiftRef::new(&id, &employee, &department, &start, &end, duration);
    shift.map(StoredShift::from).map_err(|FieldFault { field, reason, .. }| wrong(field, &reason))
}

/// Clients could not address a shift of such an id: a path ends there, or they take the segment out.
fn given_id(id: String) -> Result<String, Problem> {
    match id.as_str() {
        IMPORT | "." | ".." => Err(wrong("id", "cannot stand in a path")),
        _ => Ok(id),
    }
}

/// Tells whether a shift with conflicts is refused; it is only flagged where nobody says so.
fn refuses(on_conflict: Option<&str>) -> Result<bool, Problem> {
    match on_conflict {
        None | Some("flag") => Ok(false),
        Some("refuse") => Ok(true),
        Some(_) => Err(bad("on_conflict", "neither `flag` nor `refuse`")),
    }
}

fn list_options(query: Query) -> Result<(Filter, Option<Cursor>, u16), Problem> {
    let names = ["employee", "department", "from", "to", "limit", "cursor"];
    let [employee, department, from, to, limit, after] = query.take(names)?;
    let (employee, department) = (name("employee", employee)?, name("department", department)?);
    let (from_us, to_us) = range(from, to)?;
    let after = given(after).map(|text| cursor(&text)).transpose()?;
    let limit = match given(limit) {
        None => PAGE,
        Some(text) => match text.parse() {
            Ok(limit @ 1..=LARGEST_PAGE) => limit,
            _ => return Err(bad("limit", "not a number from 1 to 1000")),
        },
    };
    Ok((Filter { employee, department, from_us, to_us }, after, limit))
}

/// Reads a range of times in microseconds since 1970, either end of which may be open.
pub(super) fn range(from: Option<String>, to: Option<String>) -> Result<(Option<i64>, Option<i64>), Problem> {
    let from = given(from).map(|text| instant("from", &text)).transpose()?;
    let to = given(to).map(|text| instant("to", &text)).transpose()?;
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        return Err(bad("from", "after `to`"));
    }
    Ok((from, to))
}

/// A parameter without a value was not given.
fn given(value: Option<String>) -> Option<String> {
    value.filter(|text| !text.is_empty())
}

/// Reads a point in time out of a parameter, in microseconds since 1970.
fn instant(field: &'static str, text: &str) -> Result<i64, Problem> {
    // A plus sign that was not escaped arrives as a space, and timestamps have none.
    let instant = Instant::parse(&text.replace(' ', "+"));
    instant.map(Instant::as_microseconds).map_err(|fault| bad(field, &fault.to_string()))
}

fn name(field: &'static str, value: Option<String>) -> Result<Option<String>, Problem> {
    match given(value) {
        Some(text) if text.contains(char::is_control) => Err(bad(field, "holds a control character")),
        value => Ok(value),
    }
}

fn cursor(text: &str) -> Result<Cursor, Problem> {
    let numbers = text.split_once('_').and_then(|(start_us, seq)| {
        Some(Cursor { start_us: start_us.parse().ok()?, seq: seq.parse().ok()? })
    });
    numbers.ok_or_else(|| bad("cursor", "not a `next_cursor` of this service"))
}

/// An id that others chose may be a patient's number, so the log has a hash in its place. The key is this process's own:
/// of a number with few digits a plain hash could be looked up.
fn loggable(id: &str) -> String {
    static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    let own = Uuid::try_parse(id).is_ok_and(|uuid| uuid.get_version_num() == 7 && uuid.to_string() == id);
    if own { id.to_owned() } else { format!("hash:{:016x}", KEY.hash_one(id)) }
}

fn kept(shift: &StoredShift, overlaps: &Overlaps) -> Response {
    let id: String = form_urlencoded::byte_serialize(shift.id.as_bytes()).collect();
    let location = format!("/api/v1/shifts/{}", id.replace('+', "%20"));
    let body = Kept { shift, conflicts: &overlaps.shifts, conflicts_total: unlisted(overlaps) };
    (StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(body)).into_response()
}

fn in_the_way(overlaps: &Overlaps) -> Problem {
    let conflicts: Vec<Value> = overlaps.shifts.iter().map(|shift| json!(shift)).collect();
    let problem = Problem::new(StatusCode::CONFLICT, "the employee has other shifts at that time");
    let problem = problem.with("conflicts", conflicts);
    match unlisted(overlaps) {
        Some(total) => problem.with("conflicts_total", total),
        None => problem,
    }
}

fn unlisted(overlaps: &Overlaps) -> Option<u64> {
    (overlaps.total > overlaps.shifts.len() as u64).then_some(overlaps.total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_ids_are_logged() {
        let own = Uuid::now_v7().to_string();
        assert_eq!(loggable(&own), own);
        let foreign = ["10000000146", "ayşe@example.org", &own.to_uppercase(), &own.replace('-', "")];
        for id in foreign.into_iter().chain(["67e55044-10b1-426f-9247-bb680e5fe0c8"]) {
            let logged = loggable(id);
            assert!(logged.starts_with("hash:") && !logged.contains(id), "{logged}");
            assert_eq!(logged, loggable(id), "the same shift is found again");
        }
        assert_ne!(loggable("1"), loggable("2"));
    }
}
