//! Rule files in Prometheus's format.

pub(crate) mod duration;
mod error;
pub(crate) mod position;
mod quirks;
pub(crate) mod yaml;

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

pub use error::{RuleFileError, RuleProblem};

use crate::group::{Group, Rule, What};
use crate::labels::is_label_name;
use crate::promql::{Compat, Query};
use crate::state::Timing;
use crate::template::Template;
use crate::tracked::Tracked;
use position::{Source, of};
use yaml::{GroupNode, RuleNode, Text};

/// Reads a file of rules.
pub(crate) fn read(path: &Path) -> Result<Vec<Group>, RuleFileError> {
    let file = path.display().to_string();
    let text =
        std::fs::read_to_string(path).map_err(|source| RuleFileError::Read { file: file.clone(), source })?;
    parse(&file, &text)
}

/// Reads a text of rules; `name` stands for the file in errors.
pub(crate) fn parse(name: &str, text: &str) -> Result<Vec<Group>, RuleFileError> {
    let mut loader = Loader { source: Source::new(text), problems: Vec::new() };
    if let Some(at) = quirks::old_break(text) {
        let (line, column) = loader.source.position(at);
        let message = "this line break is one for Prometheus alone; write it as an escape".to_owned();
        return Err(RuleFileError::refused(name, vec![RuleProblem::new(line, column, None, message)]));
    }
    let groups = match yaml::parse::<yaml::FileNode>(text) {
        Ok(file) => loader.groups(&file.groups.unwrap_or_default()),
        Err(problem) => return Err(RuleFileError::refused(name, vec![problem])),
    };
    if loader.problems.is_empty() { Ok(groups) } else { Err(RuleFileError::refused(name, loader.problems)) }
}

/// Collects everything that is wrong, so that an operator mends a file once.
struct Loader<'a> {
    source: Source<'a>,
    problems: Vec<RuleProblem>,
}

impl Loader<'_> {
    fn groups(&mut self, nodes: &[GroupNode]) -> Vec<Group> {
        let mut names = HashSet::new();
        nodes
            .iter()
            .map(|node| {
                if node.name.value.is_empty() {
                    self.problem(&node.name, None, "a group needs a name");
                } else if !names.insert(node.name.value.as_str()) {
                    self.problem(
                        &node.name,
                        None,
                        format!("group `{}` is repeated in this file", node.name.value),
                    );
                }
                self.group(node)
            })
            .collect()
    }

    fn group(&mut self, node: &GroupNode) -> Group {
        self.check_quirks(&node.name, &node.name.value, None);
        if let Some(offset) = &node.query_offset {
            self.problem(offset, None, "`query_offset` is not supported");
        }
        if let Some(labels) = &node.labels {
            self.problem(labels, None, "`labels` of a group are not supported; give them to each rule");
        }
        let interval = self.duration(node.interval.as_ref(), None);
        let limit = node.limit.as_ref().map_or(0, |limit| limit.value);
        if let Some(quoted) = node.limit.as_ref().filter(|limit| self.is_quoted(limit)) {
            self.problem(quoted, None, "expected a whole number, without quotes");
        }
        let rules = node.rules.iter().flatten().filter_map(|rule| self.rule(rule, limit)).collect();
        Group { name: node.name.value.clone(), interval: Some(interval).filter(|i| !i.is_zero()), rules }
    }

    fn rule(&mut self, node: &RuleNode, limit: i64) -> Option<Tracked> {
        let name = match (&node.alert, &node.record) {
            (Some(alert), None) if !alert.value.is_empty() => alert,
            (_, Some(record)) => {
                let name = record.value.as_str();
                self.problem(record, Some(name), "recording rules are not supported; expected `alert`");
                return None;
            }
            (Some(alert), None) => {
                self.problem(alert, None, "an alert needs a name");
                return None;
            }
            (None, None) => {
                self.problem(&node.expr, None, "a rule needs `alert`");
                return None;
            }
        };
        let rule = Some(name.value.as_str());
        self.check_quirks(name, &name.value, rule);
        let query = self.query(&node.expr, rule);
        let timing = Timing {
            hold: self.duration(node.hold.as_ref(), rule),
            keep_firing: self.duration(node.keep_firing_for.as_ref(), rule),
            window: None,
        };
        let labels = self.templates(node.labels.as_ref(), rule, "label");
        let annotations = self.templates(node.annotations.as_ref(), rule, "annotation");
        Some(Tracked::new(Rule {
            what: What::Promql(query?),
            name: name.value.clone(),
            timing,
            limit: usize::try_from(limit).ok().filter(|limit| *limit > 0),
            labels,
            annotations,
        }))
    }

    fn query(&mut self, text: &Text, rule: Option<&str>) -> Option<Query> {
        self.check_quirks(text, &text.value, rule);
        if text.value.trim().is_empty() {
            self.problem(text, rule, "`expr` is empty; expected a PromQL expression");
            return None;
        }
        // A file is to load on a server of either version.
        Query::parse(&text.value, Compat::V2_42)
            .map_err(|refused| {
                let message = format!("expr: {}", refused.message);
                self.problem_within(text, &text.value, refused.at, rule, message);
            })
            .ok()
    }

    fn duration(&mut self, text: Option<&Text>, rule: Option<&str>) -> Duration {
        let Some(text) = text else { return Duration::ZERO };
        self.check_quirks(text, &text.value, rule);
        duration::parse(&text.value).unwrap_or_else(|| {
            let message =
                format!("{:?} is not a duration; expected one like `30s`, `5m` or `1h30m`", text.value);
            self.problem(text, rule, message);
            Duration::ZERO
        })
    }

    fn templates(
        &mut self,
        texts: Option<&yaml::Texts>,
        rule: Option<&str>,
        kind: &str,
    ) -> Vec<(String, Template)> {
        let mut templates = Vec::new();
        for (name, node) in texts.into_iter().flatten() {
            if !is_label_name(name) || (kind == "label" && name == "__name__") {
                self.problem(node, rule, format!("{name:?} is not a name for {kind}s"));
            }
            let text = node.value.as_deref().unwrap_or_default();
            self.check_quirks(node, text, rule);
            match Template::parse(text) {
                Ok(template) => templates.push((name.clone(), template)),
                Err(found) => {
                    let message = format!(
                        "{kind} `{name}`: template action `{}` is not supported; expected `$value`, `$value | humanize` or `$labels.name`",
                        found.action
                    );
                    self.problem_within(node, text, found.at, rule, message);
                }
            }
        }
        templates
    }

    fn is_quoted<T>(&self, node: &yaml::Node<T>) -> bool {
        self.source.from(node).is_some_and(|text| text.starts_with(['"', '\'']))
    }

    /// Refuses what Prometheus's YAML does.
    fn check_quirks<T>(&mut self, node: &yaml::Node<T>, value: &str, rule: Option<&str>) {
        if let Some(problem) = self.source.from(node).and_then(|text| quirks::of_value(value, text)) {
            self.problem(node, rule, problem);
        }
    }

    fn problem<T>(&mut self, node: &yaml::Node<T>, rule: Option<&str>, message: impl Into<String>) {
        let (line, column) = of(node);
        self.push(line, column, rule, message.into());
    }

    /// A problem at a byte of the `text` of a value.
    fn problem_within<T>(
        &mut self,
        node: &yaml::Node<T>,
        text: &str,
        at: usize,
        rule: Option<&str>,
        message: String,
    ) {
        let (line, column) = self.source.position_within(of(node), text, at);
        self.push(line, column, rule, message);
    }

    fn push(&mut self, line: u64, column: u64, rule: Option<&str>, message: String) {
        self.problems.push(RuleProblem::new(line, column, rule.map(str::to_owned), message));
    }
}
