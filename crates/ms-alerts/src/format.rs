//! Numbers as Go prints them, since operators compare our texts with those of a Prometheus server.

/// As `%v` of Go prints it: shortest digits, with an exponent below 1e-4 and from 1e6 on.
pub(crate) fn plain(value: f64) -> String {
    if !value.is_finite() {
        return special(value).to_owned();
    }
    let text = format!("{value:e}");
    let (digits, power) = parts(&text);
    if (-4..6).contains(&power) { value.to_string() } else { joined(digits, power) }
}

/// As `strconv.FormatFloat(value, 'e', -1, 64)` of Go prints it.
#[cfg(any(test, feature = "axum"))]
pub(crate) fn exponent(value: f64) -> String {
    if !value.is_finite() {
        return special(value).to_owned();
    }
    let text = format!("{value:e}");
    let (digits, power) = parts(&text);
    joined(digits, power)
}

/// Digits and power of ten of Rust's own `{:e}`, whose digits are the shortest too.
fn parts(text: &str) -> (&str, i32) {
    let (digits, power) = text.split_once('e').unwrap_or((text, "0"));
    (digits, power.parse().unwrap_or(0))
}

fn joined(digits: &str, power: i32) -> String {
    let sign = if power < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", power.abs())
}

fn special(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "+Inf"
    } else {
        "-Inf"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_look_as_go_prints_them() {
        // fmt.Sprint(v) and strconv.FormatFloat(v, 'e', -1, 64) of Go 1.19.
        for (value, plainly, with_exponent) in [
            (0.0, "0", "0e+00"),
            (-0.0, "-0", "-0e+00"),
            (1.0, "1", "1e+00"),
            (95.5, "95.5", "9.55e+01"),
            (123_456.0, "123456", "1.23456e+05"),
            (1_234_567.0, "1.234567e+06", "1.234567e+06"),
            (0.0001, "0.0001", "1e-04"),
            (0.000_012_5, "1.25e-05", "1.25e-05"),
            (1e100, "1e+100", "1e+100"),
            (0.1 + 0.2, "0.30000000000000004", "3.0000000000000004e-01"),
            (f64::INFINITY, "+Inf", "+Inf"),
            (f64::NEG_INFINITY, "-Inf", "-Inf"),
            (f64::NAN, "NaN", "NaN"),
        ] {
            assert_eq!(plain(value), plainly);
            assert_eq!(exponent(value), with_exponent);
        }
    }
}
