//! The shape of Alertmanager's file, as far as it decides where an alert goes.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::rules_file::yaml::{Node, Text};

/// Matchers as they were written before there was a syntax for them.
pub(super) type Pairs = BTreeMap<String, Text>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileNode {
    /// What senders need.
    #[serde(rename = "global")]
    _global: Option<IgnoredAny>,
    #[serde(rename = "templates")]
    _templates: Option<IgnoredAny>,
    pub(super) route: Option<Node<RouteNode>>,
    pub(super) receivers: Option<Vec<ReceiverNode>>,
    pub(super) inhibit_rules: Option<Vec<InhibitNode>>,
    pub(super) time_intervals: Option<Vec<IntervalsNode>>,
    pub(super) mute_time_intervals: Option<Vec<IntervalsNode>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RouteNode {
    pub(super) receiver: Option<Text>,
    pub(super) group_by: Option<Vec<Text>>,
    pub(super) group_wait: Option<Text>,
    pub(super) group_interval: Option<Text>,
    pub(super) repeat_interval: Option<Text>,
    #[serde(rename = "match")]
    pub(super) equal: Option<Pairs>,
    pub(super) match_re: Option<Pairs>,
    pub(super) matchers: Option<Vec<Text>>,
    #[serde(rename = "continue")]
    pub(super) proceed: Option<Node<bool>>,
    pub(super) mute_time_intervals: Option<Vec<Text>>,
    pub(super) active_time_intervals: Option<Vec<Text>>,
    pub(super) routes: Option<Vec<Node<RouteNode>>>,
}

/// What a receiver is beside its name is the business of who delivers.
#[derive(Debug, Deserialize)]
pub(super) struct ReceiverNode {
    pub(super) name: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InhibitNode {
    pub(super) source_match: Option<Pairs>,
    pub(super) source_match_re: Option<Pairs>,
    pub(super) source_matchers: Option<Vec<Text>>,
    pub(super) target_match: Option<Pairs>,
    pub(super) target_match_re: Option<Pairs>,
    pub(super) target_matchers: Option<Vec<Text>>,
    pub(super) equal: Option<Vec<Text>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IntervalsNode {
    pub(super) name: Text,
    pub(super) time_intervals: Option<Vec<IntervalNode>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IntervalNode {
    pub(super) times: Option<Vec<TimesNode>>,
    pub(super) weekdays: Option<Vec<Text>>,
    pub(super) days_of_month: Option<Vec<Text>>,
    pub(super) months: Option<Vec<Text>>,
    pub(super) years: Option<Vec<Text>>,
    pub(super) location: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TimesNode {
    pub(super) start_time: Text,
    pub(super) end_time: Text,
}
