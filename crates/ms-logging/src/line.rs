//! One line of one sink, from its parts.

use tracing::{Event, Metadata, Subscriber};
use tracing_log::NormalizeEvent as _;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::format::timestamp::Instant;
use crate::format::{Style, escape, json, pretty, text};
use crate::layer::{Core, Desk};
use crate::plan::{self, Plan, PlanKind};
use crate::span::{self, SpanTexts};
use crate::visit::{self, FieldWriter};

/// The longest line, with its end; what is longer is cut and says so.
pub(crate) const LONGEST: usize = 64 * 1024;
/// What may stand behind the spans: the ids of the innermost one, and that something was left out.
const TAIL: usize = 128;
/// The longest target; records of the crate `log` may bring any.
const LONGEST_TARGET: usize = 512;

impl Core {
    /// Writes the line that the desk's buffer then holds; `true` if something was left out.
    pub(crate) fn write_line<S>(
        &self,
        desk: &mut Desk,
        style: Style,
        now: Instant,
        event: &Event<'_>,
        plan: &Plan,
        ctx: &Context<'_, S>,
    ) -> bool
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        // In the text log the message of a structured event is its JSON, as with `logger.info(json.dumps(…))`.
        let is_json = plan.kind.is_structured() && style == Style::Text;
        let shape = if is_json { Style::Json } else { style };
        let mut writer =
            FieldWriter::new(shape, &plan.fields, &self.redactor, &mut desk.parts, visit::LONGEST);
        event.record(&mut writer);
        let truncated = writer.truncated;
        desk.line.clear();
        if style == Style::Text {
            let Desk { line, local, .. } = desk;
            text::head(line, now, local, &self.zone, &self.name, *event.metadata().level());
        }
        let truncated = match shape {
            Style::Json => self.json_line(desk, now, event, plan, truncated, ctx),
            Style::Text | Style::Pretty { .. } => {
                self.text_line(desk, style, now, event, plan, truncated, ctx)
            }
        };
        desk.line.push(b'\n');
        truncated
    }

    fn json_line<S>(
        &self,
        desk: &mut Desk,
        now: Instant,
        event: &Event<'_>,
        plan: &Plan,
        mut truncated: bool,
        ctx: &Context<'_, S>,
    ) -> bool
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let (line, parts) = (&mut desk.line, &desk.parts);
        json::head(line, now, &mut desk.utc);
        if plan.kind.is_structured() {
            line.push(b'"');
            line.extend_from_slice(&parts.message);
            line.extend_from_slice(b"\",\"data\":");
            if plan.kind == PlanKind::Structured && !parts.fields.is_empty() {
                line.extend_from_slice(&parts.fields);
            } else {
                line.push(b'{');
                line.extend_from_slice(&parts.fields);
                if truncated {
                    line.extend_from_slice(separator(&parts.fields));
                    line.extend_from_slice(b"\"truncated\":true");
                }
                line.push(b'}');
            }
            line.push(b'}');
            return truncated;
        }
        line.extend_from_slice(b"\"log\",\"data\":{");
        match event.normalized_metadata().filter(|_| plan.kind == PlanKind::Log) {
            Some(log) => plan::json_head(line, *log.level(), target_of(&log)),
            None => line.extend_from_slice(&plan.json_head),
        }
        if !parts.message.is_empty() {
            line.extend_from_slice(b",\"message\":\"");
            line.extend_from_slice(&parts.message);
            line.push(b'"');
        }
        if !parts.fields.is_empty() {
            line.extend_from_slice(b",\"fields\":{");
            line.extend_from_slice(&parts.fields);
            line.push(b'}');
        }
        truncated |= self.json_spans(line, event, ctx);
        line.extend_from_slice(if truncated { b",\"truncated\":true}}" } else { b"}}" });
        truncated
    }

    /// Writes the spans that the event is in, outermost first; `true` if they are too many or say too much.
    fn json_spans<S>(&self, line: &mut Vec<u8>, event: &Event<'_>, ctx: &Context<'_, S>) -> bool
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let mut before: &[u8] = b",\"spans\":[";
        let mut all = true;
        #[cfg(feature = "http")]
        let mut ids = None;
        span::outermost_first(event, ctx, |span| {
            let mark = line.len();
            line.extend_from_slice(before);
            line.extend_from_slice(b"{\"name\":\"");
            escape::json(line, span.name());
            line.push(b'"');
            if let Some(texts) = span.extensions().get::<SpanTexts>() {
                #[cfg(feature = "http")]
                {
                    ids = texts.ids.or(ids);
                }
                let (fields, truncated) = texts.of(self.id, Style::Json);
                all &= !truncated;
                if !fields.is_empty() {
                    line.extend_from_slice(b",\"fields\":{");
                    line.extend_from_slice(fields);
                    line.push(b'}');
                }
            }
            line.push(b'}');
            if line.len() > LONGEST - TAIL {
                line.truncate(mark);
                all = false;
                return false;
            }
            before = b",";
            true
        });
        if before == b"," {
            line.push(b']');
        }
        #[cfg(feature = "http")]
        if let Some(ids) = ids {
            json_ids(line, &ids);
        }
        !all
    }

    #[allow(clippy::too_many_arguments, reason = "what a line is made of")]
    fn text_line<S>(
        &self,
        desk: &mut Desk,
        style: Style,
        now: Instant,
        event: &Event<'_>,
        plan: &Plan,
        truncated: bool,
        ctx: &Context<'_, S>,
    ) -> bool
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let Desk { line, parts, local, .. } = desk;
        if let Style::Pretty { color } = style {
            let log = event.normalized_metadata().filter(|_| plan.kind == PlanKind::Log);
            let target = log.map(|log| {
                let mut target = Vec::new();
                escape::plain(&mut target, target_of(&log));
                target
            });
            let target = target.as_deref().unwrap_or(&plan.target);
            pretty::head(line, now, local, &self.zone, *event.metadata().level(), target, color);
        }
        line.extend_from_slice(&parts.message);
        if !parts.message.is_empty() && !parts.fields.is_empty() {
            line.push(b' ');
        }
        line.extend_from_slice(&parts.fields);
        let truncated = self.text_spans(line, event, ctx) || truncated;
        if truncated {
            line.extend_from_slice(b" truncated=true");
        }
        truncated
    }

    /// Writes ` in request{id=7}:query{}`; `true` if there are too many or they say too much.
    fn text_spans<S>(&self, line: &mut Vec<u8>, event: &Event<'_>, ctx: &Context<'_, S>) -> bool
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let mut before: &[u8] = b" in ";
        let mut all = true;
        span::outermost_first(event, ctx, |span| {
            let mark = line.len();
            line.extend_from_slice(before);
            before = b":";
            text::word(line, span.name());
            line.push(b'{');
            if let Some(texts) = span.extensions().get::<SpanTexts>() {
                let (fields, truncated) = texts.of(self.id, Style::Text);
                line.extend_from_slice(fields);
                all &= !truncated;
            }
            line.push(b'}');
            let fits = line.len() <= LONGEST - TAIL;
            if !fits {
                line.truncate(mark);
                all = false;
            }
            fits
        });
        !all
    }
}

fn target_of<'m>(log: &Metadata<'m>) -> &'m str {
    let target = log.target();
    target.get(..target.floor_char_boundary(LONGEST_TARGET)).unwrap_or_default()
}

/// Of digits alone, so that nothing needs escaping.
#[cfg(feature = "http")]
fn json_ids(line: &mut Vec<u8>, ids: &crate::ids::Ids) {
    line.extend_from_slice(b",\"trace_id\":\"");
    line.extend_from_slice(ids.trace.as_str().as_bytes());
    line.extend_from_slice(b"\",\"span_id\":\"");
    line.extend_from_slice(ids.span.as_str().as_bytes());
    line.push(b'"');
}

fn separator(fields: &[u8]) -> &'static [u8] {
    if fields.is_empty() { b"" } else { b"," }
}

#[cfg(test)]
mod tests {
    use crate::format::Style;
    use crate::redact::Redactor;

    #[test]
    fn a_terminal_shows_structured_data_as_pairs() {
        let mut out = Vec::new();
        let data = r#"{"z":1,"patient_name":"Ayşe","n":{"a":[1]}}"#;
        crate::structured::write(&mut out, data, Style::Pretty { color: false }, &Redactor::default())
            .unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), r#"z=1 patient_name=[redacted] n={"a":[1]}"#);
    }
}
