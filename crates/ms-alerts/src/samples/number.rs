//! Numbers as the text format writes them: what Go reads, without what Go added to its syntax in 1.13.

/// Reads a number; `None` where Prometheus refuses one.
pub(crate) fn parse(text: &str) -> Option<f64> {
    whole(text).or_else(|| any(text))
}

/// A whole number that a float holds exactly: most counters are one.
fn whole(text: &str) -> Option<f64> {
    let is_short = (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let digit = |number: u64, byte: u8| number * 10 + u64::from(byte - b'0');
    is_short.then(|| text.bytes().fold(0, digit) as f64)
}

fn any(text: &str) -> Option<f64> {
    let value: f64 = text.parse().ok()?;
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let word = digits.starts_with(|c: char| c.is_ascii_alphabetic());
    // Go knows no sign before NaN, and calls a number out of range what Rust rounds to infinity.
    if (value.is_nan() && digits.len() != text.len()) || (value.is_infinite() && !word) {
        return None;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn what_go_reads_is_read() {
        for (text, value) in [
            ("1", 1.0),
            ("00", 0.0),
            ("999999999999999", 999_999_999_999_999.0),
            ("9007199254740993", 9_007_199_254_740_992.0),
            ("+1.5e3", 1500.0),
            ("-.5", -0.5),
            ("5.", 5.0),
            ("1E5", 1e5),
            ("1e-999", 0.0),
            ("inf", f64::INFINITY),
            ("+Inf", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
        ] {
            assert_eq!(parse(text), Some(value), "{text}");
        }
        assert!(parse("NaN").is_some_and(f64::is_nan) && parse("nan").is_some_and(f64::is_nan));
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for text in [
            "", "+", "-NaN", "+nan", "1e999", "-1e400", "0x1F", "0x1p-2", "1_000", "1e", "١", "1 ", "e5", ".",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
