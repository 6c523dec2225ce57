//! Shift rosters and response times into reports: exact, streaming, mergeable.
//!
//! - [`read`] turns CSV and JSON Lines into [`Shift`]s and says, line and column, what it refused.
//! - [`ShiftAnalytics`] turns shifts into a [`ShiftReport`]: shifts by department, mean duration, conflicts, rest,
//!   weekly hours, night work. Parts of a roster can be added anywhere and merged.
//! - [`rules`] checks working-time rules, [`load`] tells who carries how much, [`timetable`] names conflicting shifts and
//!   thin staffing.
//! - [`PerformanceAnalytics`] gives mean and percentiles exactly as numpy does; [`StreamingResponseTimes`] gives them
//!   for a running service in bounded memory, [`hdr::Histogram`] for logs that other tools read.
//!
//! ```
//! use ms_analytics::{ShiftAnalytics, read};
//!
//! let roster = "id,employee,department,start,end\n\
//!     1,E1,Acil Servis,2026-03-02T08:00:00+03:00,2026-03-02T16:00:00+03:00\n\
//!     2,E1,Acil Servis,2026-03-02T12:00:00+03:00,2026-03-02T20:00:00+03:00\n";
//! let mut analytics = ShiftAnalytics::default();
//! for shift in read::csv(roster.as_bytes()) {
//!     analytics.add(&shift?);
//! }
//! let report = analytics.finish();
//! assert_eq!(report.total_shifts, 2);
//! assert_eq!(report.common_conflicts.total_pairs, 1);
//! # Ok::<(), ms_analytics::read::ReadError>(())
//! ```
#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests assert by panicking"
    )
)]

mod calendar;
#[cfg(feature = "chart")]
pub mod chart;
mod compare;
pub mod export;
pub mod hdr;
mod instant;
pub mod load;
mod local_times;
mod nearest;
mod patterns;
mod percentiles;
pub mod read;
mod report;
mod response_times;
pub mod rules;
mod shift;
mod streaming;
mod sum;
pub mod timetable;

pub use crate::calendar::UnknownTimeZone;
pub use crate::compare::{Comparison, Period, QuantileChange};
pub use crate::instant::{Instant, InstantError};
pub use crate::patterns::ShiftAnalytics;
pub use crate::percentiles::PercentileMethod;
pub use crate::report::{Conflicts, EmployeeWeek, OverLimit, RestReport, ShiftReport, WeeklyHours};
pub use crate::response_times::{Distribution, PerformanceAnalytics, ResponseTimes, ResponseTimesError};
pub use crate::shift::{FieldFault, LONGEST_SHIFT, Shift, ShiftRef};
pub use crate::streaming::StreamingResponseTimes;

/// Runs the examples of the guide.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/analytics.md")]
struct GuideIsTested;
