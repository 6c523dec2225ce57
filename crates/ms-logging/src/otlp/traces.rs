//! Lines as spans.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::message::{KeyValue, Span, Status};
use super::trailer;
use super::value::{bytes, extend};
use crate::ids::Ids;

const INTERNAL: i32 = 1;
const SERVER: i32 = 2;
const ERROR: i32 = 2;
const SAMPLED: u32 = 1;
/// That it is known whether the parent is of another process, and that it is.
const KNOWS_REMOTE: u32 = 0x100;
const IS_REMOTE: u32 = 0x200;
/// The span that tells of lost ones.
const LOST: &str = "spans_lost";
/// What the span has fields for.
const IDS: [&str; 2] = ["trace_id", "span_id"];

/// The span of a line; a line about lost spans is one of its own, from the first loss to the last.
pub(super) fn span(line: &str) -> Option<Span> {
    let (json, trailer) = trailer::split(line);
    if trailer.is_empty() {
        return losses(json);
    }
    let mut parts = trailer.split(' ');
    let mut part = || parts.next().filter(|part| !part.is_empty());
    let (trace, id, parent, begun, ended) = (part()?, part()?, part()?, part()?, part()?);
    let is_request = part()? == "1";
    let mut envelope: Map<String, Value> = serde_json::from_str(json).ok()?;
    let mut fields = match envelope.remove("fields") {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    fields.retain(|name, _| !is_request || !IDS.contains(&name.as_str()));
    let name = envelope.get("name").and_then(Value::as_str).unwrap_or_default();
    let has_parent = parent != "-";
    let mut span = Span {
        trace_id: bytes(trace),
        span_id: bytes(id),
        parent_span_id: if has_parent { bytes(parent) } else { Vec::new() },
        name: name.to_owned(),
        kind: INTERNAL,
        start_time_unix_nano: begun.parse().ok()?,
        end_time_unix_nano: ended.parse().ok()?,
        flags: SAMPLED | KNOWS_REMOTE,
        ..Span::default()
    };
    if is_request {
        span.kind = SERVER;
        span.flags |= if has_parent { IS_REMOTE } else { 0 };
        let text = |name: &str| fields.get(name).and_then(Value::as_str);
        if let (Some(method), Some(route)) = (text("http.request.method"), text("http.route")) {
            span.name = format!("{method} {route}");
        }
        let status = fields.get("http.response.status_code").and_then(Value::as_u64);
        span.status = status.filter(|status| *status >= 500).map(|_| Status { code: ERROR });
    }
    if let Some(target) = envelope.get("target").and_then(Value::as_str) {
        span.attributes.push(KeyValue::text("log.target", target));
    }
    extend(&mut span.attributes, fields);
    Some(span)
}

/// Whose trace the lost spans were of nobody knows: it is the root of one of its own.
fn losses(json: &str) -> Option<Span> {
    let mut envelope: Map<String, Value> = serde_json::from_str(json).ok()?;
    let Some(Value::Object(mut data)) = envelope.remove("data") else { return None };
    let mut time = |name: &str| -> Option<u64> {
        let time: Timestamp = data.remove(name)?.as_str()?.parse().ok()?;
        u64::try_from(time.as_nanosecond()).ok()
    };
    let (from, to) = (time("from")?, time("to")?);
    let ids = Ids::root();
    let mut span = Span {
        trace_id: bytes(ids.trace.as_str()),
        span_id: bytes(ids.span.as_str()),
        name: LOST.to_owned(),
        kind: INTERNAL,
        start_time_unix_nano: from,
        end_time_unix_nano: to,
        status: Some(Status { code: ERROR }),
        flags: SAMPLED,
        ..Span::default()
    };
    if let Some(spans) = data.remove("lines") {
        data.insert("spans".to_owned(), spans);
    }
    extend(&mut span.attributes, data);
    Some(span)
}
