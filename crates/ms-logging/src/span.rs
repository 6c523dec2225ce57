//! The fields of a span, kept ready for the lines of its events.

use smallvec::SmallVec;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::format::Style;
use crate::visit::Parts;

/// The longest text of one span.
pub(crate) const LONGEST: usize = 8 * 1024;

/// In place, since each allocation of a span is one of a request.
const MOST_TEXTS: usize = 2;
const MOST_FIELDS: usize = 8;

/// What the loggers have written of a span; usually there is one logger with one or two styles.
#[derive(Debug)]
pub(crate) struct SpanTexts {
    texts: SmallVec<[SpanText; MOST_TEXTS]>,
    /// Its place in a trace, if it is the span of a request.
    #[cfg(feature = "http")]
    pub(crate) ids: Option<crate::ids::Ids>,
    /// When it began, in nanoseconds since 1970, if it is to be exported.
    #[cfg(feature = "otlp")]
    pub(crate) begun: Option<u64>,
    /// It is that of a request, and not one below.
    #[cfg(feature = "otlp")]
    pub(crate) is_request: bool,
}

#[derive(Debug)]
struct SpanText {
    logger: u64,
    json: bool,
    bytes: Vec<u8>,
    /// Each field's index, and where its text begins.
    starts: SmallVec<[(usize, usize); MOST_FIELDS]>,
    /// There was more.
    truncated: bool,
}

impl SpanTexts {
    /// Of a span that is just being made.
    #[cfg_attr(
        not(feature = "http"),
        allow(unused_variables, reason = "only the request layer hands ids over")
    )]
    pub(crate) fn new(metadata: &Metadata<'_>) -> Self {
        Self {
            texts: SmallVec::new(),
            #[cfg(feature = "http")]
            ids: crate::ids::handed_over(metadata),
            #[cfg(feature = "otlp")]
            begun: None,
            #[cfg(feature = "otlp")]
            is_request: crate::ids::handed_over(metadata).is_some(),
        }
    }

    /// Takes over what was just written; a field that was written before gets its new value.
    pub(crate) fn merge(&mut self, logger: u64, style: Style, parts: &Parts, truncated: bool) {
        let json = style.is_json();
        let written = self.texts.iter_mut().find(|text| text.logger == logger && text.json == json);
        if let Some(text) = written {
            text.truncated |= truncated;
            return text.merge(parts, json);
        }
        let starts = SmallVec::from_slice(&parts.starts);
        self.texts.push(SpanText { logger, json, bytes: parts.fields.clone(), starts, truncated });
    }

    /// The fields, separated by `,` or a space, and whether there were more.
    pub(crate) fn of(&self, logger: u64, style: Style) -> (&[u8], bool) {
        let json = style.is_json();
        let text = self.texts.iter().find(|text| text.logger == logger && text.json == json);
        text.map_or((b"", false), |text| (&text.bytes, text.truncated))
    }
}

/// Gives a span that is to be exported its beginning, and a place in the trace of its parent or in one of its own.
#[cfg(feature = "otlp")]
pub(crate) fn begin<'a, R: LookupSpan<'a>>(span: &SpanRef<'a, R>) {
    let parent = span.parent().and_then(|parent| parent.extensions().get::<SpanTexts>()?.ids);
    let mut extensions = span.extensions_mut();
    let Some(texts) = extensions.get_mut::<SpanTexts>() else { return };
    let below = |parent: crate::ids::Ids| crate::ids::Ids::below(parent.trace, parent.span, parent.sampled);
    texts.ids.get_or_insert_with(|| parent.map_or_else(crate::ids::Ids::root, below));
    texts.begun = Some(now());
}

/// Nanoseconds since 1970.
#[cfg(feature = "otlp")]
pub(crate) fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// The ids of the innermost span that has some.
#[cfg(feature = "http")]
pub(crate) fn ids_of<S>(event: &Event<'_>, ctx: &Context<'_, S>) -> Option<crate::ids::Ids>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    ctx.event_scope(event)?.find_map(|span| span.extensions().get::<SpanTexts>()?.ids)
}

impl SpanText {
    fn merge(&mut self, parts: &Parts, json: bool) {
        let old = std::mem::take(&mut self.bytes);
        let starts = std::mem::take(&mut self.starts);
        let kept =
            pieces(&old, &starts).filter(|(index, _)| parts.starts.iter().all(|(newer, _)| newer != index));
        for (index, piece) in kept.chain(pieces(&parts.fields, &parts.starts)) {
            if self.bytes.len() + piece.len() > LONGEST {
                self.truncated = true;
                continue;
            }
            if !self.bytes.is_empty() {
                self.bytes.push(if json { b',' } else { b' ' });
            }
            self.starts.push((index, self.bytes.len()));
            self.bytes.extend_from_slice(piece);
        }
    }
}

/// Visits the spans that an event is in, outermost first, until one says `false`.
pub(crate) fn outermost_first<'a, S>(
    event: &Event<'_>,
    ctx: &'a Context<'_, S>,
    mut visit: impl FnMut(&SpanRef<'a, S>) -> bool,
) where
    S: Subscriber + for<'s> LookupSpan<'s>,
{
    let Some(innermost) = ctx.event_span(event) else { return };
    if innermost.parent().is_none() {
        // Turning the order round costs as much as writing the span.
        visit(&innermost);
        return;
    }
    for span in innermost.scope().from_root() {
        if !visit(&span) {
            return;
        }
    }
}

/// Each field with its text, without the separator before the next.
fn pieces<'a>(bytes: &'a [u8], starts: &'a [(usize, usize)]) -> impl Iterator<Item = (usize, &'a [u8])> {
    let ends = starts.iter().skip(1).map(|(_, start)| start - 1).chain([bytes.len()]);
    starts.iter().zip(ends).map(|((index, start), end)| (*index, bytes.get(*start..end).unwrap_or_default()))
}
