//! Time stamps, made once a second.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Seconds and nanoseconds since 1970; the second part never is negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instant {
    pub(crate) seconds: i64,
    pub(crate) nanos: u32,
}

impl Instant {
    pub(crate) fn now() -> Self {
        Self::of(SystemTime::now())
    }

    pub(crate) fn of(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(since) => Self { seconds: seconds(since.as_secs()), nanos: since.subsec_nanos() },
            Err(before) => {
                let before = before.duration();
                let whole = seconds(before.as_secs()).saturating_neg();
                match before.subsec_nanos() {
                    0 => Self { seconds: whole, nanos: 0 },
                    nanos => Self { seconds: whole.saturating_sub(1), nanos: 1_000_000_000 - nanos },
                }
            }
        }
    }
}

fn seconds(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

/// The digits of the last second that was asked for.
#[derive(Debug)]
pub(crate) struct Stamp {
    second: Option<i64>,
    digits: Vec<u8>,
    separator: u8,
}

impl Stamp {
    /// `2026-03-02T08:00:00`.
    pub(crate) fn rfc3339() -> Self {
        Self { second: None, digits: Vec::new(), separator: b'T' }
    }

    /// `2026-03-02 08:00:00`.
    pub(crate) fn python() -> Self {
        Self { second: None, digits: Vec::new(), separator: b' ' }
    }

    /// Date and time of day up to the second.
    pub(crate) fn digits(&mut self, seconds: i64, zone: &TimeZone) -> &[u8] {
        if self.second != Some(seconds) {
            self.render(seconds, zone);
            self.second = Some(seconds);
        }
        &self.digits
    }

    fn render(&mut self, seconds: i64, zone: &TimeZone) {
        let most = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
        let stamp = Timestamp::from_second(seconds.clamp(most.0, most.1)).unwrap_or(Timestamp::UNIX_EPOCH);
        let time = zone.to_datetime(stamp);
        self.digits.clear();
        if time.year() < 0 {
            self.digits.push(b'-');
        }
        number(&mut self.digits, u32::from(time.year().unsigned_abs()), 4);
        let parts = [
            (b'-', time.month()),
            (b'-', time.day()),
            (self.separator, time.hour()),
            (b':', time.minute()),
            (b':', time.second()),
        ];
        for (sign, value) in parts {
            self.digits.push(sign);
            number(&mut self.digits, u32::from(value.unsigned_abs()), 2);
        }
    }
}

/// Writes `value` with at least `width` digits.
pub(crate) fn number(out: &mut Vec<u8>, value: u32, width: usize) {
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(value).as_bytes();
    out.extend(std::iter::repeat_n(b'0', width.saturating_sub(digits.len())));
    out.extend_from_slice(digits);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn utc(seconds: i64) -> String {
        String::from_utf8(Stamp::rfc3339().digits(seconds, &TimeZone::UTC).to_vec()).unwrap()
    }

    #[test]
    fn seconds_become_dates() {
        assert_eq!(utc(0), "1970-01-01T00:00:00");
        assert_eq!(utc(1_772_438_399), "2026-03-02T07:59:59");
        assert_eq!(utc(-1), "1969-12-31T23:59:59");
        assert_eq!(utc(i64::MAX).get(..5), Some("9999-"));
    }

    #[test]
    fn zones_shift_and_the_second_is_remembered() {
        let istanbul = TimeZone::get("Europe/Istanbul").unwrap();
        let mut stamp = Stamp::python();
        assert_eq!(stamp.digits(1_772_438_399, &istanbul), b"2026-03-02 10:59:59");
        assert_eq!(stamp.digits(1_772_438_399, &istanbul), b"2026-03-02 10:59:59");
        assert_eq!(stamp.digits(1_772_438_400, &istanbul), b"2026-03-02 11:00:00");
    }

    #[test]
    fn time_before_1970_counts_forward_within_its_second() {
        let before = UNIX_EPOCH - Duration::from_millis(250);
        assert_eq!(Instant::of(before), Instant { seconds: -1, nanos: 750_000_000 });
        assert_eq!(Instant::of(UNIX_EPOCH - Duration::from_secs(2)), Instant { seconds: -2, nanos: 0 });
    }
}
