//! How the metrics themselves are.

use super::model::Panel;
use super::query::{series, sum};
use crate::catalog::machine::{COLLECTOR_AGE, COLLECTOR_UP};
use crate::catalog::own::{INVALID_SAMPLES, LABEL_OVERFLOW, REFUSED};

pub(super) fn panels() -> Vec<Panel> {
    let up =
        Panel::lines("Collectors up", "0: its reading is late, failed, or found nothing.", Some("short"))
            .query(series(COLLECTOR_UP), "{{instance}} {{collector}}")
            .max(1.0)
            .at_least(1.0);
    let age = Panel::lines("Age of the readings", "Since a collector has read last.", Some("s"))
        .query(series(COLLECTOR_AGE), "{{instance}} {{collector}}");
    let description =
        "Since the start: registrations counted under __other__, registrations refused, samples dropped.";
    let refused = sum(&[], &series(REFUSED));
    // These have no series before there is something to count; without a service there is nothing to show.
    let or_none = |name: &str| format!("{} or 0 * {refused}", sum(&[], &series(name)));
    let guard = Panel::lines("Not let in", description, Some("short"))
        .query(or_none(LABEL_OVERFLOW), "no room for a series")
        .query(refused.clone(), "refused")
        .query(or_none(INVALID_SAMPLES), "invalid samples")
        .thresholds(1.0, 1000.0);
    vec![up, age, guard]
}
