//! What OpenMetrics 1.0 writes otherwise than text 0.0.4.

use metrics::Unit;

use super::text;
use crate::exemplars::Exemplar;
use crate::registry::Kind;

/// What ends a page.
pub(crate) const END: &str = "# EOF\n";

/// Gives the name of a metric and the word behind `# TYPE`.
///
/// A counter is named without its `_total`. One that has none would change its name with the format, so it is of no
/// known type.
pub(crate) fn name_and_type(name: &str, kind: Kind) -> (&str, &'static str) {
    if kind != Kind::Counter {
        return (name, kind.as_str());
    }
    match name.strip_suffix("_total") {
        Some(base) => (base, kind.as_str()),
        None => (name, "unknown"),
    }
}

/// Writes the lines that stand once before all series of a metric.
pub(crate) fn header(page: &mut String, name: &str, word: &str, unit: Option<Unit>, help: Option<&str>) {
    page.extend(["# TYPE ", name, " ", word, "\n"]);
    // A unit that is no part of the name makes the page invalid.
    let unit = unit.map(|unit| unit.as_str());
    let is_suffix = |unit: &&str| name.strip_suffix(*unit).is_some_and(|rest| rest.ends_with('_'));
    if let Some(unit) = unit.filter(is_suffix) {
        page.extend(["# UNIT ", name, " ", unit, "\n"]);
    }
    if let Some(help) = help {
        page.extend(["# HELP ", name, " "]);
        text::escape(page, help, true);
        page.push('\n');
    }
}

/// Writes a bound or a quantile, always as a float.
pub(crate) fn bound(page: &mut String, value: f64) {
    let start = page.len();
    text::float(page, value);
    let is_integer = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if page.get(start..).is_some_and(is_integer) {
        page.push_str(".0");
    }
}

/// Writes what stands behind the count of a bucket.
pub(crate) fn exemplar(page: &mut String, exemplar: &Exemplar) {
    page.push_str(" # {");
    text::label(page, "trace_id", &exemplar.trace_id);
    page.push_str("} ");
    text::float(page, exemplar.value);
    page.push(' ');
    let milliseconds = exemplar.since_epoch.subsec_millis();
    text::integer(page, exemplar.since_epoch.as_secs());
    page.push('.');
    for unit in [100, 10, 1] {
        text::integer(page, u64::from(milliseconds / unit % 10));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn written(write: impl FnOnce(&mut String)) -> String {
        let mut page = String::new();
        write(&mut page);
        page
    }

    #[test]
    fn counters_lose_their_suffix_or_their_type() {
        for (name, kind, expected) in [
            ("jobs_total", Kind::Counter, ("jobs", "counter")),
            ("jobs", Kind::Counter, ("jobs", "unknown")),
            ("active_users_total", Kind::Gauge, ("active_users_total", "gauge")),
        ] {
            assert_eq!(name_and_type(name, kind), expected);
        }
    }

    #[test]
    fn a_unit_is_told_where_the_name_ends_in_it() {
        let units = |name, unit| written(|page| header(page, name, "gauge", Some(unit), None));
        assert_eq!(units("a_seconds", Unit::Seconds), "# TYPE a_seconds gauge\n# UNIT a_seconds seconds\n");
        for (name, unit) in [("a", Unit::Seconds), ("aseconds", Unit::Seconds), ("a_seconds", Unit::Bytes)] {
            assert_eq!(units(name, unit), format!("# TYPE {name} gauge\n"));
        }
    }

    #[test]
    fn help_is_escaped_whole() {
        let text = written(|page| header(page, "m", "gauge", None, Some("a \"b\"\n\\n")));
        assert_eq!(text, "# TYPE m gauge\n# HELP m a \\\"b\\\"\\n\\\\n\n");
    }

    #[test]
    fn bounds_are_floats() {
        for (value, text) in [
            (1.0, "1.0"),
            (-5.0, "-5.0"),
            (-0.0, "-0.0"),
            (0.25, "0.25"),
            (1e22, "1e+22"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(written(|page| bound(page, value)), text);
        }
    }

    #[test]
    fn an_exemplar_tells_trace_value_and_time() {
        let since_epoch = Duration::from_millis(1_700_000_000_042);
        let seen = Exemplar { trace_id: "a-b".to_owned(), value: 0.5, since_epoch };
        assert_eq!(written(|page| exemplar(page, &seen)), " # {trace_id=\"a-b\"} 0.5 1700000000.042");
    }
}
