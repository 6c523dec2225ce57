//! Lines as log records.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::message::{KeyValue, LogRecord};
use super::trailer;
use super::value::{bytes, extend, text};

/// Severity numbers of OpenTelemetry's data model.
const SEVERITIES: [(&str, i32); 5] = [("TRACE", 1), ("DEBUG", 5), ("INFO", 9), ("WARN", 13), ("ERROR", 17)];
/// Names of a span's own that the record has fields for.
const IDS: [&str; 2] = ["trace_id", "span_id"];

/// A line that is no JSON, which none is, would still be told as it stands.
pub(super) fn record(line: &str) -> LogRecord {
    let (json, trailer) = trailer::split(line);
    let mut parts = trailer.split(' ').filter(|part| !part.is_empty());
    // Only lines of the writer's own, about losses, have no level.
    let level = parts.next().unwrap_or("WARN");
    let (trace, span) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let mut record = LogRecord {
        severity_number: SEVERITIES.iter().find(|(name, _)| *name == level).map_or(0, |(_, number)| *number),
        severity_text: level.to_owned(),
        trace_id: bytes(trace),
        span_id: bytes(span),
        flags: u32::from(parts.next() == Some("1")),
        ..LogRecord::default()
    };
    match serde_json::from_str(json) {
        Ok(Value::Object(envelope)) => fill(&mut record, envelope),
        _ => record.body = Some(text(json)),
    }
    record
}

fn fill(record: &mut LogRecord, mut envelope: Map<String, Value>) {
    let time = envelope.get("timestamp").and_then(Value::as_str).and_then(|time| time.parse().ok());
    let nanos = time.and_then(|time: Timestamp| u64::try_from(time.as_nanosecond()).ok()).unwrap_or_default();
    (record.time_unix_nano, record.observed_time_unix_nano) = (nanos, nanos);
    let event_type = envelope.get("event_type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let data = envelope.remove("data").unwrap_or_default();
    let Value::Object(mut data) = data else {
        record.body = Some(text(event_type.as_str()));
        record.event_name = event_type;
        record.attributes.push(KeyValue { key: "data".to_owned(), value: Some(super::value::any(data)) });
        return;
    };
    // The type of an event of the caller's own may be `log` too; only an ordinary one has a level and a target of ours.
    if event_type != "log" || !data.contains_key("level") || !data.contains_key("target") {
        record.body = Some(text(event_type.as_str()));
        record.event_name = event_type;
        return extend(&mut record.attributes, data);
    }
    if let Some(Value::String(target)) = data.remove("target") {
        record.attributes.push(KeyValue::text("log.target", target));
    }
    if let Some(Value::String(message)) = data.remove("message") {
        record.body = Some(text(message));
    }
    if let Some(Value::Object(fields)) = data.remove("fields") {
        extend(&mut record.attributes, fields);
    }
    // What a span is about its events are about too; the inner one knows best.
    if let Some(Value::Array(spans)) = data.remove("spans") {
        for mut span in spans.into_iter().rev() {
            if let Some(Value::Object(mut fields)) = span.get_mut("fields").map(Value::take) {
                fields.retain(|name, _| !IDS.contains(&name.as_str()));
                extend(&mut record.attributes, fields);
            }
        }
    }
    data.retain(|name, _| name == "truncated");
    extend(&mut record.attributes, data);
}
