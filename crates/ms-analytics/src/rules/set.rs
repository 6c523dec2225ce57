//! Rules as they are written down.

use serde::{Deserialize, Serialize};

/// Rules that belong together, with what they mean by night and by work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RuleSet {
    /// What the set is called.
    pub name: String,
    /// The day on which the sources were read, as `2026-11-25`.
    #[serde(default)]
    pub read_on: String,
    /// What a reader should know before relying on it.
    #[serde(default)]
    pub note: String,
    /// What a night shift is. Default: more than half of it between 20:00 and 06:00.
    #[serde(default)]
    pub night: Night,
    /// Breaks that are not paid and no working time; of those that apply to a shift the longest is taken off.
    #[serde(default)]
    pub unpaid_breaks: Vec<Break>,
    /// The rules.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Rule {
    /// A short name, once in the set.
    pub id: String,
    /// Where it is written.
    #[serde(default)]
    pub article: String,
    /// What it says, for people.
    #[serde(default)]
    pub text: String,
    /// What is checked.
    pub check: Check,
}

/// What a rule checks. Hours are working time, breaks taken off; time under two shifts at once counts once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Check {
    /// Between the latest end so far and the next start lie at least so many hours. An overlap is a conflict instead.
    Rest {
        /// Hours that are due.
        min_hours: f64,
        /// Only after shifts of this kind.
        #[serde(default)]
        after: ShiftKind,
        /// What makes a shorter rest good.
        #[serde(default)]
        compensation: Option<Compensation>,
    },
    /// No shift starts on the local day on which one of this kind ended.
    FreeDayAfter {
        /// The kind.
        after: ShiftKind,
    },
    /// Each week in which somebody works holds an unbroken rest of so many hours: one that begins in it, or a part of
    /// one that long.
    WeeklyRest {
        /// Hours that are due.
        min_hours: f64,
    },
    /// Working time within a window is at most this.
    Hours {
        /// The limit.
        max_hours: f64,
        /// The window.
        window: Window,
        /// Only shifts of this kind.
        #[serde(default)]
        of: ShiftKind,
    },
    /// Shifts that start within a window are at most this many.
    Count {
        /// The limit.
        max: u32,
        /// The window.
        window: Window,
        /// Only shifts of this kind.
        #[serde(default)]
        of: ShiftKind,
    },
    /// One shift is at most this long.
    ShiftLength {
        /// The limit.
        max_hours: f64,
        /// Only shifts of this kind.
        #[serde(default)]
        of: ShiftKind,
    },
    /// Somebody's shifts are at most this long on average over the roster.
    MeanShiftLength {
        /// The limit.
        max_hours: f64,
        /// Only shifts of this kind.
        #[serde(default)]
        of: ShiftKind,
    },
    /// Days in a row are at least and at most this many. A row that touches either end of the roster is not too short.
    Run {
        /// What makes a day count.
        of: RunOf,
        /// The fewest in a row.
        #[serde(default)]
        min: Option<u32>,
        /// The most in a row.
        #[serde(default)]
        max: Option<u32>,
    },
    /// What is asked of weekends.
    Weekend(Weekend),
}

/// Which shifts a rule is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ShiftKind {
    /// All.
    #[default]
    Any,
    /// Those that are a night shift in the sense of the set.
    Night,
    /// Those that are not.
    Day,
}

/// Over what is summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Window {
    /// A local calendar day; a shift belongs to that on which it starts.
    Day,
    /// An ISO week of local time; shifts are cut at Monday 00:00, and counted where they start.
    Week,
    /// A calendar month of local time; shifts are cut at midnight, and counted where they start.
    Month,
    /// Any so many times 24 hours. Those that overlap one already found are passed over.
    RollingDays(u32),
    /// Weekly mean over any so many ISO weeks in a row, or over the whole roster if that has fewer. Those that overlap
    /// one already found are passed over.
    AverageWeeks(u32),
}

/// What days in a row are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunOf {
    /// Days on which a shift starts.
    WorkDays,
    /// Days on which none starts, between the first and the last day of the roster.
    FreeDays,
    /// Days on which a night shift starts.
    Nights,
}

/// What is asked of Saturdays and Sundays that both lie in the roster. What is not asked is `false`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Weekend {
    /// Both days are worked, or neither.
    pub complete: bool,
    /// If both are, the shifts start at the same times of day.
    pub identical: bool,
    /// No night shift starts on the Friday before a free one.
    pub no_night_before_free: bool,
}

/// When a rest that is too short is made good.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Compensation {
    /// A rest shorter than this is not.
    pub not_under_hours: f64,
    /// A rest that begins within so many days of it is longer than is due by at least what was missing. Each makes one
    /// good.
    pub within_days: u32,
}

/// What a night shift is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Night {
    /// When night begins, local time, as `20:00`.
    pub from: String,
    /// When it ends; the next day if that is not later than `from`.
    pub until: String,
    /// A shift with so many hours of night is one. Without it: one of which more than half is night.
    #[serde(default)]
    pub at_least_hours: Option<f64>,
}

/// A break that is no working time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Break {
    /// Of shifts longer than this.
    pub longer_than_hours: f64,
    /// So long.
    pub minutes: u32,
}

/// Why a text is no set of rules.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuleSetError {
    /// It is not JSON, or lacks something, or has something unknown.
    #[error("not a set of rules")]
    Json(#[from] serde_json::Error),
    /// A value makes no sense.
    #[error("rule `{rule}`: {reason}")]
    Value {
        /// The rule's id, or the part of the set.
        rule: String,
        /// What is wrong.
        reason: &'static str,
    },
}

impl Default for Night {
    fn default() -> Self {
        Self { from: "20:00".to_owned(), until: "06:00".to_owned(), at_least_hours: None }
    }
}

impl Night {
    /// Begin and end in minutes after midnight, the end up to a day later; `None` if either is no time of day.
    pub(crate) fn minutes(&self) -> Option<(i64, i64)> {
        let (from, until) = (minute_of_day(&self.from)?, minute_of_day(&self.until)?);
        Some((from, if until <= from { until + 24 * 60 } else { until }))
    }
}

fn minute_of_day(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str| (text.len() == 2).then(|| text.parse::<u8>().ok())?.map(i64::from);
    let (hour, minute) = (number(hour)?, number(minute)?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

impl RuleSet {
    /// Directive 2003/88/EC: daily rest, weekly rest, 48 hours on average, length of night work.
    pub fn eu_2003_88() -> Self {
        Self::shipped(include_str!("eu-2003-88.json"))
    }

    /// The Turkish labour law 4857: week, day, night work, weekly day off, with its unpaid breaks.
    pub fn tr_4857() -> Self {
        Self::shipped(include_str!("tr-4857.json"))
    }

    /// Turkish public hospitals, civil servants under law 657: week, the day after a night duty, monthly duties.
    pub fn tr_657() -> Self {
        Self::shipped(include_str!("tr-657.json"))
    }

    /// Finds a shipped set by the name that the tool takes: `eu-2003-88`, `tr-4857` or `tr-657`.
    pub fn preset(name: &str) -> Option<Self> {
        match name {
            "eu-2003-88" => Some(Self::eu_2003_88()),
            "tr-4857" => Some(Self::tr_4857()),
            "tr-657" => Some(Self::tr_657()),
            _ => None,
        }
    }

    /// Reads a set of rules from JSON and checks it.
    ///
    /// # Errors
    ///
    /// [`RuleSetError`] says what is wrong; unknown keys are refused.
    ///
    /// # Examples
    ///
    /// ```
    /// use ms_analytics::rules::RuleSet;
    ///
    /// let ours = r#"{
    ///     "name": "Ward 7",
    ///     "unpaid_breaks": [{ "longer_than_hours": 6, "minutes": 30 }],
    ///     "rules": [
    ///         { "id": "rest", "check": { "rest": { "min_hours": 12 } } },
    ///         { "id": "nights", "check": { "run": { "of": "nights", "max": 4 } } },
    ///         { "id": "month", "check": { "count": { "max": 8, "of": "night", "window": "month" } } },
    ///         { "id": "week", "check": { "hours": { "max_hours": 60, "window": { "rolling_days": 7 } } } },
    ///         { "id": "weekends", "check": { "weekend": { "complete": true } } }
    ///     ]
    /// }"#;
    /// assert_eq!(RuleSet::from_json(ours)?.rules.len(), 5);
    /// # Ok::<(), ms_analytics::rules::RuleSetError>(())
    /// ```
    pub fn from_json(text: &str) -> Result<Self, RuleSetError> {
        let set: Self = serde_json::from_str(text)?;
        set.check()?;
        Ok(set)
    }

    fn shipped(text: &str) -> Self {
        // The unit tests read all three; an empty set would be seen at once.
        Self::from_json(text).unwrap_or_else(|_| Self {
            name: String::new(),
            read_on: String::new(),
            note: String::new(),
            night: Night::default(),
            unpaid_breaks: Vec::new(),
            rules: Vec::new(),
        })
    }

    fn check(&self) -> Result<(), RuleSetError> {
        let wrong = |rule: &str, reason| Err(RuleSetError::Value { rule: rule.to_owned(), reason });
        if self.night.minutes().is_none() {
            return wrong("night", "from and until are times of day such as 20:00");
        }
        for (at, rule) in self.rules.iter().enumerate() {
            if self.rules.iter().take(at).any(|other| other.id == rule.id) {
                return wrong(&rule.id, "id given twice");
            }
            let is_sane = |hours: f64| (0.0..=10_000.0).contains(&hours);
            let (hours, window) = match &rule.check {
                Check::Rest { min_hours, .. } | Check::WeeklyRest { min_hours } => (*min_hours, None),
                Check::Hours { max_hours, window, .. } => (*max_hours, Some(*window)),
                Check::ShiftLength { max_hours, .. } | Check::MeanShiftLength { max_hours, .. } => {
                    (*max_hours, None)
                }
                Check::Count { window, .. } => (0.0, Some(*window)),
                Check::FreeDayAfter { .. } | Check::Run { .. } | Check::Weekend(_) => (0.0, None),
            };
            if !is_sane(hours) {
                return wrong(&rule.id, "hours are from 0 to 10,000");
            }
            match window {
                Some(Window::RollingDays(days) | Window::AverageWeeks(days))
                    if !(1..=3660).contains(&days) =>
                {
                    return wrong(&rule.id, "a window has 1 to 3,660 days or weeks");
                }
                _ => {}
            }
            if let Check::Run { min: None, max: None, .. } = rule.check {
                return wrong(&rule.id, "a run needs min or max");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_sets_name_their_articles() {
        for name in ["eu-2003-88", "tr-4857", "tr-657"] {
            let set = RuleSet::preset(name).unwrap();
            assert!(set.rules.len() >= 3 && !set.read_on.is_empty(), "{name}");
            assert!(set.note.contains("not legal advice"), "{name}");
            assert!(set.rules.iter().all(|rule| !rule.article.is_empty() && !rule.text.is_empty()), "{name}");
            assert_eq!(RuleSet::from_json(&serde_json::to_string(&set).unwrap()).unwrap(), set);
        }
        assert_eq!(RuleSet::preset("none"), None);
    }

    #[test]
    fn sets_that_make_no_sense_are_refused() {
        let set = |rule: &str| RuleSet::from_json(&format!("{{\"name\":\"x\",\"rules\":[{rule}]}}"));
        for rule in [
            r#"{"id":"a","check":{"rest":{"min_hours":-1}}}"#,
            r#"{"id":"a","check":{"rest":{"min_hours":11,"min":3}}}"#,
            r#"{"id":"a","check":{"sleep":{}}}"#,
            r#"{"id":"a","check":{"run":{"of":"nights"}}}"#,
            r#"{"id":"a","check":{"hours":{"max_hours":1,"window":{"rolling_days":0}}}}"#,
            r#"{"id":"a","check":{"free_day_after":{"after":"night"}}},{"id":"a","check":{"weekend":{}}}"#,
            r#"{"id":"a"}"#,
        ] {
            assert!(set(rule).is_err(), "{rule}");
        }
        let night = r#"{"name":"x","night":{"from":"24:00","until":"06:00"},"rules":[]}"#;
        assert!(RuleSet::from_json(night).is_err());
    }
}
