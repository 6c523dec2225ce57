//! Working-time rules as data, and the shifts that break them.
//!
//! A [`RuleSet`] is a list of rules of a few kinds ([`Check`]); it is read from JSON, so that a hospital's own agreement is
//! a file. Three sets are shipped: [`RuleSet::eu_2003_88`], [`RuleSet::tr_4857`] and [`RuleSet::tr_657`]. They are help for
//! planners, not legal advice: each rule names its article, each set the day on which it was read.
//!
//! [`RuleAnalytics`] collects shifts and gives a [`RuleReport`]: how often each rule was broken, by whom, and which
//! shifts break it.
//!
//! ```
//! use ms_analytics::Shift;
//! use ms_analytics::rules::{RuleAnalytics, RuleSet};
//!
//! let mut analytics = RuleAnalytics::new(RuleSet::eu_2003_88());
//! let shift = |id, start, end| Shift::new(id, "Ayşe", "Acil", start, end, None);
//! analytics.add(&shift("1", "2026-03-02T08:00:00+03:00", "2026-03-02T20:00:00+03:00")?);
//! analytics.add(&shift("2", "2026-03-03T05:00:00+03:00", "2026-03-03T13:00:00+03:00")?);
//! let report = analytics.finish();
//! assert_eq!(
//!     report.explain().collect::<Vec<_>>(),
//!     ["Ayşe: daily-rest (Art. 3): 9 hours from 2026-03-02T20:00:00+03:00 to 2026-03-03T05:00:00+03:00, \
//!       at least 11 are due; shifts 1, 2"]
//! );
//! # Ok::<(), ms_analytics::FieldFault>(())
//! ```

mod analytics;
mod check;
mod duty;
mod report;
mod set;

pub use self::analytics::RuleAnalytics;
pub use self::report::{RuleReport, RuleResult, Unit, Violation};
pub use self::set::{
    Break, Check, Compensation, Night, Rule, RuleSet, RuleSetError, RunOf, ShiftKind, Weekend, Window,
};
