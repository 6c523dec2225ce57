//! The shape of Spring Boot's actuator.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::report::{CheckReport, Report};
use crate::status::Status;

pub(super) struct Health<'a> {
    pub(super) report: &'a Report,
    pub(super) groups: &'a [&'a str],
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Healthy => "UP",
        Status::Degraded => "DEGRADED",
        Status::Unknown => "UNKNOWN",
        Status::Unhealthy => "DOWN",
    }
}

impl Serialize for Health<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("status", word(self.report.status()))?;
        map.serialize_entry("components", &Components(self.report.checks()))?;
        if !self.groups.is_empty() {
            map.serialize_entry("groups", self.groups)?;
        }
        map.end()
    }
}

struct Components<'a>(&'a [CheckReport]);

impl Serialize for Components<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|check| (check.name(), Component(check))))
    }
}

struct Component<'a>(&'a CheckReport);

impl Serialize for Component<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("status", word(self.0.status()))?;
        // Its own `status` in there is our word, as beside Spring's `UP` an indicator's own details stand.
        map.serialize_entry("details", self.0)?;
        map.end()
    }
}
