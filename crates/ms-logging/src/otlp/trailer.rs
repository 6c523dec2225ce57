//! What a line for the exporter carries behind its JSON: what the JSON does not tell, or not in every shape.

use std::io::Write as _;

use tracing::Level;

use crate::ids::Ids;

/// No JSON of ours holds one: control characters are escaped.
const SEPARATOR: u8 = b'\t';

/// Ends the line of an event.
pub(crate) fn end_record(line: &mut Vec<u8>, level: Level, ids: Option<&Ids>) {
    line.truncate(line.strip_suffix(b"\n").map_or(line.len(), <[u8]>::len));
    line.push(SEPARATOR);
    line.extend_from_slice(level.as_str().as_bytes());
    if let Some(ids) = ids {
        // Writing to memory cannot fail.
        let _ = write!(line, " {} {} {}", ids.trace.as_str(), ids.span.as_str(), u8::from(ids.sampled));
    }
    line.push(b'\n');
}

/// Ends the line of a span; times in nanoseconds since 1970.
pub(crate) fn end_span(line: &mut Vec<u8>, ids: &Ids, begun: u64, ended: u64, is_request: bool) {
    line.push(SEPARATOR);
    let parent = ids.parent.as_ref().map_or("-", |parent| parent.as_str());
    let (trace, span) = (ids.trace.as_str(), ids.span.as_str());
    let _ = writeln!(line, "{trace} {span} {parent} {begun} {ended} {}", u8::from(is_request));
}

/// JSON and trailer of a line without its end; a line of the writer's own has no trailer.
pub(super) fn split(line: &str) -> (&str, &str) {
    line.rsplit_once(char::from(SEPARATOR)).unwrap_or((line, ""))
}
