//! Numbers of YAML as Go reads them.

/// Reads a number; nothing if it is none, such as a text in quotes.
pub(super) fn parse(text: &str) -> Option<f64> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some(0.0),
        ".nan" | ".NaN" | ".NAN" => return Some(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Some(f64::NEG_INFINITY),
        _ => {}
    }
    let digits = text.replace('_', "");
    let (sign, unsigned) = match digits.strip_prefix('-') {
        Some(unsigned) => (-1.0, unsigned),
        None => (1.0, digits.strip_prefix('+').unwrap_or(&digits)),
    };
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return None;
    }
    let lower = unsigned.to_ascii_lowercase();
    let of_base = [("0x", 16), ("0b", 2), ("0o", 8), ("0", 8)];
    let whole = of_base.into_iter().find_map(|(prefix, base)| {
        let digits = lower.strip_prefix(prefix).filter(|digits| !digits.starts_with(['+', '-']))?;
        u64::from_str_radix(digits, base).ok()
    });
    if let Some(whole) = whole {
        return Some(sign * whole as f64);
    }
    let is_decimal = unsigned.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    let has_digit = unsigned.trim_start_matches('.').starts_with(|c: char| c.is_ascii_digit());
    unsigned.parse::<f64>().ok().filter(|_| is_decimal && has_digit).map(|number| sign * number)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn numbers_are_those_of_yaml_as_go_reads_it() {
        for (text, number) in [
            ("1", 1.0),
            ("-2.5e3", -2500.0),
            ("+.5", 0.5),
            ("1_000", 1000.0),
            ("0x1F", 31.0),
            ("010", 8.0),
            ("-010", -8.0),
            ("08", 8.0),
            ("0b11", 3.0),
            ("0o17", 15.0),
            ("1.", 1.0),
            (".Inf", f64::INFINITY),
            ("-.inf", f64::NEG_INFINITY),
            ("", 0.0),
            ("~", 0.0),
        ] {
            assert_eq!(parse(text), Some(number), "{text}");
        }
        assert!(parse(".nan").is_some_and(f64::is_nan));
        for text in ["NaN", "Inf", "inf", "one", "1e", "0x", "1h", "_1", "+-1", "true"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
