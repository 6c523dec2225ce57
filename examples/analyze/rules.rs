//! Which working-time rules to check.

use ms_analytics::rules::{RuleAnalytics, RuleSet};

/// Rules, or none.
#[derive(Clone, Debug)]
pub struct Choice(Option<RuleSet>);

impl Choice {
    pub fn analytics(&self, time_zone: &str) -> Option<RuleAnalytics> {
        self.0.clone().and_then(|set| RuleAnalytics::in_time_zone(set, time_zone).ok())
    }
}

/// Takes the name of a shipped set, `none` or a file.
pub fn parse(argument: &str) -> Result<Choice, String> {
    if argument == "none" {
        return Ok(Choice(None));
    }
    if let Some(set) = RuleSet::preset(argument) {
        return Ok(Choice(Some(set)));
    }
    let text = std::fs::read_to_string(argument)
        .map_err(|error| format!("neither eu-2003-88, tr-4857, tr-657 or none, nor a file: {error}"))?;
    let set = RuleSet::from_json(&text).map_err(|error| with_cause(&error))?;
    Ok(Choice(Some(set)))
}

/// An error and what caused it, in one line.
pub fn with_cause(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
