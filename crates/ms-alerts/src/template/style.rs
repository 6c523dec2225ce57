//! The ways in which a rule's text may show the value.

use crate::format;

const LARGE: [&str; 8] = ["k", "M", "G", "T", "P", "E", "Z", "Y"];
const SMALL: [&str; 8] = ["m", "u", "n", "p", "f", "a", "z", "y"];
const BINARY: [&str; 8] = ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"];

/// As `humanize1024` of Prometheus.
pub(super) fn humanize1024(value: f64) -> String {
    if value.abs() <= 1.0 || !value.is_finite() {
        return format::four_digits(value);
    }
    shrink(value, 1024.0, BINARY)
}

/// As `humanizePercentage` of Prometheus.
pub(super) fn percentage(value: f64) -> String {
    format!("{}%", format::four_digits(value * 100.0))
}

/// As `humanize` of Prometheus.
pub(super) fn humanize(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        format::four_digits(value)
    } else if value.abs() >= 1.0 {
        shrink(value, 1000.0, LARGE)
    } else {
        grow(value)
    }
}

fn shrink(mut value: f64, step: f64, prefixes: [&str; 8]) -> String {
    let mut prefix = "";
    for next in prefixes {
        if value.abs() < step {
            break;
        }
        prefix = next;
        value /= step;
    }
    format!("{}{prefix}", format::four_digits(value))
}

fn grow(mut value: f64) -> String {
    let mut prefix = "";
    for next in SMALL {
        if value.abs() >= 1.0 {
            break;
        }
        prefix = next;
        value *= 1000.0;
    }
    format!("{}{prefix}", format::four_digits(value))
}

/// As `humanizeDuration` of Prometheus.
pub(super) fn duration(value: f64) -> String {
    if !value.is_finite() {
        return format::four_digits(value);
    }
    if value.abs() < 1.0 {
        return format!("{}s", if value == 0.0 { format::four_digits(value) } else { grow(value) });
    }
    let sign = if value < 0.0 { "-" } else { "" };
    // What 63 bits cannot hold becomes the least number there is, on the machines that servers run on.
    let whole = if value.abs() < 9_223_372_036_854_775_808.0 { value.abs() as i64 } else { i64::MIN };
    let (days, hours, minutes, seconds) = (whole / 86400, whole / 3600 % 24, whole / 60 % 60, whole % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{sign}{}s", format::four_digits(value.abs())),
        (0, 0, _) => format!("{sign}{minutes}m {seconds}s"),
        (0, ..) => format!("{sign}{hours}h {minutes}m {seconds}s"),
        _ => format!("{sign}{days}d {hours}h {minutes}m {seconds}s"),
    }
}
