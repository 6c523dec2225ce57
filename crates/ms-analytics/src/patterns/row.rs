//! What the analyses need of a shift, in 16 bytes.

use crate::instant::Instant;
use crate::shift::ShiftRef;

const DEPARTMENT_BITS: u32 = 26;
const LENGTH_BITS: u32 = 43;
/// Puts the year 1 above 0; the year 9998 then takes 59 bits.
const BIAS: i64 = 1 << 57;

/// Start, length in microseconds and department, from the highest bit down: rows compare by start, then end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row(u128);

impl Row {
    /// A department beyond 67 million would not fit; their names alone would fill the memory of most machines.
    pub(super) fn new(shift: &ShiftRef<'_>, department: u32) -> Self {
        let start = shift.start().as_microseconds().wrapping_add(BIAS).cast_unsigned();
        let length = shift.end().as_microseconds().abs_diff(shift.start().as_microseconds());
        let department = department.min((1 << DEPARTMENT_BITS) - 1);
        Self(
            u128::from(start) << (LENGTH_BITS + DEPARTMENT_BITS)
                | u128::from(length) << DEPARTMENT_BITS
                | u128::from(department),
        )
    }

    pub(super) fn start(self) -> i64 {
        let start = (self.0 >> (LENGTH_BITS + DEPARTMENT_BITS)) as u64;
        start.cast_signed().wrapping_sub(BIAS)
    }

    pub(super) fn length(self) -> i64 {
        let length = (self.0 >> DEPARTMENT_BITS) as u64 & ((1 << LENGTH_BITS) - 1);
        length.cast_signed()
    }

    pub(super) fn end(self) -> i64 {
        self.start() + self.length()
    }

    pub(super) fn department(self) -> u32 {
        self.0 as u32 & ((1 << DEPARTMENT_BITS) - 1)
    }

    pub(super) fn in_department(self, department: u32) -> Self {
        Self(self.0 & !((1 << DEPARTMENT_BITS) - 1) | u128::from(department.min((1 << DEPARTMENT_BITS) - 1)))
    }

    pub(super) fn interval(self) -> (Instant, Instant) {
        (Instant::from_microseconds(self.start()), Instant::from_microseconds(self.end()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_last_year_fit() {
        for (start, end) in [
            ("0001-01-01T00:00:00+23:59", "0001-01-02T23:59:59.999999+23:59"),
            ("9998-12-31T00:00:00-23:59", "9998-12-31T23:59:59.999999-23:59"),
        ] {
            let shift = ShiftRef::new("1", "E", "D", start, end, None).unwrap();
            let row = Row::new(&shift, 7).in_department(9);
            assert_eq!(row.interval(), (shift.start(), shift.end()));
            assert_eq!(row.department(), 9);
        }
    }
}
