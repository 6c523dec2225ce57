//! One shift, checked.

use std::time::Duration;

use crate::instant::{Instant, InstantError};
use crate::local_times::LocalTimes;
use crate::sum::ratio;

/// The longest shift that is believed unless the reader is told otherwise: 48 hours. Longer ones are slips of a day,
/// a year or a century.
pub const LONGEST_SHIFT: Duration = Duration::from_secs(48 * 3600);

/// What [`RosterReader::longest_shift`](crate::read::RosterReader::longest_shift) may allow at most: 100 days.
pub(crate) const LONGEST_LIMIT: Duration = Duration::from_secs(100 * 24 * 3600);

const LONGEST_TEXT: usize = 1024;
pub(crate) const HOUR: u64 = 3_600_000_000;
/// Rosters round hours to six decimals. The rest is room for what binary numbers make of those: 8 and 7.999999 differ
/// by a little more than a millionth, two numbers below 2,400 (100 days) by half of that rest more at most.
const DURATION_TOLERANCE: f64 = 1e-6 + 1e-12;

/// A shift of one employee in one department: the half-open interval from `start` to `end`.
///
/// Every `Shift` is valid: texts are not empty, hold no control character and have 1,024 bytes at most; the interval
/// is not empty and no longer than [`LONGEST_SHIFT`] or what its reader allows; the duration agrees with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Shift {
    id: Box<str>,
    employee: Box<str>,
    department: Box<str>,
    role: Box<str>,
    start: Instant,
    end: Instant,
    start_text: Box<str>,
    end_text: Box<str>,
    duration: f64,
}

/// A [`Shift`] that borrows its texts, as a reader hands it out: nothing is copied.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShiftRef<'a> {
    id: &'a str,
    employee: &'a str,
    department: &'a str,
    /// Empty if there is none.
    role: &'a str,
    start: Instant,
    end: Instant,
    start_text: &'a str,
    end_text: &'a str,
    duration: f64,
}

/// What is wrong with a field of a shift.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
#[non_exhaustive]
pub struct FieldFault {
    /// The field: `id`, `employee`, `department`, `start`, `end`, `duration` or `role`.
    pub field: &'static str,
    /// What is wrong, without the value itself.
    pub reason: String,
}

impl FieldFault {
    pub(crate) fn new(field: &'static str, reason: impl Into<String>) -> Self {
        Self { field, reason: reason.into() }
    }
}

impl Shift {
    /// Checks the fields of a shift and keeps them as given. Without `duration` it is the time elapsed.
    ///
    /// # Errors
    ///
    /// [`FieldFault`] names the first field that is wrong, in the order of the parameters.
    ///
    /// # Examples
    ///
    /// ```
    /// use ms_analytics::Shift;
    ///
    /// let (start, end) = ("2026-03-02T22:00:00+03:00", "2026-03-03T08:00:00+03:00");
    /// let shift = Shift::new("17", "E1", "Acil Servis", start, end, None)?;
    /// assert_eq!(shift.duration_hours(), 10.0);
    ///
    /// let fault = Shift::new("17", "E1", "Acil Servis", end, start, None).unwrap_err();
    /// assert_eq!(fault.field, "end");
    /// # Ok::<(), ms_analytics::FieldFault>(())
    /// ```
    pub fn new(
        id: &str,
        employee: &str,
        department: &str,
        start: &str,
        end: &str,
        duration: Option<f64>,
    ) -> Result<Self, FieldFault> {
        ShiftRef::new(id, employee, department, start, end, duration).map(ShiftRef::to_shift)
    }

    /// Says as what the employee works; an empty text says nothing.
    ///
    /// # Errors
    ///
    /// [`FieldFault`] if it is blank, too long or holds a control character.
    pub fn with_role(mut self, role: &str) -> Result<Self, FieldFault> {
        self.role = self.as_shift_ref().with_role(role)?.role.into();
        Ok(self)
    }

    /// Borrows the shift.
    pub fn as_shift_ref(&self) -> ShiftRef<'_> {
        ShiftRef {
            id: &self.id,
            employee: &self.employee,
            department: &self.department,
            role: &self.role,
            start: self.start,
            end: self.end,
            start_text: &self.start_text,
            end_text: &self.end_text,
            duration: self.duration,
        }
    }

    /// Returns the roster's own name of the shift.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns who works.
    pub fn employee(&self) -> &str {
        &self.employee
    }

    /// Returns where.
    pub fn department(&self) -> &str {
        &self.department
    }

    /// Returns as what, if the roster says so.
    pub fn role(&self) -> Option<&str> {
        Some(&*self.role).filter(|role| !role.is_empty())
    }

    /// Returns the beginning, which belongs to the shift.
    pub fn start(&self) -> Instant {
        self.start
    }

    /// Returns the end, which no longer belongs to it.
    pub fn end(&self) -> Instant {
        self.end
    }

    /// Returns the beginning as it was given.
    pub fn start_text(&self) -> &str {
        &self.start_text
    }

    /// Returns the end as it was given.
    pub fn end_text(&self) -> &str {
        &self.end_text
    }

    /// Returns the hours as given, or those elapsed.
    pub fn duration_hours(&self) -> f64 {
        self.duration
    }
}

impl<'a> ShiftRef<'a> {
    /// Checks the fields of a shift, as [`Shift::new`] does.
    ///
    /// # Errors
    ///
    /// [`FieldFault`] names the first field that is wrong, in the order of the parameters.
    pub fn new(
        id: &'a str,
        employee: &'a str,
        department: &'a str,
        start: &'a str,
        end: &'a str,
        duration: Option<f64>,
    ) -> Result<Self, FieldFault> {
        let given = duration.map_or(Given::Nothing, Given::Hours);
        let texts = [id, employee, department, start, end];
        let may_hold_control = texts.iter().any(|text| may_hold_control(text.as_bytes()));
        Self::check(texts, may_hold_control, given, &Limits::default())
    }

    /// Checks id, employee, department, start and end, then the duration. Without a suspicion from
    /// [`may_hold_control`] names are not searched for control characters.
    pub(crate) fn check(
        texts: [&'a str; 5],
        may_hold_control: bool,
        given: Given,
        limits: &Limits,
    ) -> Result<Self, FieldFault> {
        let [.., start, end] = texts;
        let times = || Ok((instant("start", start, limits)?, instant("end", end, limits)?));
        Self::check_at(texts, may_hold_control, times, given, limits)
    }

    /// As [`ShiftRef::check`], with the instants that the last two texts stand for.
    pub(crate) fn check_at(
        texts: [&'a str; 5],
        may_hold_control: bool,
        times: impl FnOnce() -> Result<(Instant, Instant), FieldFault>,
        given: Given,
        limits: &Limits,
    ) -> Result<Self, FieldFault> {
        let [id, employee, department, start_text, end_text] = texts;
        check_text("id", id, may_hold_control)?;
        check_text("employee", employee, may_hold_control)?;
        check_text("department", department, may_hold_control)?;
        let (start, end) = times()?;
        let duration = check_duration(start, end, given, limits.longest)?;
        Ok(Self { id, employee, department, role: "", start, end, start_text, end_text, duration })
    }

    /// Says as what the employee works, as [`Shift::with_role`] does.
    ///
    /// # Errors
    ///
    /// [`FieldFault`] if it is blank, too long or holds a control character.
    pub fn with_role<'r>(self, role: &'r str) -> Result<ShiftRef<'r>, FieldFault>
    where
        'a: 'r,
    {
        if !role.is_empty() {
            check_text("role", role, may_hold_control(role.as_bytes()))?;
        }
        Ok(ShiftRef { role, ..self })
    }

    /// Copies the texts.
    pub fn to_shift(self) -> Shift {
        Shift {
            id: self.id.into(),
            employee: self.employee.into(),
            department: self.department.into(),
            role: self.role.into(),
            start: self.start,
            end: self.end,
            start_text: self.start_text.into(),
            end_text: self.end_text.into(),
            duration: self.duration,
        }
    }

    /// Returns the roster's own name of the shift.
    pub fn id(&self) -> &'a str {
        self.id
    }

    /// Returns who works.
    pub fn employee(&self) -> &'a str {
        self.employee
    }

    /// Returns where.
    pub fn department(&self) -> &'a str {
        self.department
    }

    /// Returns as what, if the roster says so.
    pub fn role(&self) -> Option<&'a str> {
        Some(self.role).filter(|role| !role.is_empty())
    }

    /// Returns the beginning, which belongs to the shift.
    pub fn start(&self) -> Instant {
        self.start
    }

    /// Returns the end, which no longer belongs to it.
    pub fn end(&self) -> Instant {
        self.end
    }

    /// Returns the beginning as it was given.
    pub fn start_text(&self) -> &'a str {
        self.start_text
    }

    /// Returns the end as it was given.
    pub fn end_text(&self) -> &'a str {
        self.end_text
    }

    /// Returns the hours as given, or those elapsed.
    pub fn duration_hours(&self) -> f64 {
        self.duration
    }
}

impl<'a> From<&'a Shift> for ShiftRef<'a> {
    fn from(shift: &'a Shift) -> Self {
        shift.as_shift_ref()
    }
}

/// What a reader believes.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) longest: Duration,
    /// For times without an offset; without it they are refused.
    pub(crate) local_times: Option<LocalTimes>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { longest: LONGEST_SHIFT, local_times: None }
    }
}

/// A duration as the row has it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Given {
    Nothing,
    Hours(f64),
    /// Why it is none.
    Wrong(&'static str),
}

/// Looks for bytes that control characters begin with; other characters may, too.
pub(crate) fn may_hold_control(text: &[u8]) -> bool {
    const BYTES: u64 = 0x0101_0101_0101_0101;
    const HIGH_BITS: u64 = BYTES << 7;
    // Some high bit is set if a byte of the word is zero.
    let zero = |word: u64| word.wrapping_sub(BYTES) & !word;
    let (words, rest) = text.as_chunks::<8>();
    let found = words.iter().fold(0, |found, word| {
        let word = u64::from_le_bytes(*word);
        let below_space = !(((word | HIGH_BITS) - (BYTES << 5)) | word);
        // 0xC2 leads the control characters U+0080 to U+009F, and harmless ones.
        found | below_space | zero(word ^ (BYTES * 0x7f)) | zero(word ^ (BYTES * 0xc2))
    });
    found & HIGH_BITS != 0 || rest.iter().any(|byte| matches!(byte, 0..b' ' | 0x7f | 0xc2))
}

fn check_text(field: &'static str, text: &str, may_hold_control: bool) -> Result<(), FieldFault> {
    let fault = |reason| Err(FieldFault::new(field, reason));
    if text.len() > LONGEST_TEXT {
        return fault("longer than 1,024 bytes");
    }
    if may_hold_control && text.chars().any(char::is_control) {
        return fault("holds a control character");
    }
    if text.bytes().next().is_none_or(|first| first == b' ' || first >= 0x80) && text.trim().is_empty() {
        return fault("empty");
    }
    Ok(())
}

pub(crate) fn instant(field: &'static str, text: &str, limits: &Limits) -> Result<Instant, FieldFault> {
    if text.is_empty() {
        return Err(FieldFault::new(field, "empty"));
    }
    let instant = match (Instant::parse(text), &limits.local_times) {
        (Err(InstantError::NoOffset), Some(local_times)) => local_times.parse(text),
        (instant, _) => instant,
    };
    instant.map_err(|fault| FieldFault::new(field, fault.to_string()))
}

fn check_duration(start: Instant, end: Instant, given: Given, longest: Duration) -> Result<f64, FieldFault> {
    let fault = |reason: String| Err(FieldFault::new("duration", reason));
    if end < start {
        return Err(FieldFault::new("end", "before start"));
    }
    if end == start {
        return Err(FieldFault::new("end", "same as start: an empty interval"));
    }
    let elapsed = end.as_microseconds().abs_diff(start.as_microseconds());
    if u128::from(elapsed) > longest.as_micros() {
        return fault(format!("longer than {} h", longest.as_secs() / 3600));
    }
    let elapsed = ratio(u128::from(elapsed), u128::from(HOUR));
    match given {
        Given::Nothing => Ok(elapsed),
        Given::Wrong(reason) => fault(reason.to_owned()),
        Given::Hours(hours) if !hours.is_finite() => fault("not finite".to_owned()),
        Given::Hours(hours) if hours < 0.0 => fault("negative".to_owned()),
        Given::Hours(hours) if (hours - elapsed).abs() > DURATION_TOLERANCE => {
            fault(format!("differs from end minus start, {elapsed} h"))
        }
        Given::Hours(hours) => Ok(hours),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str = "2026-03-02T08:00:00+03:00";
    const END: &str = "2026-03-02T16:30:00+03:00";

    fn fault(
        id: &str,
        employee: &str,
        department: &str,
        start: &str,
        end: &str,
        hours: Option<f64>,
    ) -> &'static str {
        Shift::new(id, employee, department, start, end, hours).unwrap_err().field
    }

    #[test]
    fn each_field_is_checked() {
        assert_eq!(fault("", "E", "D", START, END, None), "id");
        assert_eq!(fault("1", " \u{a0}", "D", START, END, None), "employee");
        assert_eq!(fault("1", "E\u{0}", "D", START, END, None), "employee");
        assert_eq!(fault("1", "E", &"x".repeat(1025), START, END, None), "department");
        assert_eq!(fault("1", "E", "D", "", END, None), "start");
        assert_eq!(fault("1", "E", "D", START, "2026-03-02T16:30:00", None), "end");
        assert_eq!(fault("1", "E", "D", END, START, None), "end");
        assert_eq!(fault("1", "E", "D", START, START, None), "end");
        for hours in [8.0, f64::NAN, f64::INFINITY, -8.5, 8.500_002] {
            assert_eq!(fault("1", "E", "D", START, END, Some(hours)), "duration", "{hours}");
        }
        assert_eq!(fault("1", "E", "D", "1986-03-02T08:00:00Z", "2026-03-02T08:00:00Z", None), "duration");
    }

    #[test]
    fn a_duration_that_agrees_is_kept_as_given() {
        let shift = Shift::new("1", "E", "D", START, END, Some(8.500_000_4)).unwrap();
        assert_eq!(shift.duration_hours(), 8.500_000_4);
        assert_eq!(Shift::new("1", "E", "D", START, END, None).unwrap().duration_hours(), 8.5);
        assert_eq!(shift.start_text(), START);
    }

    #[test]
    fn a_millionth_of_an_hour_more_or_less_agrees() {
        // Steps of three minutes, whose hours have two decimals.
        for step in 1..=960_i64 {
            let (day, hour, minute) = (2 + step / 480, step / 20 % 24, step % 20 * 3);
            let end = format!("2026-03-{day:02}T{hour:02}:{minute:02}Z");
            let agrees = |off: i64| {
                let hours = step * 5_000_000 + off;
                let hours = format!("{}.{:08}", hours / 100_000_000, hours % 100_000_000).parse().unwrap();
                Shift::new("1", "E", "D", "2026-03-02T00:00Z", &end, Some(hours)).is_ok()
            };
            assert!(agrees(100) && agrees(-100), "{end}");
            assert!(!agrees(101) && !agrees(-101), "{end}");
        }
    }

    #[test]
    fn two_days_are_believed_and_no_more() {
        let new = |end| Shift::new("1", "E", "D", "2026-03-02T08:00:00Z", end, None);
        assert_eq!(new("2026-03-04T08:00:00Z").unwrap().duration_hours(), 48.0);
        assert_eq!(new("2026-03-04T08:00:00.000001Z").unwrap_err().field, "duration");
    }

    #[test]
    fn every_byte_of_a_control_character_is_seen() {
        for byte in 0..=u8::MAX {
            for place in 0..20 {
                let mut text = [b'a'; 20];
                text[place] = byte;
                let begins = matches!(byte, 0..0x20 | 0x7f | 0xc2);
                assert_eq!(may_hold_control(&text), begins, "{byte:x} {place}");
            }
        }
    }

    #[test]
    fn odd_names_are_names() {
        for name in ["\u{a0}x", "É", " E", "x\u{2028}", "=1+1", "ışıl"] {
            assert_eq!(Shift::new("1", name, "D", START, END, None).unwrap().employee(), name);
        }
        for name in [" \u{a0}", "\u{3000}", "a\u{85}b", "\t", "\u{7f}"] {
            assert_eq!(fault("1", name, "D", START, END, None), "employee", "{name:?}");
        }
    }

    #[test]
    fn the_clock_change_counts_as_elapsed() {
        let night = Shift::new("1", "E", "D", "2015-03-28T20:00:00+02:00", "2015-03-29T08:00:00+03:00", None);
        assert_eq!(night.unwrap().duration_hours(), 11.0);
    }
}
