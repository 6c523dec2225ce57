//! Who carries how much of a roster: hours, nights, weekends and holidays, by person, place and time.
//!
//! ```
//! use ms_analytics::Shift;
//! use ms_analytics::load::LoadAnalytics;
//!
//! let mut analytics = LoadAnalytics::default();
//! let shift = |id, who, start, end| Shift::new(id, who, "Acil", start, end, None);
//! analytics.add(&shift("1", "Ayşe", "2026-03-07T20:00:00+03:00", "2026-03-08T08:00:00+03:00")?);
//! analytics.add(&shift("2", "Can", "2026-03-09T08:00:00+03:00", "2026-03-09T20:00:00+03:00")?);
//! let report = analytics.finish();
//! assert_eq!(report.by_employee["Ayşe"].weekend_shifts, 1);
//! assert_eq!(report.fairness.hours.gini, Some(0.0)); // twelve hours each
//! assert_eq!(report.fairness.nights.gini, Some(0.5)); // all nights are Ayşe's
//! # Ok::<(), ms_analytics::FieldFault>(())
//! ```

mod analytics;
mod durations;
mod fairness;
mod holidays;
mod report;

pub use self::analytics::LoadAnalytics;
pub use self::fairness::Spread;
pub use self::holidays::{Holidays, HolidaysError};
pub use self::report::{Durations, Fairness, Load, LoadReport};
