//! The layer: from an event to one line a sink.

use std::cell::RefCell;
use std::sync::Arc;

use jiff::tz::TimeZone;
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Metadata, Subscriber};
use tracing_log::NormalizeEvent as _;
use tracing_subscriber::filter::Filtered;
use tracing_subscriber::layer::{Context, Layer};
#[cfg(feature = "otlp")]
use tracing_subscriber::registry::SpanRef;
use tracing_subscriber::registry::{LookupSpan, Registry};

use crate::format::Style;
#[cfg(feature = "otlp")]
use crate::format::escape;
use crate::format::timestamp::{Instant, Stamp};
use crate::levels::{Levels, LevelsFilter};
use crate::limit::Limits;
#[cfg(feature = "otlp")]
use crate::otlp::{end_record, end_span, is_exporting};
use crate::plan::{self, Plan, PlanKind, Plans};
use crate::queue::{LeftOut, Queue};
use crate::redact::Redactor;
use crate::sample::Sampling;
use crate::sink::SinkKind;
use crate::span::{self, SpanTexts};
use crate::visit::{FieldWriter, Parts};

/// [`EventLayer`] behind its own level filter, which no other layer of the subscriber notices.
pub type LoggingLayer<S = Registry> = Filtered<EventLayer, LevelsFilter, S>;

/// Writes each event that it is given to every sink; made by [`LoggingBuilder::layer`](crate::LoggingBuilder::layer).
#[derive(Debug)]
pub struct EventLayer {
    core: Arc<Core>,
    levels: Levels,
}

/// What one logger is made of.
#[derive(Debug)]
pub(crate) struct Core {
    /// Tells loggers of one process apart.
    pub(crate) id: u64,
    pub(crate) name: Vec<u8>,
    pub(crate) zone: TimeZone,
    pub(crate) redactor: Redactor,
    pub(crate) sinks: Vec<Sink>,
    pub(crate) limits: Option<Limits>,
    pub(crate) sampling: Sampling,
}

#[derive(Debug)]
pub(crate) struct Sink {
    pub(crate) style: Style,
    pub(crate) kind: SinkKind,
    pub(crate) queue: Arc<Queue>,
}

/// What a thread keeps from event to event.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) line: Vec<u8>,
    pub(crate) parts: Parts,
    plans: Plans,
    pub(crate) utc: Stamp,
    pub(crate) local: Stamp,
    /// Whose zone the local time is in.
    local_of: u64,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            line: Vec::new(),
            parts: Parts::default(),
            plans: Plans::default(),
            utc: Stamp::rfc3339(),
            local: Stamp::python(),
            local_of: 0,
        }
    }
}

thread_local! {
    static DESK: RefCell<Desk> = RefCell::default();
}

/// A value that logs while it is formatted, and a thread that is about to end, get a desk for once.
fn at_desk<R>(work: impl FnOnce(&mut Desk) -> R) -> R {
    let mut work = Some(work);
    let done = DESK.try_with(|desk| {
        let mut desk = desk.try_borrow_mut().ok()?;
        work.take().map(|work| work(&mut desk))
    });
    match (done, work) {
        (Ok(Some(result)), _) => result,
        (_, Some(work)) => work(&mut Desk::default()),
        #[allow(clippy::unreachable, reason = "the work is taken only where its result is given")]
        (_, None) => unreachable!("taken and not done"),
    }
}

impl EventLayer {
    pub(crate) fn new(core: Arc<Core>, levels: Levels) -> Self {
        Self { core, levels }
    }
}

impl<S> Layer<S> for EventLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_register_dispatch(&self, home: &Dispatch) {
        self.levels.join(home);
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        let Some(span) = ctx.span(id) else { return };
        self.core.record_span(
            attributes.metadata(),
            |visitor| attributes.record(visitor),
            |merge| {
                let mut extensions = span.extensions_mut();
                if let Some(texts) = extensions.get_mut::<SpanTexts>() {
                    merge(texts);
                } else {
                    let mut texts = SpanTexts::new(attributes.metadata());
                    merge(&mut texts);
                    extensions.insert(texts);
                }
            },
        );
        #[cfg(feature = "otlp")]
        if self.core.exports_spans() && !is_exporting() {
            span::begin(&span);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, ctx: Context<'_, S>) {
        let Some(span) = ctx.span(id) else { return };
        self.core.record_span(
            span.metadata(),
            |visitor| values.record(visitor),
            |merge| {
                if let Some(texts) = span.extensions_mut().get_mut::<SpanTexts>() {
                    merge(texts);
                }
            },
        );
    }

    #[cfg(feature = "otlp")]
    fn on_close(&self, id: Id, ctx: Context<'_, S>) {
        if let Some(span) = ctx.span(&id) {
            self.core.export_span(&span);
        }
    }

    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        let now = Instant::now();
        let core = &*self.core;
        at_desk(|desk| {
            if desk.local_of != core.id {
                (desk.local, desk.local_of) = (Stamp::python(), core.id);
            }
            let plan = desk.plans.of(core.id, event.metadata(), || core.plan(event));
            if core.samples_out(event, &plan, &ctx) {
                return core.leave_out(event, LeftOut::Sampled);
            }
            if let (Some(limits), Some(site)) = (&core.limits, &plan.site)
                && !limits.admits(site)
            {
                return core.leave_out(event, LeftOut::RateLimited);
            }
            for sink in core.event_sinks() {
                #[cfg(feature = "otlp")]
                if sink.kind == SinkKind::Records && is_exporting() {
                    continue;
                }
                if core.write_line(desk, sink.style, now, event, &plan, &ctx) {
                    sink.queue.truncated();
                }
                #[cfg(feature = "otlp")]
                if sink.kind == SinkKind::Records {
                    let ids = span::ids_of(event, &ctx);
                    end_record(&mut desk.line, *event.metadata().level(), ids.as_ref());
                }
                sink.queue.push(&desk.line, *event.metadata().level());
            }
        });
    }
}

impl Core {
    /// Closes every sink and gives the number of lines that were not written by then.
    pub(crate) fn shutdown(&self, deadline: std::time::Instant) -> u64 {
        if let Some(limits) = &self.limits {
            // A sink that hangs may hold up the line for all; the others need time to end.
            let left = deadline.saturating_duration_since(std::time::Instant::now());
            limits.end(deadline - left / 2);
        }
        self.sinks.iter().for_each(|sink| sink.queue.close());
        self.sinks.iter().map(|sink| sink.queue.join(deadline)).sum()
    }

    fn leave_out(&self, event: &Event<'_>, why: LeftOut) {
        self.event_sinks().for_each(|sink| sink.queue.leave_out(*event.metadata().level(), why));
    }

    pub(crate) fn event_sinks(&self) -> impl Iterator<Item = &Sink> {
        self.sinks.iter().filter(|sink| sink.kind.takes_events())
    }

    /// Tells whether spans have to be timed and named.
    #[cfg(feature = "otlp")]
    pub(crate) fn exports_spans(&self) -> bool {
        self.sinks.iter().any(|sink| sink.kind == SinkKind::Spans)
    }

    /// Exports a span that is over, if it is of a trace that is to be recorded.
    #[cfg(feature = "otlp")]
    fn export_span<'a, R: LookupSpan<'a>>(&self, span: &SpanRef<'a, R>) {
        let extensions = span.extensions();
        let Some(texts) = extensions.get::<SpanTexts>() else { return };
        let (Some(ids), Some(begun)) = (texts.ids.filter(|ids| ids.sampled), texts.begun) else { return };
        at_desk(|desk| {
            for sink in self.sinks.iter().filter(|sink| sink.kind == SinkKind::Spans) {
                let line = &mut desk.line;
                line.clear();
                line.extend_from_slice(b"{\"name\":\"");
                escape::json(line, span.name());
                line.extend_from_slice(b"\",\"target\":\"");
                escape::json(line, span.metadata().target());
                line.extend_from_slice(b"\",\"fields\":{");
                line.extend_from_slice(texts.of(self.id, Style::Json).0);
                line.extend_from_slice(b"}}");
                end_span(line, &ids, begun, span::now(), texts.is_request);
                // All alike: that the span of a request is an ERROR is for its events, and no hurry.
                sink.queue.push(line, tracing::Level::INFO);
            }
        });
    }

    fn plan(&self, event: &Event<'_>) -> Plan {
        let metadata = event.metadata();
        let kind = match metadata.name() {
            plan::EVENT if starts_with_type(metadata) => PlanKind::Event,
            plan::STRUCTURED if starts_with_type(metadata) => PlanKind::Structured,
            _ if event.is_log() => PlanKind::Log,
            _ => PlanKind::Ordinary,
        };
        // Records of `log` and of `StructuredLogger` come from all over the program through one call site.
        let is_one = matches!(kind, PlanKind::Ordinary | PlanKind::Event);
        let site = self.limits.as_ref().filter(|_| is_one).map(|limits| limits.site(metadata));
        let rate = self.sampling.rate(metadata).filter(|_| kind == PlanKind::Ordinary).cloned();
        Plan { site, rate, ..Plan::new(metadata, kind, &self.redactor) }
    }

    /// Writes the fields of a span once for each shape that the sinks have.
    fn record_span(
        &self,
        metadata: &'static Metadata<'static>,
        record: impl Fn(&mut FieldWriter<'_>),
        merge: impl Fn(&mut dyn FnMut(&mut SpanTexts)),
    ) {
        at_desk(|desk| {
            let plan =
                desk.plans.of(self.id, metadata, || Plan::new(metadata, PlanKind::Span, &self.redactor));
            for style in self.span_styles() {
                let mut writer =
                    FieldWriter::new(style, &plan.fields, &self.redactor, &mut desk.parts, span::LONGEST);
                record(&mut writer);
                let truncated = writer.truncated;
                merge(&mut |texts| texts.merge(self.id, style, &desk.parts, truncated));
            }
        });
    }

    fn span_styles(&self) -> impl Iterator<Item = Style> {
        let has = |json: bool| self.sinks.iter().any(|sink| sink.style.is_json() == json);
        [has(false).then_some(Style::Text), has(true).then_some(Style::Json)].into_iter().flatten()
    }
}

/// Only the macros make such call sites; a name alone is no proof.
fn starts_with_type(metadata: &Metadata<'_>) -> bool {
    metadata.fields().iter().next().is_some_and(|field| field.name() == "event_type")
}
