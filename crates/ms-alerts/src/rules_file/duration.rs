//! Durations as Prometheus writes them: `1h30m`.

use std::time::Duration;

/// Units from the longest to the shortest, in milliseconds; each may stand once and in this order only.
const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 24 * 60 * 60 * 1000),
    ("w", 7 * 24 * 60 * 60 * 1000),
    ("d", 24 * 60 * 60 * 1000),
    ("h", 60 * 60 * 1000),
    ("m", 60 * 1000),
    ("s", 1000),
    ("ms", 1),
];

/// Reads a duration; `None` where Prometheus refuses one.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    if text.is_empty() {
        return None;
    }
    let (mut rest, mut units, mut total) = (text, UNITS.as_slice(), 0_u64);
    while !rest.is_empty() {
        let (digits, behind) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let (unit, after) =
            behind.split_at(behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len()));
        let place = units.iter().position(|(name, _)| *name == unit)?;
        let (_, milliseconds) = units.get(place)?;
        total = total.checked_add(digits.parse::<u64>().ok()?.checked_mul(*milliseconds)?)?;
        units = units.get(place + 1..)?;
        rest = after;
    }
    // Go counts nanoseconds in 63 bits.
    (total <= i64::MAX as u64 / 1_000_000).then(|| Duration::from_millis(total))
}

/// Writes a duration as Prometheus does, in days and shorter units.
pub(crate) fn text(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (unit, milliseconds) in UNITS.into_iter().skip(2) {
        let count = rest / milliseconds;
        rest %= milliseconds;
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// What is wrong with a text that is none.
pub(crate) fn expected(text: &str) -> String {
    format!("{text:?} is not a duration; expected one like `30s`, `5m` or `1h30m`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_in_the_longest_units_that_fit() {
        for (milliseconds, written) in
            [(0, "0s"), (90_500, "1m30s500ms"), (86_400_000 * 8 + 3_600_000, "8d1h")]
        {
            assert_eq!(text(Duration::from_millis(milliseconds)), written);
        }
    }

    #[test]
    fn durations_are_those_of_prometheus() {
        for (text, milliseconds) in [
            ("0", 0),
            ("0s", 0),
            ("30s", 30_000),
            ("5m", 300_000),
            ("1h30m", 5_400_000),
            ("1d", 86_400_000),
            ("2w", 1_209_600_000),
            ("1y", 31_536_000_000),
            ("1m500ms", 60_500),
        ] {
            assert_eq!(parse(text), Some(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in [
            "",
            "1",
            "5",
            "m",
            "-5m",
            "1.5h",
            "30m1h",
            "1m1m",
            "5 m",
            "1H",
            "5min",
            "300y",
            "99999999999999999999s",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
