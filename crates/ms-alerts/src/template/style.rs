//! The ways in which a rule's text may show the value.

use crate::format;

const LARGE: [&str; 8] = ["k", "M", "G", "T", "P", "E", "Z", "Y"];
const SMALL: [&str; 8] = ["m", "u", "n", "p", "f", "a", "z", "y"];
const BINARY: [&str; 8] = ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"];

/// How a value is shown; each as the function of Prometheus that is named like it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Humanize,
    Humanize1024,
    HumanizeDuration,
    HumanizePercentage,
    /// `printf "%.2f"`: so many digits behind the point.
    Decimals(usize),
}

impl Style {
    /// Reads what is done with `$value`, in either order: `$value | humanize` or `humanize $value`.
    pub(super) fn of_action(action: &str) -> Option<Self> {
        if action == "$value" {
            return Some(Self::Plain);
        }
        let function = match action.split_once('|') {
            Some((value, function)) => (value.trim() == "$value").then(|| function.trim())?,
            None => action.strip_suffix("$value")?.strip_suffix([' ', '\t'])?.trim(),
        };
        match function {
            "humanize" => Some(Self::Humanize),
            "humanize1024" => Some(Self::Humanize1024),
            "humanizeDuration" => Some(Self::HumanizeDuration),
            "humanizePercentage" => Some(Self::HumanizePercentage),
            _ => {
                let format = function.strip_prefix("printf")?.trim_start();
                let decimals = format.strip_prefix("\"%.")?.strip_suffix("f\"")?;
                // One digit: Go's `%.9f` is far more than anybody reads.
                let decimals =
                    decimals.bytes().next().filter(|digit| decimals.len() == 1 && digit.is_ascii_digit())?;
                Some(Self::Decimals(usize::from(decimals - b'0')))
            }
        }
    }

    pub(super) fn show(self, value: f64) -> String {
        match self {
            Self::Plain => format::plain(value),
            Self::Humanize => humanize(value),
            Self::Humanize1024 if value.abs() <= 1.0 || !value.is_finite() => format::four_digits(value),
            Self::Humanize1024 => shrink(value, 1024.0, BINARY),
            Self::HumanizeDuration => duration(value),
            Self::HumanizePercentage => format!("{}%", format::four_digits(value * 100.0)),
            Self::Decimals(decimals) => format::decimals(value, decimals),
        }
    }
}

fn humanize(value: f64) -> String {
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

fn duration(value: f64) -> String {
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
