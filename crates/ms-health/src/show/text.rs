//! Plain text: for `curl` at night.

use std::fmt::Write as _;

use crate::report::Report;

/// The status of the whole, then a line a check.
pub(super) fn lines(report: &Report) -> String {
    let mut text = format!("{}", report.status());
    if report.starting() {
        text.push_str(" (starting)");
    }
    if report.shutting_down() {
        text.push_str(" (shutting down)");
    }
    text.push('\n');
    for check in report.checks() {
        let kind = if check.critical() { " (critical)" } else { "" };
        // Writing to a String cannot fail, here and below.
        let _ = write!(text, "{}{kind}: {}", check.name(), check.status());
        if let Some(reason) = check.reason() {
            let _ = write!(text, ", {}", reason.as_str());
        }
        if let Some(error) = check.error() {
            let _ = write!(text, ": {error}");
        }
        for reading in check.readings() {
            let value = reading.value.map_or_else(|| "?".to_owned(), |value| format!("{value:.1}"));
            let _ = write!(text, ", {} {value}", reading.name);
        }
        let _ = writeln!(
            text,
            " [took {} ms, {} s ago, so for {} s]",
            check.duration().as_millis(),
            check.age().as_secs(),
            check.since().as_secs()
        );
    }
    text
}
