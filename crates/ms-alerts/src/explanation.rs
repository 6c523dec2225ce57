//! Why an expression gives what it gives.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use crate::alert::RuleKind;
use crate::expression::{Answer, SeriesStore};
use crate::promql::{Dialect, Syntax, explain};
use crate::rules_file::{Origin, RuleFileError, RuleSet};
use crate::{Compat, Expression};

/// What a part of an expression gives, and why: made by [`Expression::explain`] and [`explain_rules`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Explanation {
    /// The part, as the parser writes it.
    pub expression: String,
    /// What it gives; nothing for a range, of which the notes tell, and where there is an error.
    pub answer: Option<Answer>,
    /// Why it has no answer.
    pub error: Option<String>,
    /// What stands out, a sentence each: which matcher finds nothing, which side has no partner, how many hold.
    pub notes: Vec<String>,
    /// Of a selector how many series it finds, however old they are.
    pub series: Option<usize>,
    /// What it is made of; numbers and texts are left out.
    pub parts: Vec<Explanation>,
}

impl Explanation {
    /// Gives how many series all selectors in it find together.
    pub fn selected(&self) -> usize {
        self.series.unwrap_or(0) + self.parts.iter().map(Self::selected).sum::<usize>()
    }

    /// Tells whether it has selectors, and none of them finds a series.
    pub fn selects_nothing(&self) -> bool {
        self.has_selector() && self.selected() == 0
    }

    fn has_selector(&self) -> bool {
        self.series.is_some() || self.parts.iter().any(Self::has_selector)
    }

    /// Gives how many elements it has; a number is one, a range and an error none.
    pub fn elements(&self) -> usize {
        match &self.answer {
            None => 0,
            Some(Answer::Scalar(_)) => 1,
            Some(Answer::Vector(vector)) => vector.len(),
        }
    }
}

/// A rule, and why it does or does not hold.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RuleExplanation {
    /// The rule's name.
    pub name: String,
    /// Its group.
    pub group: String,
    /// What it is for.
    pub kind: RuleKind,
    /// How long its condition must hold before it fires.
    pub hold: Duration,
    /// Its expression. An alert for each of its elements is pending, and fires once it has held for long enough.
    pub explanation: Explanation,
}

impl Expression {
    /// Evaluates it at one moment and tells of each of its parts what it gives, and why.
    ///
    /// ```
    /// use ms_alerts::{Compat, Expression, SeriesStore, parse_exposition};
    ///
    /// let now = jiff::Timestamp::now();
    /// let mut store = SeriesStore::new();
    /// store.push_samples(&parse_exposition("up{job=\"api\"} 1\n")?, now);
    /// let why = Expression::parse("up{job=\"web\"} == 0", Compat::V3)?.explain(&store, now);
    /// assert_eq!(why.parts[0].notes, ["`job=\"web\"` matches none of 1 series of this name"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn explain(&self, store: &SeriesStore, at: Timestamp) -> Explanation {
        explain::explain(
            &self.to_string(),
            self.compat().into(),
            store.history(),
            at.as_millisecond(),
            self.dialect(),
        )
    }
}

/// Tells of each rule of a file what it gives at one moment, and why. What recording rules write is not looked at unless it is in
/// the store.
///
/// # Errors
///
/// [`RuleFileError`] with everything that is wrong in the file.
pub fn explain_rules(
    file: impl AsRef<Path>,
    store: &SeriesStore,
    at: Timestamp,
    compat: Compat,
) -> Result<Vec<RuleExplanation>, RuleFileError> {
    let groups = RuleSet::read(&[Origin::File(file.as_ref().to_owned())])?;
    let mut rules = Vec::new();
    for group in &groups {
        let interval = group.about.interval.unwrap_or(Duration::from_secs(60));
        for rule in &group.rules {
            let about = rule.about();
            let dialect = Dialect::new(compat, interval);
            let moment = at.as_millisecond();
            rules.push(RuleExplanation {
                name: about.name.clone(),
                group: group.about.name.clone(),
                kind: about.kind,
                hold: about.hold,
                explanation: explain::explain(
                    &about.expression,
                    Syntax::Files,
                    store.history(),
                    moment,
                    dialect,
                ),
            });
        }
    }
    Ok(rules)
}
