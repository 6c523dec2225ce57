//! `application/health+json`, as draft-inadarei-api-health-check-06 has it.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::json;

use crate::report::{CheckReport, Report};
use crate::status::Status;

pub(super) struct Health<'a>(pub(super) &'a Report);

/// The draft knows three words; what nobody knows does not pass.
fn word(status: Status) -> &'static str {
    match status {
        Status::Healthy => "pass",
        Status::Degraded => "warn",
        Status::Unknown | Status::Unhealthy => "fail",
    }
}

impl Serialize for Health<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("status", word(self.0.status()))?;
        let notes: Vec<_> = [(self.0.starting(), "starting"), (self.0.shutting_down(), "shutting down")]
            .into_iter()
            .filter_map(|(holds, note)| holds.then_some(note))
            .collect();
        if !notes.is_empty() {
            map.serialize_entry("notes", &notes)?;
        }
        map.serialize_entry("checks", &Checks(self.0.checks()))?;
        map.end()
    }
}

struct Checks<'a>(&'a [CheckReport]);

impl Serialize for Checks<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for check in self.0 {
            // A key is `component:measurement`; a component with readings has several.
            let took = json!([{
                "status": word(check.status()),
                "observedValue": check.duration().as_micros() as f64 / 1e3,
                "observedUnit": "ms",
                "output": check.error(),
                "reason": check.reason().map(crate::Reason::as_str),
                "critical": check.critical(),
                "ageMs": check.age().as_micros() as f64 / 1e3,
            }]);
            map.serialize_entry(&format!("{}:responseTime", check.name()), &took)?;
            for reading in check.readings() {
                let seen = json!([{ "status": word(check.status()), "observedValue": reading.value }]);
                map.serialize_entry(&format!("{}:{}", check.name(), reading.name), &seen)?;
            }
        }
        map.end()
    }
}
