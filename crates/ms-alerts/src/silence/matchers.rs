//! Which alerts are meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::SilenceError;
use crate::labels::Labels;
use crate::routing::matcher::{Kind, Matcher, all_match};

/// Matchers in Alertmanager's syntax, `{severity="page", department=~"icu|er"}`; the braces may be left out.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(into = "Vec<Written>", try_from = "Vec<Written>")]
pub struct Matchers(Vec<Matcher>);

/// One matcher, as Alertmanager's API has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Written {
    name: String,
    value: String,
    is_regex: bool,
    #[serde(default = "equal")]
    is_equal: bool,
}

fn equal() -> bool {
    true
}

impl Matchers {
    /// Tells whether an alert with these labels is meant.
    pub fn matches(&self, labels: &Labels) -> bool {
        all_match(&self.0, labels)
    }

    fn of(matchers: Vec<Matcher>) -> Result<Self, SilenceError> {
        // Otherwise it would hold for every alert that lacks the labels: all of them, by accident.
        if matchers.iter().all(|matcher| matcher.matches(&Labels::default())) {
            let message = "at least one matcher must not match the empty text".to_owned();
            return Err(SilenceError::Matchers(message));
        }
        Ok(Self(matchers))
    }

    /// The value for each name, for those who look for silences.
    #[cfg(feature = "axum")]
    pub(super) fn values(&self) -> Labels {
        self.0.iter().map(|matcher| (matcher.name(), matcher.value())).collect()
    }
}

impl FromStr for Matchers {
    type Err = SilenceError;

    fn from_str(text: &str) -> Result<Self, SilenceError> {
        Matcher::parse_list(text).map_err(SilenceError::Matchers).and_then(Self::of)
    }
}

impl fmt::Display for Matchers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list: Vec<_> = self.0.iter().map(Matcher::to_string).collect();
        write!(f, "{{{}}}", list.join(", "))
    }
}

impl PartialEq for Matchers {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl From<Matchers> for Vec<Written> {
    fn from(matchers: Matchers) -> Self {
        let written = |matcher: Matcher| Written {
            name: matcher.name().to_owned(),
            value: matcher.value().to_owned(),
            is_regex: matches!(matcher.kind(), Kind::Matches | Kind::MatchesNot),
            is_equal: matches!(matcher.kind(), Kind::Equal | Kind::Matches),
        };
        matchers.0.into_iter().map(written).collect()
    }
}

impl TryFrom<Vec<Written>> for Matchers {
    type Error = SilenceError;

    fn try_from(written: Vec<Written>) -> Result<Self, SilenceError> {
        let matcher = |written: Written| {
            let kind = match (written.is_regex, written.is_equal) {
                (false, true) => Kind::Equal,
                (false, false) => Kind::NotEqual,
                (true, true) => Kind::Matches,
                (true, false) => Kind::MatchesNot,
            };
            if !crate::labels::is_label_name(&written.name) {
                return Err(SilenceError::Matchers(format!("{:?} is not a name for labels", written.name)));
            }
            Matcher::new(&written.name, kind, &written.value).map_err(SilenceError::Matchers)
        };
        Self::of(written.into_iter().map(matcher).collect::<Result<_, _>>()?)
    }
}
