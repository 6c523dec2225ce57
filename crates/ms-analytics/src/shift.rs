//! One shift, checked.

use std::time::Duration;

use crate::instant::Instant;

/// The longest shift that is believed: a week. Longer ones are slips of a year or a century.
pub const LONGEST_SHIFT: Duration = Duration::from_secs(7 * 24 * 3600);

const LONGEST_TEXT: usize = 1024;
const HOUR: f64 = 3_600_000_000.0;
/// Rosters round hours to six decimals.
const DURATION_TOLERANCE: f64 = 1e-6;

/// A shift of one employee in one department: the half-open interval from `start` to `end`.
///
/// Every `Shift` is valid: texts are not empty, hold no control character and have 1,024 bytes at most; the interval
/// is not empty and no longer than [`LONGEST_SHIFT`]; the duration agrees with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Shift {
    id: Box<str>,
    employee: Box<str>,
    department: Box<str>,
    start: Moment,
    end: Moment,
    duration: f64,
}

/// An instant and the text it was read from.
#[derive(Clone, Debug, PartialEq)]
struct Moment {
    instant: Instant,
    text: Box<str>,
}

/// What is wrong with a field of a shift.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
#[non_exhaustive]
pub struct FieldFault {
    /// The field: `id`, `employee`, `department`, `start`, `end` or `duration`.
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
        check_text("id", id)?;
        check_text("employee", employee)?;
        check_text("department", department)?;
        let start = moment("start", start)?;
        let end = moment("end", end)?;
        let duration = check_duration(start.instant, end.instant, duration)?;
        Ok(Self {
            id: id.into(),
            employee: employee.into(),
            department: department.into(),
            start,
            end,
            duration,
        })
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

    /// Returns the beginning, which belongs to the shift.
    pub fn start(&self) -> Instant {
        self.start.instant
    }

    /// Returns the end, which no longer belongs to it.
    pub fn end(&self) -> Instant {
        self.end.instant
    }

    /// Returns the beginning as it was given.
    pub fn start_text(&self) -> &str {
        &self.start.text
    }

    /// Returns the end as it was given.
    pub fn end_text(&self) -> &str {
        &self.end.text
    }

    /// Returns the hours as given, or those elapsed.
    pub fn duration_hours(&self) -> f64 {
        self.duration
    }
}

fn check_text(field: &'static str, text: &str) -> Result<(), FieldFault> {
    if text.trim().is_empty() {
        Err(FieldFault::new(field, "empty"))
    } else if text.len() > LONGEST_TEXT {
        Err(FieldFault::new(field, format!("longer than {LONGEST_TEXT} bytes")))
    } else if text.chars().any(char::is_control) {
        Err(FieldFault::new(field, "holds a control character"))
    } else {
        Ok(())
    }
}

fn moment(field: &'static str, text: &str) -> Result<Moment, FieldFault> {
    if text.is_empty() {
        return Err(FieldFault::new(field, "empty"));
    }
    match Instant::parse(text) {
        Ok(instant) => Ok(Moment { instant, text: text.into() }),
        Err(fault) => Err(FieldFault::new(field, fault.to_string())),
    }
}

fn check_duration(start: Instant, end: Instant, given: Option<f64>) -> Result<f64, FieldFault> {
    if end < start {
        return Err(FieldFault::new("end", "before start"));
    }
    if end == start {
        return Err(FieldFault::new("end", "same as start: an empty interval"));
    }
    let elapsed = end.as_microseconds() - start.as_microseconds();
    if u128::from(elapsed.unsigned_abs()) > LONGEST_SHIFT.as_micros() {
        return Err(FieldFault::new("duration", "longer than a week (168 h)"));
    }
    // Exact: a week has far fewer than 2^53 microseconds.
    let elapsed = elapsed as f64 / HOUR;
    match given {
        None => Ok(elapsed),
        Some(given) if !given.is_finite() => Err(FieldFault::new("duration", "not finite")),
        Some(given) if (given - elapsed).abs() > DURATION_TOLERANCE => {
            Err(FieldFault::new("duration", format!("differs from end minus start, {elapsed} h")))
        }
        Some(given) => Ok(given),
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
    fn the_clock_change_counts_as_elapsed() {
        let night = Shift::new("1", "E", "D", "2015-03-28T20:00:00+02:00", "2015-03-29T08:00:00+03:00", None);
        assert_eq!(night.unwrap().duration_hours(), 11.0);
    }
}
