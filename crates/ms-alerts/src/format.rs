//! Numbers as Go prints them, since operators compare our texts with those of a Prometheus server.

/// As `%v` of Go prints it: shortest digits, with an exponent below 1e-4 and from 1e6 on.
pub(crate) fn plain(value: f64) -> String {
    if !value.is_finite() {
        return special(value).to_owned();
    }
    let text = shortest(value);
    let (digits, power) = parts(&text);
    if (-4..6).contains(&power) { positional(digits, power) } else { joined(digits, power) }
}

/// As `strconv.FormatFloat(value, 'e', -1, 64)` of Go prints it.
#[cfg(any(test, feature = "axum"))]
pub(crate) fn exponent(value: f64) -> String {
    if !value.is_finite() {
        return special(value).to_owned();
    }
    let text = shortest(value);
    let (digits, power) = parts(&text);
    joined(digits, power)
}

/// As `strconv.FormatFloat(value, 'f', -1, 64)` of Go prints it.
#[cfg(feature = "rules")]
pub(crate) fn without_exponent(value: f64) -> String {
    if !value.is_finite() {
        return special(value).to_owned();
    }
    let text = shortest(value);
    let (digits, power) = parts(&text);
    positional(digits, power)
}

/// As `%.4g` of Go prints it: four digits that matter, without zeros behind them.
pub(crate) fn four_digits(value: f64) -> String {
    digits(value, 4)
}

/// As `%.<digits>g` of Go prints it.
pub(crate) fn digits(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return special(value).to_owned();
    }
    let digits = digits.max(1);
    let text = format!("{value:.*e}", digits - 1);
    let (written, power) = parts(&text);
    let trim = |text: &str| {
        let zeros = if text.contains('.') { text.trim_end_matches('0') } else { text };
        zeros.trim_end_matches('.').to_owned()
    };
    let before_point = usize::try_from(power).map_or(0, |power| power + 1);
    if power < -4 || before_point > digits {
        return joined(&trim(written), power);
    }
    let decimals = usize::try_from(power)
        .map_or_else(|_| digits + usize::try_from(-power).unwrap_or(0) - 1, |_| digits - before_point);
    trim(&decimals_of(value, decimals))
}

/// As `%.2e` of Go prints it, with so many digits behind the point.
pub(crate) fn exponent_of(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return special(value).to_owned();
    }
    let text = format!("{value:.decimals$e}");
    let (written, power) = parts(&text);
    joined(written, power)
}

/// As `%.2f` of Go prints it, with so many digits behind the point.
pub(crate) fn decimals(value: f64, decimals: usize) -> String {
    if value.is_finite() { decimals_of(value, decimals) } else { special(value).to_owned() }
}

fn decimals_of(value: f64, decimals: usize) -> String {
    format!("{value:.decimals$}")
}

/// The shortest digits that are read back as the same number, in the form of Rust's own `{:e}`.
///
/// Where two are equally near, Go takes the even one and Rust the greater. So near to each other are only numbers of as
/// many digits as a float holds, 15 and more.
fn shortest(value: f64) -> String {
    let text = format!("{value:e}");
    let (digits, power) = parts(&text);
    if digits.len() < "1.23456789012345".len() || digits.ends_with(['0', '2', '4', '6', '8']) {
        return text;
    }
    let decimals = digits.trim_start_matches('-').len().saturating_sub(2);
    let exact = format!("{value:.*e}", decimals + 30);
    let (exact, _) = parts(&exact);
    let (near, rest) = exact.split_at_checked(digits.len()).unwrap_or((exact, ""));
    let tie = rest.strip_prefix('5').is_some_and(|zeros| zeros.bytes().all(|digit| digit == b'0'));
    let even = format!("{near}e{power}");
    if tie && even.parse() == Ok(value) { even } else { text }
}

/// Digits and power of ten of what `{:e}` gives.
fn parts(text: &str) -> (&str, i32) {
    let (digits, power) = text.split_once('e').unwrap_or((text, "0"));
    (digits, power.parse().unwrap_or(0))
}

/// The digits of `{:e}` with the point where the power of ten puts it.
fn positional(digits: &str, power: i32) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    let digits = digits.replace('.', "");
    let Ok(power) = usize::try_from(power) else {
        let zeros = usize::try_from(power.unsigned_abs()).unwrap_or(0).saturating_sub(1);
        return format!("{sign}0.{:0<zeros$}{digits}", "");
    };
    let before_point = power + 1;
    match digits.split_at_checked(before_point).filter(|(_, fraction)| !fraction.is_empty()) {
        Some((whole, fraction)) => format!("{sign}{whole}.{fraction}"),
        None => format!("{sign}{digits:0<before_point$}"),
    }
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
            (2_978_995_398_764_517.0 / 4.0, "7.447488496911292e+14", "7.447488496911292e+14"),
            (-4_503_599_627_370_497.0 / 4.0, "-1.1258999068426242e+15", "-1.1258999068426242e+15"),
            (745_350_679_751_257.0 / 8.0, "9.316883496890712e+13", "9.316883496890712e+13"),
            (8.0 + 1.0 / 65_536.0, "8.000015258789062", "8.000015258789062e+00"),
            (0.5 + 1.0 / 131_072.0, "0.5000076293945312", "5.000076293945312e-01"),
            (-0.000_125, "-0.000125", "-1.25e-04"),
            (0.1 + 0.2, "0.30000000000000004", "3.0000000000000004e-01"),
            (f64::INFINITY, "+Inf", "+Inf"),
            (f64::NEG_INFINITY, "-Inf", "-Inf"),
            (f64::NAN, "NaN", "NaN"),
        ] {
            assert_eq!(plain(value), plainly);
            assert_eq!(exponent(value), with_exponent);
        }
    }

    #[cfg(feature = "rules")]
    #[test]
    fn without_an_exponent_all_digits_are_written() {
        for (value, written) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1e21, "1000000000000000000000"),
            (-1.5e-7, "-0.00000015"),
            (1_234_567.5, "1234567.5"),
            (100.0, "100"),
            (0.1 + 0.2, "0.30000000000000004"),
            (8.0 + 1.0 / 65_536.0, "8.000015258789062"),
            (5_642_294_655_743_961.0 / 4.0, "1410573663935990.2"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(without_exponent(value), written);
        }
    }
}
