//! Texts of sinks with a notification in them, tried out before the first alert needs them.

use std::sync::Arc;

use jiff::Timestamp;

use super::Notification;
use super::notification::Grouped;
use crate::alert::Alert;
use crate::labels::Labels;
use crate::state::State;
use crate::template::{Form, Told};

/// Why a template of a sink was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// It is no template, or uses what is not supported.
    #[error("{line}:{column}: {message}")]
    Syntax {
        /// The line, counted from 1.
        line: usize,
        /// The column in characters, counted from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// It cannot be filled in for a notification of two alerts.
    #[error("cannot be filled in: {message}")]
    Fails {
        /// What is wrong.
        message: String,
    },
    /// What it gives for a notification of two alerts is not JSON.
    #[error("gives no JSON for a notification of two alerts: {message}")]
    NotJson {
        /// What is wrong, with line and column of what it gives.
        message: String,
    },
}

/// Reads a template, and fills it in for alerts that fire and alerts that do not.
pub(super) fn template(text: &str, form: Form) -> Result<Told, TemplateError> {
    let told = Told::parse(text, form).map_err(|refused| {
        let before = text.get(..refused.at).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        TemplateError::Syntax { line, column, message: refused.message }
    })?;
    let samples = [[State::Firing; 2], [State::Resolved; 2], [State::Firing, State::Resolved]];
    for notification in samples.into_iter().filter_map(sample) {
        let filled = told.fill(&notification, "").map_err(|message| TemplateError::Fails { message })?;
        if form == Form::Json {
            check_json(&filled).map_err(|message| TemplateError::NotJson { message })?;
        }
    }
    Ok(told)
}

/// Fills a template for JSON in.
pub(super) fn json(told: &Told, notification: &Notification, name: &str) -> Result<String, String> {
    let filled = told.fill(notification, name)?;
    check_json(&filled)?;
    Ok(filled)
}

fn check_json(text: &str) -> Result<(), String> {
    serde_json::from_str::<serde::de::IgnoredAny>(text).map(drop).map_err(|error| error.to_string())
}

fn sample(states: [State; 2]) -> Option<Notification> {
    let labels = |place: usize| {
        let place = place.to_string();
        [("alertname", "Example"), ("severity", "page"), ("instance", place.as_str())].into_iter().collect()
    };
    let alert = |(place, state): (usize, State)| Alert {
        rule: "Example".to_owned(),
        state,
        value: 1.0,
        labels: labels(place),
        annotations: [("summary", "an \"example\"")].into_iter().collect(),
        active_at: Timestamp::UNIX_EPOCH,
        fired_at: Some(Timestamp::UNIX_EPOCH),
        resolved_at: (state == State::Resolved).then_some(Timestamp::UNIX_EPOCH),
        generator_url: String::new(),
    };
    Notification::group(Grouped {
        receiver: Arc::from("example"),
        key: Arc::from("{}:{alertname=\"Example\"}"),
        labels: Labels::from_iter([("alertname", "Example")]),
        alerts: states.into_iter().enumerate().map(alert).collect(),
        external_url: Arc::from("http://example.org"),
        occasion: 0,
    })
}

#[cfg(test)]
#[path = "told/tests.rs"]
mod tests;
