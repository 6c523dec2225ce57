//! Points in time, as RFC 3339 writes them.

/// A point in time, in microseconds since 1970-01-01T00:00:00Z; digits beyond are not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

/// Why a text is not a point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InstantError {
    /// It is not of the shape `2026-03-02T08:00:00+03:00`.
    #[error("not a timestamp such as 2026-03-02T08:00:00+03:00")]
    Shape,
    /// It has no offset, so it could be any of several instants.
    #[error(
        "no UTC offset: write Z or one such as +03:00, or name the zone of local times (`--local-times`)"
    )]
    NoOffset,
    /// There is no such day or time of day.
    #[error("no such date or time of day")]
    NoSuchDate,
    /// It has no offset, and the clocks of its place showed it twice.
    #[error(
        "local time that occurs twice: write the UTC offset, or say which is meant (`--ambiguous earlier`)"
    )]
    Ambiguous,
    /// It has no offset, and the clocks of its place skipped it.
    #[error("local time that the clocks skipped")]
    Skipped,
    /// The year lies outside 1 to 9998.
    #[error("year out of range (0001 to 9998)")]
    OutOfRange,
}

impl Instant {
    pub(crate) fn from_microseconds(microseconds: i64) -> Self {
        Self(microseconds)
    }

    /// Returns the microseconds since 1970.
    pub fn as_microseconds(self) -> i64 {
        self.0
    }

    /// Reads an RFC 3339 timestamp with an offset.
    ///
    /// As ISO 8601 allows, seconds may be left out and the offset written `+0300` or `+03`. Up to 18 decimals are
    /// taken, as pandas does; those beyond the sixth are cut. Refused although RFC 3339 has them: a leap second
    /// (`:60`), the years 0 and 9999, and more decimals.
    ///
    /// # Errors
    ///
    /// [`InstantError`] says what is wrong with the text.
    ///
    /// # Examples
    ///
    /// ```
    /// use ms_analytics::{Instant, InstantError};
    ///
    /// let noon = Instant::parse("2026-03-02T12:00:00+03:00")?;
    /// assert_eq!(noon, Instant::parse("2026-03-02T09:00:00Z")?);
    /// assert_eq!(Instant::parse("2026-03-02T12:00:00"), Err(InstantError::NoOffset));
    /// # Ok::<(), InstantError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, InstantError> {
        match Self::usual(text.as_bytes()) {
            Some(instant) => Ok(instant),
            None => Parts::any(text)?.instant(),
        }
    }

    /// Reads the shape that most rosters have, eight bytes at a time; `None` if it is another or is wrong.
    fn usual(text: &[u8]) -> Option<Self> {
        let (words, [last]) = text.as_chunks::<8>() else { return None };
        let [date, time, offset] = *words else { return None };
        let is_behind = offset.get(3) == Some(&b'-');
        let date = digits(date, b"0000-00-")?;
        let time = digits(time, b"00T00:00")?;
        let offset = digits(offset, if is_behind { b":00-00:0" } else { b":00+00:0" })?;
        let (year, month, day) = (two(date, 0) * 100 + two(date, 2), two(date, 5), two(time, 0));
        let (hour, minute, second) = (two(time, 3), two(time, 6), two(offset, 1));
        let hours = two(offset, 4);
        let minutes = (offset >> 56) as u32 * 10 + u32::from(last.wrapping_sub(b'0'));
        // A leap year's February is for the closer look.
        let is_day =
            (1..=9998).contains(&year) && day.wrapping_sub(1) < LENGTHS.get(month as usize).copied()?;
        let is_time = hour <= 23 && minute <= 59 && second <= 59;
        if !(is_day && is_time && last.is_ascii_digit() && hours <= 23 && minutes <= 59) {
            return None;
        }
        let ahead = i64::from(hours * 3600 + minutes * 60);
        let seconds = days_from_civil(year, month, day) * 86_400
            + i64::from(hour * 3600 + minute * 60 + second)
            + if is_behind { ahead } else { -ahead };
        Some(Self(seconds * 1_000_000))
    }
}

/// Days in each month, from the first, of a common year.
const LENGTHS: [u32; 13] = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// Date, time of day in seconds, microseconds and offset in seconds.
struct Parts {
    year: u32,
    month: u32,
    day: u32,
    hour: i64,
    minute: i64,
    second: i64,
    fraction: i64,
    offset: i64,
}

impl Parts {
    fn any(text: &str) -> Result<Self, InstantError> {
        if has_long_year(text) {
            return Err(InstantError::OutOfRange);
        }
        let mut rest = Digits(text.as_bytes());
        let year = rest.number(4)? as u32;
        rest.expect(b"-")?;
        let month = rest.number(2)? as u32;
        rest.expect(b"-")?;
        let day = rest.number(2)? as u32;
        rest.expect(b"Tt ")?;
        let hour = rest.number(2)?;
        rest.expect(b":")?;
        let minute = rest.number(2)?;
        let (second, fraction) = rest.seconds()?;
        let offset = rest.offset()?;
        Ok(Self { year, month, day, hour, minute, second, fraction, offset })
    }

    fn instant(&self) -> Result<Instant, InstantError> {
        let Self { year, month, day, hour, minute, second, fraction, offset } = *self;
        if !(1..=9998).contains(&year) {
            return Err(InstantError::OutOfRange);
        }
        let is_time = hour <= 23 && minute <= 59 && second <= 59;
        if !is_time || !(1..=12).contains(&month) || !(1..=days_in_month(year, month)).contains(&day) {
            return Err(InstantError::NoSuchDate);
        }
        let seconds =
            days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
        Ok(Instant(seconds * 1_000_000 + fraction))
    }
}

/// The digits of a word, each in its byte, if there are digits where the shape has zeros and its other characters are
/// the same.
fn digits(word: [u8; 8], shape: &[u8; 8]) -> Option<u64> {
    const HIGH: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    // Zero where the shape is met, 0 to 9 where it has a digit.
    let found = u64::from_le_bytes(word) ^ u64::from_le_bytes(*shape);
    // Whatever is larger than it may be runs over into the upper half of its byte.
    let room = shape.map(|byte| if byte == b'0' { 6 } else { 15 });
    let fits = (found | found.wrapping_add(u64::from_le_bytes(room))) & HIGH == 0;
    fits.then_some(found)
}

/// The digits at a place and behind it as a number.
fn two(digits: u64, place: u32) -> u32 {
    let pair = (digits >> (8 * place)) as u32;
    (pair & 15) * 10 + (pair >> 8 & 15)
}

fn has_long_year(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let year = digits.bytes().take_while(u8::is_ascii_digit).count();
    year >= 5 && digits.as_bytes().get(year) == Some(&b'-')
}

/// What is left to read of a timestamp.
struct Digits<'a>(&'a [u8]);

impl Digits<'_> {
    fn number(&mut self, length: usize) -> Result<i64, InstantError> {
        let (digits, rest) = self.0.split_at_checked(length).ok_or(InstantError::Shape)?;
        self.0 = rest;
        digits.iter().try_fold(0, |number, digit| match digit {
            b'0'..=b'9' => Ok(number * 10 + i64::from(digit - b'0')),
            _ => Err(InstantError::Shape),
        })
    }

    fn takes(&mut self, any: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        let found = any.contains(first).then_some(*first)?;
        self.0 = rest;
        Some(found)
    }

    fn expect(&mut self, any: &[u8]) -> Result<u8, InstantError> {
        self.takes(any).ok_or(InstantError::Shape)
    }

    fn seconds(&mut self) -> Result<(i64, i64), InstantError> {
        if self.takes(b":").is_none() {
            return Ok((0, 0));
        }
        let second = self.number(2)?;
        if self.takes(b".,").is_none() {
            return Ok((second, 0));
        }
        let (mut microseconds, mut digits) = (0, 0);
        while let Some(digit) = self.takes(b"0123456789") {
            digits += 1;
            if digits <= 6 {
                microseconds = microseconds * 10 + i64::from(digit - b'0');
            }
        }
        match digits {
            0 | 19.. => Err(InstantError::Shape),
            _ => Ok((second, microseconds * 10_i64.pow(6_u32.saturating_sub(digits)))),
        }
    }

    fn offset(&mut self) -> Result<i64, InstantError> {
        if self.0.is_empty() {
            return Err(InstantError::NoOffset);
        }
        let sign = match self.expect(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ if self.0.is_empty() => return Ok(0),
            _ => return Err(InstantError::Shape),
        };
        let hours = self.number(2)?;
        let colon = self.takes(b":").is_some();
        let minutes = if colon || !self.0.is_empty() { self.number(2)? } else { 0 };
        if !self.0.is_empty() {
            return Err(InstantError::Shape);
        }
        if hours > 23 || minutes > 59 {
            return Err(InstantError::NoSuchDate);
        }
        Ok(sign * (hours * 3600 + minutes * 60))
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar, from the year 1 on (after Howard Hinnant,
/// "chrono-compatible low-level date algorithms").
pub(crate) const fn days_from_civil(year: u32, month: u32, day: u32) -> i64 {
    // Years begin in March, so that a leap day is the last of its year.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let century = year / 100;
    let days = year * 365 + year / 4 - century + century / 4 + (153 * month + 2) / 5 + day;
    days as i64 - 719_469
}

fn days_in_month(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let length = LENGTHS.get(month as usize).copied().unwrap_or_default();
    length + u32::from(leap && month == 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn faults_are_told_apart() {
        let cases = [
            ("2026-03-02T08:00:00", InstantError::NoOffset),
            ("2026-03-02T08:00", InstantError::NoOffset),
            ("2026-02-30T08:00:00Z", InstantError::NoSuchDate),
            ("2026-02-29T08:00:00Z", InstantError::NoSuchDate),
            ("2026-03-02T24:00:00Z", InstantError::NoSuchDate),
            ("2026-03-02T23:59:60Z", InstantError::NoSuchDate),
            ("2026-03-02T08:00:00+24:00", InstantError::NoSuchDate),
            ("+10000-01-01T08:00:00+03:00", InstantError::OutOfRange),
            ("12026-01-01T08:00:00+03:00", InstantError::OutOfRange),
            ("0000-01-01T08:00:00Z", InstantError::OutOfRange),
            ("9999-01-01T08:00:00Z", InstantError::OutOfRange),
            ("", InstantError::Shape),
            ("yarın", InstantError::Shape),
            ("2026-03-02", InstantError::Shape),
            ("2026-03-02T08:00:00.Z", InstantError::Shape),
            ("2026-03-02T08:00:00.0123456789012345678Z", InstantError::Shape),
            ("2026-03-02T08:00:00Z ", InstantError::Shape),
            ("2026-03-02T08:00:00+03:00[Europe/Istanbul]", InstantError::Shape),
            ("2026-03-02T08:00:00+3", InstantError::Shape),
            ("2026-3-2T08:00:00Z", InstantError::Shape),
            ("02.03.2026 08:00", InstantError::Shape),
        ];
        for (text, fault) in cases {
            assert_eq!(Instant::parse(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn decimals_beyond_the_sixth_are_cut() {
        let decimals = "999999999999999999";
        for count in 1..=decimals.len() {
            let text = format!("1969-12-31T23:59:58.{}Z", &decimals[..count]);
            let kept = format!("{:0<6}", &decimals[..count.min(6)]).parse::<i64>().unwrap();
            assert_eq!(Instant::parse(&text).unwrap().as_microseconds(), kept - 2_000_000, "{text}");
        }
    }

    proptest! {
        /// jiff is the other implementation.
        #[test]
        fn equals_jiff(seconds in -62_000_000_000_i64..253_000_000_000, nanos in 0..1_000_000_000_i32, minutes in -1439..=1439_i32) {
            let stamp = jiff::Timestamp::new(seconds, if seconds < 0 { -nanos } else { nanos }).unwrap();
            let offset = jiff::tz::Offset::from_seconds(minutes * 60).unwrap();
            let text = stamp.display_with_offset(offset).to_string();
            // The local year may leave the range although the instant does not.
            if let Ok(ours) = Instant::parse(&text) {
                let exact = i64::try_from(stamp.as_nanosecond().div_euclid(1000)).unwrap();
                prop_assert_eq!(ours.as_microseconds(), exact, "{}", text);
            } else {
                prop_assert!(text.starts_with("9999") || text.starts_with("000"), "{}", text);
            }
        }

        #[test]
        fn never_panics(text in "\\PC*|[0-9:T+Z. -]{0,40}") {
            let _ = Instant::parse(&text);
        }
    }
}
