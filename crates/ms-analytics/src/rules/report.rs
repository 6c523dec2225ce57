//! Which rules were broken.

use std::collections::BTreeMap;
use std::fmt::{self, Display};

use serde::Serialize;

/// What the rules say of a roster.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RuleReport {
    /// The set's name.
    pub name: String,
    /// The day on which its sources were read.
    pub read_on: String,
    /// What to know before relying on it.
    pub note: String,
    /// Each rule, in the order of the set.
    pub rules: Vec<RuleResult>,
}

/// What was found of one rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RuleResult {
    /// The rule's id.
    pub id: String,
    /// Where it is written.
    pub article: String,
    /// What it says.
    pub text: String,
    /// How often it was broken.
    pub violations: u64,
    /// How often by whom.
    pub by_employee: BTreeMap<String, u64>,
    /// The first 500 of them, by employee and time.
    pub listed: Vec<Violation>,
}

/// One violation.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Violation {
    /// Whose.
    pub employee: String,
    /// When it begins: of a rest, the end of the shift before; of a window, its begin.
    pub from: String,
    /// When it ends.
    pub until: String,
    /// What there is; `None` if the rule has no number.
    pub found: Option<f64>,
    /// What would be allowed or due.
    pub limit: Option<f64>,
    /// Whether the limit is the least that is due and not the most that is allowed.
    pub is_minimum: bool,
    /// The unit of both.
    pub unit: Option<Unit>,
    /// Ids of the shifts that break it, the first 50.
    pub shifts: Vec<String>,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unit {
    /// Hours.
    Hours,
    /// Hours, a mean.
    HoursOnAverage,
    /// Days in a row.
    Days,
    /// Shifts.
    Shifts,
}

impl RuleReport {
    /// Returns the number of violations of all rules.
    pub fn violations(&self) -> u64 {
        self.rules.iter().map(|rule| rule.violations).sum()
    }

    /// Says in a sentence each which shifts break which rule, as far as they are listed.
    pub fn explain(&self) -> impl Iterator<Item = String> + '_ {
        self.rules.iter().flat_map(|rule| {
            let head = move |violation: &Violation| {
                let article =
                    if rule.article.is_empty() { String::new() } else { format!(" ({})", rule.article) };
                format!("{}: {}{article}: {violation}", violation.employee, rule.id)
            };
            rule.listed.iter().map(head)
        })
    }

    /// Says which rules a shift breaks, by its id.
    pub fn explain_shift<'a>(
        &'a self,
        id: &'a str,
    ) -> impl Iterator<Item = (&'a RuleResult, &'a Violation)> + 'a {
        self.rules.iter().flat_map(move |rule| {
            let breaks = move |violation: &&Violation| violation.shifts.iter().any(|shift| shift == id);
            rule.listed.iter().filter(breaks).map(move |violation| (rule, violation))
        })
    }
}

impl Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Some(Unit::Hours) => "hours ",
            Some(Unit::HoursOnAverage) => "hours on average ",
            Some(Unit::Days) => "days in a row ",
            Some(Unit::Shifts) => "shifts ",
            None => "",
        };
        if let Some(found) = self.found {
            write!(f, "{} {unit}", rounded(found))?;
        }
        write!(f, "from {} to {}", self.from, self.until)?;
        if let Some(limit) = self.limit {
            let which = if self.is_minimum { ("at least", "are due") } else { ("at most", "are allowed") };
            write!(f, ", {} {} {}", which.0, rounded(limit), which.1)?;
        }
        write!(f, "; shifts {}", self.shifts.join(", "))
    }
}

/// Two decimals at most.
fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
