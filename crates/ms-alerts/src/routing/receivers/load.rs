//! From the shape of the files to sinks.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::yaml::{FileNode, GlobalNode, OwnNode, OwnReceiverNode, ReceiverNode};
use super::{Receiver, RouteFileError};
use crate::delivery::Sink;
use crate::rules_file::yaml::{Node, Text};
use crate::rules_file::{RuleProblem, position, yaml};

type Named<'f> = (&'f Path, &'f str);

pub(super) fn receivers(file: Named<'_>, own: Option<Named<'_>>) -> Result<Vec<Receiver>, RouteFileError> {
    let refused =
        |path: &Path, problems| RouteFileError::Refused { file: path.display().to_string(), problems };
    let beside: OwnNode = match own {
        Some((path, text)) => yaml::parse(text).map_err(|problem| refused(path, vec![problem]))?,
        None => OwnNode::default(),
    };
    let node: FileNode = yaml::parse(file.1).map_err(|problem| refused(file.0, vec![problem]))?;
    let internal = beside.allow_internal.unwrap_or_default();
    let mut theirs = Place::new(file.0, &internal);
    let mut ours = Place::new(own.map_or(file.0, |(path, _)| path), &internal);
    let mut extra: HashMap<&str, &OwnReceiverNode> = HashMap::new();
    for receiver in beside.receivers.iter().flatten() {
        if extra.insert(&receiver.name.value, receiver).is_some() {
            ours.problem(&receiver.name, format!("receiver `{}` is repeated", receiver.name.value));
        }
    }
    let none = GlobalNode::default();
    let global = node.global.as_ref().unwrap_or(&none);
    let mut receivers: Vec<Receiver> = Vec::new();
    for receiver in node.receivers.iter().flatten() {
        let name = &receiver.name.value;
        if receivers.iter().any(|known| known.name == *name) {
            theirs.problem(&receiver.name, format!("receiver `{name}` is repeated"));
        }
        let own = extra.remove(name.as_str());
        receivers.push(one(receiver, own, global, &mut theirs, &mut ours));
    }
    for unknown in extra.values() {
        let message = format!("receiver `{}` is not among those of the other file", unknown.name.value);
        ours.problem(&unknown.name, message);
    }
    for place in [theirs, ours] {
        if let Some(problems) = place.into_problems() {
            return Err(refused(problems.0, problems.1));
        }
    }
    Ok(receivers)
}

fn one(
    node: &ReceiverNode,
    own: Option<&OwnReceiverNode>,
    global: &GlobalNode,
    theirs: &mut Place<'_>,
    ours: &mut Place<'_>,
) -> Receiver {
    let name = &node.name.value;
    let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
    // As Alertmanager names them.
    let title = |kind: &str, place: usize| format!("{kind}[{place}]");
    let own_webhooks = own.and_then(|own| own.webhook_configs.as_deref()).unwrap_or_default();
    let webhooks = node.webhook_configs.as_deref().unwrap_or_default();
    for (place, webhook) in webhooks.iter().enumerate() {
        let own = own_webhooks.get(place);
        sinks.extend(theirs.webhook(title("webhook", place), webhook, own, global, ours));
    }
    if let Some(own) = own.filter(|_| own_webhooks.len() > webhooks.len()) {
        ours.problem(&own.name, format!("receiver `{name}` has fewer `webhook_configs` in the other file"));
    }
    for (place, slack) in node.slack_configs.iter().flatten().enumerate() {
        sinks.extend(theirs.slack(title("slack", place), slack, global));
    }
    for (place, email) in node.email_configs.iter().flatten().enumerate() {
        sinks.extend(theirs.email(title("email", place), email, global));
    }
    for (place, peers) in
        own.and_then(|own| own.alertmanager_configs.as_ref()).into_iter().flatten().enumerate()
    {
        sinks.extend(ours.alertmanager(title("alertmanager", place), peers));
    }
    Receiver { name: name.clone(), sinks }
}

/// A file, and what is wrong in it: an operator mends it once.
pub(super) struct Place<'f> {
    path: &'f Path,
    internal: &'f [String],
    problems: Vec<RuleProblem>,
}

impl<'f> Place<'f> {
    fn new(path: &'f Path, internal: &'f [String]) -> Self {
        Self { path, internal, problems: Vec::new() }
    }

    fn into_problems(mut self) -> Option<(&'f Path, Vec<RuleProblem>)> {
        self.problems.sort_by_key(|problem| (problem.line(), problem.column()));
        (!self.problems.is_empty()).then_some((self.path, self.problems))
    }

    pub(super) fn problem<T>(&mut self, node: &Node<T>, message: impl Into<String>) {
        self.problem_at(position::of(node), message);
    }

    pub(super) fn problem_at(&mut self, (line, column): (u64, u64), message: impl Into<String>) {
        self.problems.push(RuleProblem::new(line, column, None, message.into()));
    }

    pub(super) fn or_problem<N, T, E: std::fmt::Display>(
        &mut self,
        node: &Node<N>,
        read: Result<T, E>,
    ) -> Option<T> {
        read.map_err(|error| self.problem(node, error.to_string())).ok()
    }

    #[cfg(not(feature = "email"))]
    fn email(
        &mut self,
        _: String,
        node: &Node<super::yaml::EmailNode>,
        _: &GlobalNode,
    ) -> Option<Box<dyn Sink>> {
        self.problem(node, "`email_configs` need the feature `email`, without which this was built");
        None
    }

    /// Whether a host may have an address of one's own network.
    pub(super) fn is_internal(&self, host: &str) -> bool {
        let host = host.trim_matches(['[', ']']);
        self.internal.iter().any(|allowed| allowed.trim_matches(['[', ']']).eq_ignore_ascii_case(host))
    }

    /// A text that stands in the file or, as only secrets do, in one of its own; `Err` where that was told.
    pub(super) fn secret(
        &mut self,
        text: Option<&Text>,
        file: Option<&Text>,
        name: &str,
    ) -> Result<Option<String>, ()> {
        match (text, file) {
            (Some(text), Some(_)) => {
                self.problem(text, format!("`{name}` and `{name}_file` stand beside each other"));
                Err(())
            }
            (Some(text), None) => Ok(Some(text.value.clone())),
            (None, Some(file)) => self.read(file).map(Some).ok_or(()),
            (None, None) => Ok(None),
        }
    }

    /// The text of another file without the white space around it.
    pub(super) fn read(&mut self, node: &Text) -> Option<String> {
        let path: PathBuf = self.path.parent().unwrap_or(Path::new("")).join(&node.value);
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()));
        self.or_problem(node, text).map(|text| text.trim().to_owned())
    }
}
