//! The shape of a rule file, with the position of each value.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_saphyr::Spanned;

use super::error::RuleProblem;

pub(crate) type Node<T> = Spanned<T>;
pub(crate) type Text = Node<String>;
/// A label or annotation without a value is empty, as in Prometheus.
pub(crate) type Texts = BTreeMap<String, Node<Option<String>>>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileNode {
    pub(super) groups: Option<Vec<GroupNode>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupNode {
    pub(super) name: Text,
    pub(super) interval: Option<Text>,
    pub(super) query_offset: Option<Text>,
    pub(super) limit: Option<Node<i64>>,
    pub(super) labels: Option<Texts>,
    pub(super) rules: Option<Vec<RuleNode>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleNode {
    pub(super) record: Option<Text>,
    pub(super) alert: Option<Text>,
    pub(super) expr: Text,
    #[serde(rename = "for")]
    pub(super) hold: Option<Text>,
    pub(super) keep_firing_for: Option<Text>,
    pub(super) labels: Option<Texts>,
    pub(super) annotations: Option<Texts>,
}

/// Reads the YAML; the first thing that does not fit ends the reading.
pub(crate) fn parse<T: Default + DeserializeOwned>(text: &str) -> Result<T, RuleProblem> {
    // An empty file, or one of comments, has nothing.
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(T::default());
    }
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
        RuleProblem::new(line, column, None, message(&error))
    })
}

/// The text of the error without its position, which is told apart, and without advice for programmers.
fn message(error: &serde_saphyr::Error) -> String {
    let text = error.without_snippet().to_string();
    let text = text.lines().next().unwrap_or_default();
    let ends = [" at line ", "; use ", ", set "].into_iter().filter_map(|end| text.find(end));
    match text.get(..ends.min().unwrap_or(text.len())).unwrap_or(text) {
        "invalid i64" => "expected a whole number".to_owned(),
        // So that a text of a few lines cannot fill the memory.
        budget if budget.starts_with("budget breached") => "the file is too large; split it".to_owned(),
        other => other.to_owned(),
    }
}
