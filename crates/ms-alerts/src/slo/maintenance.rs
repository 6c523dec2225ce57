//! Hours in which failures are expected.

use std::ops::Range;

use jiff::civil::Weekday;

use super::SloError;

#[derive(Debug, Clone)]
pub(super) struct Maintenance {
    pub(super) day: Weekday,
    pub(super) hours: Range<u8>,
}

impl Maintenance {
    pub(super) fn check(&self) -> Result<(), SloError> {
        let Range { start, end } = self.hours;
        if start < end && end <= 24 { Ok(()) } else { Err(SloError::Maintenance { start, end }) }
    }

    /// An expression that has an answer while it is maintenance, `ago` seconds ago.
    fn at(&self, ago: u64) -> String {
        let moment = if ago == 0 { String::new() } else { format!("vector(time() - {ago})") };
        let Range { start, end } = self.hours;
        let day = self.day.to_sunday_zero_offset();
        format!(
            "(day_of_week({moment}) == {day} and on() hour({moment}) >= {start} and on() hour({moment}) < {end})"
        )
    }
}

/// Takes away what an expression has during maintenance and for as long afterwards as a range of `seconds` sees it.
pub(super) fn mute(all: &[Maintenance], seconds: u64) -> String {
    all.iter()
        .flat_map(|one| [one.at(0), one.at(seconds)])
        .map(|when| format!(" unless on() {when}"))
        .collect()
}
