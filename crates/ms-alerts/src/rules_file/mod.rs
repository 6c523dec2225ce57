//! Rule files in Prometheus's format.

pub(crate) mod duration;
mod error;
pub(crate) mod position;
mod quirks;
mod set;
pub(crate) mod yaml;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use error::{RuleFileError, RuleProblem};
pub(crate) use set::{Origin, RuleSet, find};

use crate::group::{About, Group, Rule, What};
use crate::labels::{is_label_name, is_metric_name};
use crate::no_data::NoData;
use crate::promql::{Query, Syntax};
use crate::state::Timing;
use crate::template::Template;
use crate::tracked::Tracked;
use position::{Source, of};
use yaml::{GroupNode, RuleNode, Text};

/// Reads a file of rules.
fn read(path: &Path) -> Result<Vec<Group>, RuleFileError> {
    let file = path.display().to_string();
    let text =
        std::fs::read_to_string(path).map_err(|source| RuleFileError::Read { file: file.clone(), source })?;
    parse(&file, &text)
}

/// Reads a text of rules; `name` stands for the file in errors.
fn parse(name: &str, text: &str) -> Result<Vec<Group>, RuleFileError> {
    let mut loader = Loader { file: name.to_owned(), source: Source::new(text), problems: Vec::new() };
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

/// What a group says of all its rules.
struct InGroup<'n> {
    limit: Option<usize>,
    /// In milliseconds.
    offset: i64,
    labels: Option<&'n yaml::Texts>,
}

/// Collects everything that is wrong, so that an operator mends a file once.
struct Loader<'a> {
    file: String,
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
        let interval = self.duration(node.interval.as_ref(), None);
        let limit = node.limit.as_ref().map_or(0, |limit| limit.value);
        if let Some(quoted) = node.limit.as_ref().filter(|limit| self.is_quoted(limit)) {
            self.problem(quoted, None, "expected a whole number, without quotes");
        }
        let of_group = InGroup {
            limit: usize::try_from(limit).ok().filter(|limit| *limit > 0),
            offset: i64::try_from(self.duration(node.query_offset.as_ref(), None).as_millis())
                .unwrap_or(i64::MAX),
            labels: node.labels.as_ref(),
        };
        let rules = node.rules.iter().flatten().filter_map(|rule| self.rule(rule, &of_group)).collect();
        let about = About {
            name: node.name.value.clone(),
            file: self.file.clone(),
            interval: Some(interval).filter(|interval| !interval.is_zero()),
            limit: of_group.limit.unwrap_or(0),
        };
        Group { about: Arc::new(about), rules }
    }

    fn rule(&mut self, node: &RuleNode, of_group: &InGroup<'_>) -> Option<Tracked> {
        let is_given = |name: &&Text| !name.value.is_empty();
        let name = match (node.alert.as_ref().filter(is_given), node.record.as_ref().filter(is_given)) {
            (Some(alert), None) => alert,
            (None, Some(record)) => return self.recording(record, node, of_group),
            (Some(alert), Some(_)) => {
                self.problem(alert, Some(&alert.value), "a rule has either `alert` or `record`");
                return None;
            }
            (None, None) => {
                match node.alert.as_ref().or(node.record.as_ref()) {
                    Some(empty) => self.problem(empty, None, "a rule needs a name"),
                    None => self.problem(&node.expr, None, "a rule needs `alert` or `record`"),
                }
                return None;
            }
        };
        let rule = Some(name.value.as_str());
        self.check_quirks(name, &name.value, rule);
        let query = self.query(&node.expr, rule);
        let timing = Timing {
            hold: self.duration(node.hold.as_ref(), rule),
            keep_firing: self.duration(node.keep_firing_for.as_ref(), rule),
            ..Timing::default()
        };
        let mut labels = self.templates(node.labels.as_ref(), rule, "label");
        let of_rule = |label: &str| labels.iter().any(|(own, _)| own == label);
        let inherited: Vec<_> = self
            .templates(of_group.labels, rule, "label")
            .into_iter()
            .filter(|(label, _)| !of_rule(label))
            .collect();
        labels.extend(inherited);
        let annotations = self.templates(node.annotations.as_ref(), rule, "annotation");
        Some(Tracked::new(Rule {
            what: What::Promql(query?),
            name: name.value.clone(),
            timing,
            no_data: NoData::Keep,
            no_data_for: Duration::ZERO,
            limit: of_group.limit,
            offset: of_group.offset,
            labels,
            annotations,
        }))
    }

    fn recording(&mut self, name: &Text, node: &RuleNode, of_group: &InGroup<'_>) -> Option<Tracked> {
        let rule = Some(name.value.as_str());
        self.check_quirks(name, &name.value, rule);
        if !is_metric_name(&name.value) {
            self.problem(name, rule, format!("{:?} is not a name for metrics", name.value));
        }
        for (field, text) in [("for", &node.hold), ("keep_firing_for", &node.keep_firing_for)] {
            if let Some(text) = text.as_ref().filter(|text| text.value != "0" && text.value != "0s") {
                self.problem(text, rule, format!("`{field}` is for alerts; a recording rule has none"));
            }
        }
        if let Some((_, text)) = node.annotations.as_ref().and_then(|texts| texts.first_key_value()) {
            self.problem(text, rule, "`annotations` are for alerts; a recording rule has none");
        }
        let mut labels = BTreeMap::new();
        for (label, node) in of_group.labels.into_iter().chain(node.labels.as_ref()).flatten() {
            let text = node.value.as_deref().unwrap_or_default();
            self.check_label(label, node, rule);
            self.check_quirks(node, text, rule);
            labels.insert(label.clone(), Template::literal(text));
        }
        let query = self.query(&node.expr, rule);
        Some(Tracked::new(Rule {
            what: What::Record(query?),
            name: name.value.clone(),
            timing: Timing::default(),
            no_data: NoData::Keep,
            no_data_for: Duration::ZERO,
            limit: of_group.limit,
            offset: of_group.offset,
            labels: labels.into_iter().collect(),
            annotations: Vec::new(),
        }))
    }

    fn check_label<T>(&mut self, name: &str, node: &yaml::Node<T>, rule: Option<&str>) {
        if !is_label_name(name) || name == "__name__" {
            self.problem(node, rule, format!("{name:?} is not a name for labels"));
        }
    }

    fn query(&mut self, text: &Text, rule: Option<&str>) -> Option<Query> {
        self.check_quirks(text, &text.value, rule);
        if text.value.trim().is_empty() {
            self.problem(text, rule, "`expr` is empty; expected a PromQL expression");
            return None;
        }
        Query::parse(&text.value, Syntax::Files)
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
            self.problem(text, rule, duration::expected(&text.value));
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
                    let message = format!("{kind} `{name}`: template: {}", found.message);
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
