//! Planning, listing and cancelling shifts.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use ms_analytics::{FieldFault, Instant, ShiftRef};
use ms_logging::log_event;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::body::{Id, Json, Query, text, wrong};
use crate::problem::Problem;
use crate::service::{Service, to_the_end};
use crate::store::{Cursor, Filter, Overlaps, Planned, StoredShift};

const PAGE: u16 = 100;
const LARGEST_PAGE: u16 = 1000;

/// Values as they came, so that a wrong one is named by its field.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewShift {
    id: Option<Value>,
    employee: Option<Value>,
    department: Option<Value>,
    start: Option<Value>,
    end: Option<Value>,
    duration: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanOptions {
    #[serde(default)]
    on_conflict: OnConflict,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum OnConflict {
    #[default]
    Flag,
    Refuse,
}

#[derive(Serialize)]
struct Kept<'a> {
    #[serde(flatten)]
    shift: &'a StoredShift,
    conflicts: &'a [StoredShift],
    /// Only if there are more than are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    conflicts_total: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListOptions {
    employee: Option<String>,
    department: Option<String>,
    from: Option<String>,
    to: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct Page {
    shifts: Vec<StoredShift>,
    next_cursor: Option<String>,
}

pub(super) async fn plan(
    State(service): State<Service>,
    Query(options): Query<PlanOptions>,
    Json(new): Json<NewShift>,
) -> Result<Response, Problem> {
    let shift = new.check()?;
    to_the_end(async move {
        let refuse = options.on_conflict == OnConflict::Refuse;
        let planned = service.store.plan(&shift, refuse).await.map_err(|error| service.refuse(&error))?;
        match planned {
            Planned::Kept(overlaps) => {
                service.business.shifts_scheduled(&shift.department, 1);
                service.business.shift_conflicts(overlaps.total);
                service.roster_changed().await;
                log_event!(
                    "shift_planned",
                    shift = shift.id,
                    department = shift.department,
                    conflicts = overlaps.total
                );
                Ok(kept(&shift, &overlaps))
            }
            Planned::Refused(overlaps) => {
                service.business.shift_conflicts(overlaps.total);
                log_event!("shift_refused", department = shift.department, conflicts = overlaps.total);
                Err(in_the_way(&overlaps))
            }
            Planned::IdTaken => {
                Err(Problem::new(StatusCode::CONFLICT, "id: another shift has it").with("field", "id"))
            }
        }
    })
    .await
}

pub(super) async fn list(
    State(service): State<Service>,
    Query(options): Query<ListOptions>,
) -> Result<Response, Problem> {
    let (filter, after, limit) = options.check()?;
    let page = service.store.page(&filter, after, limit).await.map_err(|error| service.refuse(&error))?;
    let (shifts, next) = page;
    let next_cursor = next.map(|Cursor { start_us, seq }| format!("{start_us}_{seq}"));
    Ok(axum::Json(Page { shifts, next_cursor }).into_response())
}

pub(super) async fn cancel(State(service): State<Service>, Id(id): Id) -> Result<StatusCode, Problem> {
    to_the_end(async move {
        // PostgreSQL takes no NUL in a text, and no shift has a control character in its id.
        let possible = !id.contains(char::is_control);
        if !possible || !service.store.delete(&id).await.map_err(|error| service.refuse(&error))? {
            return Err(Problem::not_found("no shift has this id"));
        }
        service.roster_changed().await;
        log_event!("shift_cancelled", shift = id);
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

impl NewShift {
    fn check(self) -> Result<StoredShift, Problem> {
        let id = match self.id {
            None => Uuid::now_v7().to_string(),
            given => text("id", given)?,
        };
        let employee = text("employee", self.employee)?;
        let department = text("department", self.department)?;
        let (start, end) = (text("start", self.start)?, text("end", self.end)?);
        let duration = match self.duration {
            None => None,
            Some(Value::Number(hours)) => hours.as_f64(),
            Some(_) => return Err(wrong("duration", "not a number of hours")),
        };
        let shift = ShiftRef::new(&id, &employee, &department, &start, &end, duration);
        shift.map(StoredShift::from).map_err(|FieldFault { field, reason, .. }| wrong(field, &reason))
    }
}

impl ListOptions {
    fn check(self) -> Result<(Filter, Option<Cursor>, u16), Problem> {
        let filter = Filter {
            employee: name("employee", self.employee)?,
            department: name("department", self.department)?,
            from_us: given(self.from).map(|text| instant("from", &text)).transpose()?,
            to_us: given(self.to).map(|text| instant("to", &text)).transpose()?,
        };
        let after = given(self.cursor).map(|text| cursor(&text)).transpose()?;
        let limit = match given(self.limit) {
            None => PAGE,
            Some(text) => match text.parse() {
                Ok(limit @ 1..=LARGEST_PAGE) => limit,
                _ => return Err(bad("limit", "not a number from 1 to 1000")),
            },
        };
        Ok((filter, after, limit))
    }
}

/// A parameter without a value was not given.
pub(super) fn given(value: Option<String>) -> Option<String> {
    value.filter(|text| !text.is_empty())
}

/// Reads a point in time out of a parameter, in microseconds since 1970.
pub(super) fn instant(field: &'static str, text: &str) -> Result<i64, Problem> {
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

fn bad(field: &'static str, reason: &str) -> Problem {
    Problem::bad_request(format!("{field}: {reason}")).with("field", field)
}

fn kept(shift: &StoredShift, overlaps: &Overlaps) -> Response {
    let id: String = form_urlencoded::byte_serialize(shift.id.as_bytes()).collect();
    let location = format!("/api/v1/shifts/{}", id.replace('+', "%20"));
    let body = Kept { shift, conflicts: &overlaps.shifts, conflicts_total: unlisted(overlaps) };
    (StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(body)).into_response()
}

fn in_the_way(overlaps: &Overlaps) -> Problem {
    let conflicts: Vec<Value> = overlaps.shifts.iter().map(|shift| serde_json::json!(shift)).collect();
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
