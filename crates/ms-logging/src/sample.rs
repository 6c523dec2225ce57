//! Which events are written, where only a share of them is to be.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::{Event, Level, Metadata, Subscriber};
use tracing_log::NormalizeEvent as _;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::layer::Core;
use crate::plan::{Plan, PlanKind};

/// The share that is all, in the 63 bits that are compared.
const ALL: u64 = 1 << 63;
/// 2^64 divided by the golden ratio. Its multiples fill the range evenly, however many are taken and at whatever steps: a
/// call site that is every second event is sampled as the others are.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Who has changed levels is on record, whatever else is left out.
const ALWAYS: &str = "ms_logging::levels";

/// The shares by target and level.
#[derive(Debug, Default)]
pub(crate) struct Sampling {
    /// Those for the longest target first, and of one target those for the least severe level.
    rates: Vec<Arc<Rate>>,
}

/// The share of one target and level.
#[derive(Debug)]
pub(crate) struct Rate {
    directive: Directive,
    /// How many of [`ALL`] values are kept.
    kept: u64,
    events: AtomicU64,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Directive {
    pub(crate) target: String,
    /// What is as severe as this, or less.
    pub(crate) level: Level,
    pub(crate) ratio: f64,
}

/// What a directive must be.
pub(crate) const EXPECTED: &str =
    "a share from 0 to 1 of a level from `warn` to `trace`, such as `sqlx=debug:0.01` or `info:0.1`";

impl Directive {
    /// Reads `target=level:ratio` or `level:ratio`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (place, ratio) = text.rsplit_once(':')?;
        let (target, level) = place.rsplit_once('=').unwrap_or(("", place));
        // By name alone, as elsewhere.
        let level = level.trim();
        let named = level.bytes().all(|byte| byte.is_ascii_alphabetic());
        let level = level.parse().ok().filter(|_| named)?;
        let directive = Self { target: target.trim().to_owned(), level, ratio: ratio.trim().parse().ok()? };
        directive.is_possible().then_some(directive)
    }

    /// An ERROR is always written.
    pub(crate) fn is_possible(&self) -> bool {
        self.level != Level::ERROR && (0.0..=1.0).contains(&self.ratio)
    }

    fn applies(&self, target: &str, level: Level) -> bool {
        let below = target.strip_prefix(self.target.as_str());
        let is_below =
            self.target.is_empty() || below.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
        is_below && level >= self.level && target != ALWAYS
    }
}

impl Sampling {
    /// Of two directives for the same target and level the later one counts.
    pub(crate) fn new(directives: &[Directive]) -> Self {
        let mut rates: Vec<Arc<Rate>> =
            directives.iter().rev().map(|directive| Arc::new(Rate::new(directive))).collect();
        rates.sort_by_key(|rate| {
            let Directive { target, level, .. } = &rate.directive;
            (std::cmp::Reverse(target.len()), std::cmp::Reverse(*level))
        });
        Self { rates }
    }

    /// The share that is kept of these events; nothing if that is all.
    pub(crate) fn rate(&self, metadata: &Metadata<'_>) -> Option<&Arc<Rate>> {
        let (target, level) = (metadata.target(), *metadata.level());
        self.rates.iter().find(|rate| rate.directive.applies(target, level)).filter(|rate| rate.kept < ALL)
    }
}

impl Rate {
    fn new(directive: &Directive) -> Self {
        // Exact: 2^63 is a power of two, and the product of it no greater.
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "from 0 to 2^63"
        )]
        let kept = (directive.ratio * ALL as f64) as u64;
        Self { directive: directive.clone(), kept, events: AtomicU64::new(0) }
    }

    /// Tells whether an event is kept. All events of a trace are, or none of them, here and in every process that keeps the
    /// same share: the last 64 bits of its id are compared, as by the `TraceIdRatioBased` of OpenTelemetry's SDK for Go.
    pub(crate) fn admits(&self, trace: Option<u64>) -> bool {
        let bits = trace.unwrap_or_else(|| self.events.fetch_add(1, Ordering::Relaxed).wrapping_mul(STEP));
        bits >> 1 < self.kept
    }
}

impl Core {
    /// Tells whether an event is of the share that is left out.
    pub(crate) fn samples_out<S>(&self, event: &Event<'_>, plan: &Plan, ctx: &Context<'_, S>) -> bool
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let rate = match plan.kind {
            // One call site for all targets; to ask for that of a record costs as much as to write it.
            PlanKind::Log if !self.sampling.rates.is_empty() => {
                event.normalized_metadata().and_then(|log| self.sampling.rate(&log))
            }
            _ => plan.rate.as_ref(),
        };
        rate.is_some_and(|rate| !rate.admits(trace_of(event, ctx)))
    }
}

/// What of the id of the trace that an event is in decides.
#[cfg(feature = "http")]
fn trace_of<S>(event: &Event<'_>, ctx: &Context<'_, S>) -> Option<u64>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    crate::span::ids_of(event, ctx).map(|ids| ids.trace.last_bits())
}

/// Only the request layer begins traces.
#[cfg(not(feature = "http"))]
fn trace_of<S>(_: &Event<'_>, _: &Context<'_, S>) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn directives(list: &[&str]) -> Vec<Directive> {
        list.iter().map(|text| Directive::parse(text).unwrap_or_else(|| panic!("{text}"))).collect()
    }

    #[test]
    fn directives_are_read_or_refused() {
        let parsed = Directive::parse("a::b=debug:0.25").unwrap();
        assert_eq!(parsed, Directive { target: "a::b".to_owned(), level: Level::DEBUG, ratio: 0.25 });
        let parsed = Directive::parse(" WARN : 1 ").unwrap();
        assert_eq!(parsed, Directive { target: String::new(), level: Level::WARN, ratio: 1.0 });
        for text in [
            "",
            "info",
            "0.5",
            "error:0.5",
            "a=error:0.5",
            "info:1.5",
            "info:-0.1",
            "info:NaN",
            "3:0.5",
            "a=loud:0.1",
        ] {
            assert_eq!(Directive::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_longest_target_and_then_the_nearest_level_decides() {
        let sampling = Sampling::new(&directives(&[
            "info:0.5",
            "a=debug:0.1",
            "a::b=info:0.2",
            "a::b=debug:0.3",
            "info:0.9",
        ]));
        let ratio = |target: &str, level: Level| {
            sampling
                .rates
                .iter()
                .find(|rate| rate.directive.applies(target, level))
                .map(|rate| rate.directive.ratio)
        };
        assert_eq!(ratio("a::b::c", Level::INFO), Some(0.2));
        assert_eq!(ratio("a::b", Level::TRACE), Some(0.3));
        assert_eq!(ratio("a", Level::INFO), Some(0.9), "that of all, since its own is for DEBUG");
        assert_eq!(ratio("a::bc", Level::DEBUG), Some(0.1));
        assert_eq!(ratio("x", Level::DEBUG), Some(0.9), "the later of two");
        assert_eq!((ratio("a::b", Level::WARN), ratio("a", Level::ERROR)), (None, None));
        assert_eq!(ratio(ALWAYS, Level::INFO), None, "an account of who did what");
    }

    proptest! {
        #[test]
        fn the_share_is_kept_of_any_run_and_at_any_step(ratio in 0.0..=1.0_f64, skipped in 0..1000_usize, step in 1..20_usize) {
            let rate = Rate::new(&Directive { target: String::new(), level: Level::INFO, ratio });
            let kept: Vec<bool> = (0..20_000).map(|_| rate.admits(None)).collect();
            let seen: Vec<_> = kept.iter().skip(skipped).step_by(step).collect();
            let share = seen.iter().filter(|kept| ***kept).count() as f64;
            // The discrepancy of such a sequence is a few events.
            prop_assert!((share - ratio * seen.len() as f64).abs() < 12.0, "{share} of {}", seen.len());
        }

        #[test]
        fn a_trace_is_whole_and_in_every_larger_share(trace: u64, one in 0.0..=1.0_f64, other in 0.0..=1.0_f64) {
            let rate = |ratio| Rate::new(&Directive { target: String::new(), level: Level::INFO, ratio });
            let (small, large) = (rate(one.min(other)), rate(one.max(other)));
            let admitted = small.admits(Some(trace));
            prop_assert!((0..9).all(|_| small.admits(Some(trace)) == admitted));
            prop_assert!(!admitted || large.admits(Some(trace)));
        }
    }
}
