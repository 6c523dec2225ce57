//! What becomes of a line, whole or in parts.

use std::io::Write as _;

use ms_logging::{Redactor, Span};

use crate::report::Report;

/// So much of a long line is looked at again with the next part: nothing that is found is longer, but tokens.
const AHEAD: usize = 16 * 1024;
/// So much of what is done is seen with the next part, for the names that values stand behind.
const BEHIND: usize = 1024;

/// Scrubs lines one after the other.
#[derive(Debug)]
pub struct Scrubber<'a> {
    redactor: &'a Redactor,
    only_spans: bool,
    part: Part,
}

/// What is done of a line that comes in parts.
#[derive(Debug, Default)]
struct Part {
    /// The last bytes of it.
    context: Vec<u8>,
    bytes: usize,
    found: bool,
}

impl<'a> Scrubber<'a> {
    pub fn new(redactor: &'a Redactor, only_spans: bool) -> Self {
        Self { redactor, only_spans, part: Part::default() }
    }

    /// Writes a whole line, or the rest of one.
    pub fn line(&mut self, text: &[u8], end: &[u8], out: &mut Vec<u8>, report: &mut Report) {
        let found = if self.part.bytes == 0 {
            self.whole(text, out, report)
        } else {
            self.add(text, text.len(), out, report);
            if self.only_spans {
                self.open(out);
                out.push(b']');
            }
            self.part.found
        };
        self.part = Part::default();
        report.end_line(found);
        out.extend_from_slice(if self.only_spans { b"\n" } else { end });
    }

    /// Writes the beginning of a line, and tells how much of it that was.
    pub fn part(&mut self, text: &[u8], out: &mut Vec<u8>, report: &mut Report) -> usize {
        let end = text.len().saturating_sub(AHEAD);
        self.add(text, end, out, report)
    }

    fn whole(&self, text: &[u8], out: &mut Vec<u8>, report: &mut Report) -> bool {
        let spans = self.redactor.spans_of_bytes(text);
        report.add(&spans);
        if self.only_spans {
            out.push(b'[');
            for (index, span) in spans.iter().enumerate() {
                write_span(out, index > 0, span.kind.as_str(), span.start, span.end);
            }
            out.push(b']');
        } else if spans.is_empty() {
            out.extend_from_slice(text);
        } else {
            out.extend_from_slice(&self.redactor.redact_bytes(text));
        }
        !spans.is_empty()
    }

    /// Writes `text` up to `end`, or to the end of what is found there; tells how much that was.
    fn add(&mut self, text: &[u8], end: usize, out: &mut Vec<u8>, report: &mut Report) -> usize {
        let known = self.part.context.len();
        let seen = [&self.part.context, text].concat();
        let mut end = known + end;
        let mut spans = self.redactor.spans_of_bytes(&seen);
        spans.retain(|span| span.end > known && span.start < end);
        if let Some(last) = spans.last() {
            end = end.max(last.end);
        }
        report.add(&spans);
        self.write(&seen, known, end, &spans, out);
        self.part.bytes += end - known;
        self.part.found |= !spans.is_empty();
        self.part.context = seen.get(end.saturating_sub(BEHIND)..end).unwrap_or_default().to_vec();
        end - known
    }

    fn write(&self, seen: &[u8], known: usize, end: usize, spans: &[Span], out: &mut Vec<u8>) {
        if self.only_spans {
            let before = self.part.bytes;
            for (index, span) in spans.iter().enumerate() {
                if index == 0 {
                    self.open(out);
                }
                let start = span.start.max(known) - known + before;
                let continued = index > 0 || self.part.found;
                write_span(out, continued, span.kind.as_str(), start, span.end - known + before);
            }
            return;
        }
        let mut kept = known;
        for span in spans {
            out.extend_from_slice(seen.get(kept..span.start).unwrap_or_default());
            out.extend_from_slice(b"[redacted]");
            kept = span.end;
        }
        out.extend_from_slice(seen.get(kept..end).unwrap_or_default());
    }

    /// Opens the array of a line in parts: before its first span, or at its end if it has none.
    fn open(&self, out: &mut Vec<u8>) {
        if !self.part.found {
            out.push(b'[');
        }
    }
}

fn write_span(out: &mut Vec<u8>, continued: bool, kind: &str, start: usize, end: usize) {
    let comma = if continued { "," } else { "" };
    // A Vec takes everything.
    let _ = write!(out, r#"{comma}{{"kind":"{kind}","start":{start},"end":{end}}}"#);
}
