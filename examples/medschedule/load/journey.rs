//! The requests themselves, and what has to be taken back.

use axum::body::Body;
use axum::http::{Method, Request, header};
use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;

use super::Kind;
use super::connections::Answer;

const DEPARTMENTS: [&str; 4] = ["Acil Servis", "Kardiyoloji", "Çocuk Sağlığı", "Ameliyathane"];

/// For whom shifts are planned, and when.
#[derive(Clone, Debug)]
pub struct Staff {
    /// Their names.
    pub employees: Vec<String>,
    /// The earliest start.
    pub start: Timestamp,
    /// So many hours later is the latest.
    pub hours: i64,
}

/// Nobody of a real roster, in the four weeks from 2030 on.
impl Default for Staff {
    fn default() -> Self {
        let employees = (1..=500).map(|number| format!("Load {number}")).collect();
        Self { employees, start: Timestamp::constant(1_893_456_000, 0), hours: 4 * 7 * 24 }
    }
}

/// What a run asks for, and what it has made and not taken back yet: paths that can be deleted.
#[derive(Debug, Default)]
pub(super) struct Journey {
    staff: Staff,
    shifts: Mutex<Vec<String>>,
    sessions: Mutex<Vec<String>>,
}

impl Journey {
    pub(super) fn new(staff: Staff) -> Self {
        Self { staff, ..Self::default() }
    }

    /// Makes the next request of a kind; says which kind it became.
    pub(super) fn request(&self, kind: Kind, random: &mut Rng) -> (Kind, Request<Body>) {
        let deletable = match kind {
            Kind::Cancel => self.shifts.lock().pop(),
            Kind::SignOut => self.sessions.lock().pop(),
            _ => None,
        };
        match (kind, deletable) {
            (_, Some(path)) => (kind, bare(Method::DELETE, &path)),
            (Kind::Plan | Kind::Cancel, None) => (Kind::Plan, self.plan(random)),
            (Kind::SignIn | Kind::SignOut, None) => (Kind::SignIn, sign_in(random)),
            (Kind::List, None) => (kind, bare(Method::GET, "/api/v1/shifts?limit=20")),
            (Kind::Report, None) => (kind, bare(Method::GET, "/api/v1/reports/shifts")),
            (Kind::Health, None) => (kind, bare(Method::GET, "/health")),
        }
    }

    /// Remembers what an answer says was made.
    pub(super) fn note(&self, kind: Kind, answer: &Answer) {
        let made = match kind {
            Kind::Plan => &self.shifts,
            Kind::SignIn => &self.sessions,
            _ => return,
        };
        let location = answer.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
        made.lock().extend(location.map(str::to_owned));
    }

    /// Takes a request that takes something back, until nothing is left.
    pub(super) fn undo(&self) -> Option<Request<Body>> {
        let path = self.shifts.lock().pop();
        let path = path.or_else(|| self.sessions.lock().pop())?;
        Some(bare(Method::DELETE, &path))
    }

    /// How much is left.
    pub(super) fn left(&self) -> usize {
        self.shifts.lock().len() + self.sessions.lock().len()
    }

    fn plan(&self, random: &mut Rng) -> Request<Body> {
        let Staff { employees, start, hours } = &self.staff;
        let start = *start + SignedDuration::from_hours(random.i64(0..(*hours).max(1)));
        let end = start + SignedDuration::from_hours(8);
        let department = DEPARTMENTS[random.usize(0..DEPARTMENTS.len())];
        let employee = random.choice(employees).map_or("Load", String::as_str);
        let shift = serde_json::json!({
            "employee": employee, "department": department, "start": start.to_string(), "end": end.to_string(),
        });
        json("/api/v1/shifts", &shift)
    }
}

fn sign_in(random: &mut Rng) -> Request<Body> {
    json("/api/v1/sessions", &serde_json::json!({ "user": format!("load-{}", random.u32(1..=500)) }))
}

fn json(path: &str, body: &serde_json::Value) -> Request<Body> {
    let mut request = bare(Method::POST, path);
    request.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    *request.body_mut() = Body::from(body.to_string());
    request
}

fn bare(method: Method, path: &str) -> Request<Body> {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method;
    // What a service answers may be no path; asking for its root then fails like any other answer would.
    *request.uri_mut() = path.parse().unwrap_or_default();
    request
}
