//! Templates of what is told about a notification, with the data that Alertmanager gives its own.

use std::borrow::Cow;
use std::rc::Rc;

use super::functions::Dialect;
use super::output::Form;
use super::tree::Node;
use super::value::{Failed, Field, LabelMap, Record, Value};
use super::{Refused, parse, run};
use crate::alert::Alert;
use crate::delivery::Notification;
use crate::labels::Labels;
use crate::state::State;

/// A text ready to be filled in with a notification.
#[derive(Debug)]
pub(crate) struct Told {
    nodes: Vec<Node>,
    form: Form,
}

impl Told {
    pub(crate) fn parse(text: &str, form: Form) -> Result<Self, Refused> {
        Ok(Self { nodes: parse::parse(text, Dialect::Notifications)?, form })
    }

    /// `name` stands for the receiver of an alert that is not routed.
    pub(crate) fn fill(&self, notification: &Notification, name: &str) -> Result<String, Failed> {
        run::tell(&self.nodes, data(notification, name), self.form)
    }
}

/// What is behind a field, or a method without arguments.
pub(super) fn field<'s>(value: &Value<'s>, name: &str) -> Option<Value<'s>> {
    match (value, name) {
        (Value::Record(record), _) => record.get(name).cloned(),
        // Go looks for methods first.
        (Value::Labels(labels), "SortedPairs") => Some(pairs(labels)),
        (Value::Labels(labels), "Names" | "Values") => field(&pairs(labels), name),
        (Value::Labels(labels), name) => Some(Value::text(labels.get(name).cloned().unwrap_or_default())),
        (Value::List(pairs), "Names") => Some(each(pairs, "Name")),
        (Value::List(pairs), "Values") => Some(each(pairs, "Value")),
        (Value::List(alerts), "Firing") => Some(of_status(alerts, "firing")),
        (Value::List(alerts), "Resolved") => Some(of_status(alerts, "resolved")),
        _ => None,
    }
}

/// Sorted by name, but for the name of the alert, which is the first.
fn pairs<'s>(labels: &LabelMap<'s>) -> Value<'s> {
    let (first, rest): (Vec<_>, Vec<_>) = labels.iter().partition(|(name, _)| *name == "alertname");
    let pair = |(name, value): (&Cow<'s, str>, &Cow<'s, str>)| {
        let fields = vec![text("Name", "Name", name.clone()), text("Value", "Value", value.clone())];
        Value::Record(Rc::new(Record { kind: "template.Pair", fields }))
    };
    Value::List(first.into_iter().chain(rest).map(pair).collect())
}

fn each<'s>(list: &[Value<'s>], name: &str) -> Value<'s> {
    Value::List(list.iter().filter_map(|value| field(value, name)).collect())
}

fn of_status<'s>(alerts: &[Value<'s>], status: &str) -> Value<'s> {
    let is_of = |alert: &&Value<'_>| {
        let found = field(alert, "Status");
        found.is_some_and(|found| found.as_text() == Ok(status))
    };
    Value::List(alerts.iter().filter(is_of).cloned().collect())
}

fn data<'s>(notification: &'s Notification, name: &'s str) -> Value<'s> {
    let fields = vec![
        text("Receiver", "receiver", notification.receiver_or(name)),
        text("Status", "status", status(notification.is_resolved())),
        Field {
            name: "Alerts",
            key: "alerts",
            value: Value::List(notification.alerts().iter().map(alert).collect()),
        },
        labels("GroupLabels", "groupLabels", notification.group_labels()),
        labels("CommonLabels", "commonLabels", notification.common_labels()),
        labels("CommonAnnotations", "commonAnnotations", notification.common_annotations()),
        text("ExternalURL", "externalURL", notification.external_url()),
        text("GroupKey", "groupKey", notification.group_key()),
        text("NotificationID", "notification_id", notification.id()),
        Field {
            name: "TruncatedAlerts",
            key: "truncatedAlerts",
            value: Value::Integer(i64::try_from(notification.truncated()).unwrap_or(i64::MAX)),
        },
    ];
    Value::Record(Rc::new(Record { kind: "template.Data", fields }))
}

fn alert(alert: &Alert) -> Value<'_> {
    let ended = alert.resolved_at.map_or_else(|| crate::delivery::NOT_ENDED.to_owned(), |at| at.to_string());
    let fields = vec![
        text("Status", "status", status(alert.state == State::Resolved)),
        labels("Labels", "labels", &alert.labels),
        labels("Annotations", "annotations", &alert.annotations),
        text("StartsAt", "startsAt", alert.active_at.to_string()),
        text("EndsAt", "endsAt", ended),
        text("GeneratorURL", "generatorURL", alert.generator_url.as_str()),
        text("Fingerprint", "fingerprint", alert.labels.fingerprint()),
    ];
    Value::Record(Rc::new(Record { kind: "template.Alert", fields }))
}

fn status(resolved: bool) -> &'static str {
    if resolved { "resolved" } else { "firing" }
}

fn text<'s>(name: &'static str, key: &'static str, text: impl Into<Cow<'s, str>>) -> Field<'s> {
    Field { name, key, value: Value::text(text) }
}

fn labels<'s>(name: &'static str, key: &'static str, labels: &'s Labels) -> Field<'s> {
    let map: LabelMap<'s> = labels.iter().map(|(name, value)| (name.into(), value.into())).collect();
    Field { name, key, value: Value::Labels(Rc::new(map)) }
}
