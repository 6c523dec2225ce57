//! From the shape of the file to what is decided with it.

mod intervals;
mod matchers;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::Routes;
use super::calendar::Interval;
use super::inhibit::Inhibition;
use super::matcher::Matcher;
use super::tree::{self, GroupBy, Options, Place, Route};
use super::yaml::{FileNode, InhibitNode, ReceiverNode, RouteNode};
use crate::labels::is_label_name;
use crate::rules_file::yaml::{Node, Text};
use crate::rules_file::{RuleProblem, duration, position, yaml};

/// Routes below each other; a file of Alertmanager's own examples has three.
const DEEPEST: usize = 64;

pub(super) fn parse(text: &str) -> Result<Routes, Vec<RuleProblem>> {
    let file: FileNode = yaml::parse(text).map_err(|problem| vec![problem])?;
    let mut loader = Loader::default();
    let routes = loader.file(&file);
    loader.problems.sort_by_key(|problem| (problem.line(), problem.column()));
    routes.filter(|_| loader.problems.is_empty()).ok_or(loader.problems)
}

/// Collects everything that is wrong, so that an operator mends a file once.
#[derive(Default)]
struct Loader {
    receivers: HashSet<String>,
    intervals: HashMap<String, Vec<Interval>>,
    /// How many routes there are so far.
    routes: usize,
    problems: Vec<RuleProblem>,
}

impl Loader {
    fn file(&mut self, file: &FileNode) -> Option<Routes> {
        self.receivers(file.receivers.as_deref().unwrap_or_default());
        for node in [&file.mute_time_intervals, &file.time_intervals].into_iter().flatten().flatten() {
            self.named_intervals(node);
        }
        let inhibitions = file.inhibit_rules.iter().flatten().map(|node| self.inhibition(node)).collect();
        let Some(root) = &file.route else {
            self.problems.push(RuleProblem::new(
                1,
                1,
                None,
                "`route` is missing: nobody would be told".to_owned(),
            ));
            return None;
        };
        self.root(root);
        let root = self.route(&root.value, &Options::default(), "", 0);
        Some(Routes {
            root,
            inhibitions,
            intervals: std::mem::take(&mut self.intervals),
            receivers: std::mem::take(&mut self.receivers),
        })
    }

    fn receivers(&mut self, nodes: &[ReceiverNode]) {
        for node in nodes {
            if node.name.value.is_empty() {
                self.problem(&node.name, "a receiver needs a name");
            } else if !self.receivers.insert(node.name.value.clone()) {
                self.problem(&node.name, format!("receiver `{}` is repeated", node.name.value));
            }
        }
    }

    /// What the root must be, and must not have: it takes whatever no other does.
    fn root(&mut self, node: &Node<RouteNode>) {
        let root = &node.value;
        if root.receiver.as_ref().is_none_or(|receiver| receiver.value.is_empty()) {
            self.problem(node, "the first route needs a `receiver`");
        }
        let pairs = [&root.equal, &root.match_re].into_iter().flatten().flat_map(|pairs| pairs.values());
        let matches = |text: &&Text| Matcher::parse_list(&text.value).is_ok_and(|list| !list.is_empty());
        let matchers = root.matchers.iter().flatten().filter(matches);
        let intervals =
            [&root.mute_time_intervals, &root.active_time_intervals].into_iter().flatten().flatten();
        if let Some(first) = pairs.chain(matchers).chain(intervals).next() {
            self.problem(
                first,
                "the first route takes every alert at any time: no matchers or time intervals",
            );
        }
        if let Some(proceed) = root.proceed.as_ref().filter(|proceed| proceed.value) {
            self.problem(proceed, "nothing stands beside the first route, so it cannot `continue`");
        }
    }

    fn route(&mut self, node: &RouteNode, above: &Options, above_key: &str, depth: usize) -> Route {
        let options = self.options(node, above);
        let matchers = self.matchers(node.equal.as_ref(), node.match_re.as_ref(), node.matchers.as_deref());
        let key = tree::key(above_key, &matchers);
        let number = self.routes;
        self.routes += 1;
        let mut routes = Vec::new();
        for inner in node.routes.iter().flatten() {
            if depth == DEEPEST {
                self.problem(inner, format!("routes stand in each other more than {DEEPEST} deep"));
                break;
            }
            routes.push(self.route(&inner.value, &options, &key, depth + 1));
        }
        Route {
            matchers,
            proceed: node.proceed.as_ref().is_some_and(|proceed| proceed.value),
            place: Arc::new(Place {
                number,
                key,
                muted: self.interval_names(node.mute_time_intervals.as_deref()),
                active: self.interval_names(node.active_time_intervals.as_deref()),
                options,
            }),
            routes,
        }
    }

    fn options(&mut self, node: &RouteNode, above: &Options) -> Options {
        let mut options = above.clone();
        if let Some(receiver) = node.receiver.as_ref().filter(|receiver| !receiver.value.is_empty()) {
            if !self.receivers.contains(&receiver.value) {
                self.problem(receiver, format!("receiver `{}` is not among `receivers`", receiver.value));
            }
            options.receiver.clone_from(&receiver.value);
        }
        // As in Alertmanager an empty list inherits.
        if let Some(names) = node.group_by.as_deref().filter(|names| !names.is_empty()) {
            options.group_by = self.group_by(names);
        }
        let may_be_zero = true;
        self.duration(node.group_wait.as_ref(), "group_wait", may_be_zero, &mut options.group_wait);
        self.duration(
            node.group_interval.as_ref(),
            "group_interval",
            !may_be_zero,
            &mut options.group_interval,
        );
        self.duration(
            node.repeat_interval.as_ref(),
            "repeat_interval",
            !may_be_zero,
            &mut options.repeat_interval,
        );
        options
    }

    fn group_by(&mut self, nodes: &[Text]) -> GroupBy {
        let mut names = BTreeSet::new();
        for node in nodes {
            let name = node.value.as_str();
            if name == "..." {
                if nodes.len() > 1 {
                    self.problem(node, "`...` stands for all labels and takes no other beside it");
                }
                return GroupBy::All;
            }
            if !is_label_name(name) {
                self.problem(node, format!("{name:?} is not a name for labels"));
            } else if !names.insert(name.to_owned()) {
                self.problem(node, format!("label `{name}` is repeated"));
            }
        }
        GroupBy::Labels(names)
    }

    fn duration(&mut self, node: Option<&Text>, field: &str, may_be_zero: bool, to: &mut Duration) {
        let Some(node) = node else { return };
        match duration::parse(&node.value) {
            Some(Duration::ZERO) if !may_be_zero => self.problem(node, format!("`{field}` cannot be zero")),
            Some(duration) => *to = duration,
            None => {
                let message = format!("{:?} is not a duration; expected one like `30s` or `4h`", node.value);
                self.problem(node, message);
            }
        }
    }

    fn interval_names(&mut self, nodes: Option<&[Text]>) -> Vec<String> {
        let nodes = nodes.unwrap_or_default();
        for node in nodes {
            if !self.intervals.contains_key(&node.value) {
                self.problem(node, format!("time interval `{}` is not among `time_intervals`", node.value));
            }
        }
        nodes.iter().map(|node| node.value.clone()).collect()
    }

    fn inhibition(&mut self, node: &InhibitNode) -> Inhibition {
        let InhibitNode { source_match, source_match_re, source_matchers, .. } = node;
        let InhibitNode { target_match, target_match_re, target_matchers, .. } = node;
        let equal = node.equal.iter().flatten();
        Inhibition {
            source: self.matchers(
                source_match.as_ref(),
                source_match_re.as_ref(),
                source_matchers.as_deref(),
            ),
            target: self.matchers(
                target_match.as_ref(),
                target_match_re.as_ref(),
                target_matchers.as_deref(),
            ),
            equal: equal
                .map(|name| {
                    self.label_name(name, &name.value);
                    name.value.clone()
                })
                .collect(),
        }
    }

    fn label_name<T>(&mut self, node: &Node<T>, name: &str) {
        if !is_label_name(name) {
            self.problem(node, format!("{name:?} is not a name for labels"));
        }
    }

    fn problem<T>(&mut self, node: &Node<T>, message: impl Into<String>) {
        let (line, column) = position::of(node);
        self.problems.push(RuleProblem::new(line, column, None, message.into()));
    }
}
