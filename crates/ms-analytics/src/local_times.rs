//! Times without an offset.

use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

use crate::calendar::UnknownTimeZone;
use crate::instant::{Instant, InstantError};

/// How to read times that have no offset: by the clocks of a place.
///
/// A time that the clocks of the place skipped is always refused; one that they showed twice is, too, unless a policy
/// says which is meant.
///
/// # Examples
///
/// ```
/// use ms_analytics::read::{self, Ambiguous, LocalTimes};
///
/// let roster = "id,employee,department,start,end\n\
///     1,E1,A,2026-10-24T20:00,2026-10-25T02:30\n\
///     2,E1,A,2026-03-29T02:30,2026-03-29T10:00\n";
/// let berlin = LocalTimes::in_time_zone("Europe/Berlin")?;
/// let rows: Vec<_> = read::csv(roster.as_bytes()).local_times(berlin.clone()).collect();
/// assert!(rows.iter().all(Result::is_err)); // shown twice; skipped
///
/// let first = read::csv(roster.as_bytes()).local_times(berlin.ambiguous(Ambiguous::Earlier)).next();
/// assert_eq!(first.unwrap()?.duration_hours(), 6.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct LocalTimes {
    zone: TimeZone,
    ambiguous: Ambiguous,
}

/// Which instant is meant by a local time that occurs twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ambiguous {
    /// Neither: the row is refused.
    #[default]
    Refuse,
    /// The first, before the clocks were set back.
    Earlier,
    /// The second.
    Later,
}

impl LocalTimes {
    /// Reads times by the clocks of an IANA time zone such as `Europe/Istanbul`.
    ///
    /// # Errors
    ///
    /// [`UnknownTimeZone`] if there is none of that name.
    pub fn in_time_zone(name: &str) -> Result<Self, UnknownTimeZone> {
        let zone = TimeZone::get(name).map_err(|_| UnknownTimeZone { name: name.to_owned() })?;
        Ok(Self { zone, ambiguous: Ambiguous::default() })
    }

    /// Says what becomes of a time that occurs twice. Default [`Ambiguous::Refuse`].
    #[must_use]
    pub fn ambiguous(mut self, policy: Ambiguous) -> Self {
        self.ambiguous = policy;
        self
    }

    /// Reads a text that has no offset.
    pub(crate) fn parse(&self, text: &str) -> Result<Instant, InstantError> {
        self.resolve(Instant::parse(&format!("{text}Z"))?.as_microseconds())
    }

    /// Reads a local time, in microseconds since the place's clocks showed the beginning of 1970.
    pub(crate) fn resolve(&self, local: i64) -> Result<Instant, InstantError> {
        let stamp = Timestamp::from_microsecond(local).map_err(|_| InstantError::OutOfRange)?;
        let civil = Offset::UTC.to_datetime(stamp);
        let under =
            |offset: Offset| Ok(Instant::from_microseconds(local - i64::from(offset.seconds()) * 1_000_000));
        match (self.zone.to_ambiguous_timestamp(civil).offset(), self.ambiguous) {
            (AmbiguousOffset::Unambiguous { offset }, _) => under(offset),
            (AmbiguousOffset::Gap { .. }, _) => Err(InstantError::Skipped),
            (AmbiguousOffset::Fold { .. }, Ambiguous::Refuse) => Err(InstantError::Ambiguous),
            (AmbiguousOffset::Fold { before, .. }, Ambiguous::Earlier) => under(before),
            (AmbiguousOffset::Fold { after, .. }, Ambiguous::Later) => under(after),
        }
    }
}
