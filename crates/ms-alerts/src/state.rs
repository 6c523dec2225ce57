//! The state of one alert: a pure machine, to which time is handed in.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use tokio::time::Instant;

/// How long an alert is still shown as resolved, as in Prometheus.
const RESOLVED_SHOWN: Duration = Duration::from_secs(15 * 60);

/// Where an alert, or a rule as a whole, stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum State {
    /// The condition does not hold.
    Inactive,
    /// The condition holds, but not yet for long enough, or too soon after the last firing.
    Pending,
    /// The alert fires.
    Firing,
    /// The alert fired within the last 15 minutes, and does no more.
    Resolved,
    /// The metric is missing or not a number. Neither fires nor resolves anything.
    NoData,
}

impl State {
    /// Gives the state's name in lower case, words joined by `_`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Pending => "pending",
            Self::Firing => "firing",
            Self::Resolved => "resolved",
            Self::NoData => "no_data",
        }
    }
}

/// What one evaluation saw of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    Holds,
    Clear,
    /// No number to judge by.
    Nothing,
}

/// One moment on both clocks: durations come from the monotonic one, the other is for people.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Now {
    pub(crate) at: Instant,
    pub(crate) wall: Timestamp,
}

impl Now {
    pub(crate) fn read() -> Self {
        Self { at: Instant::now(), wall: Timestamp::now() }
    }
}

/// How long things take for a rule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    /// How long the condition must hold before the alert fires.
    pub(crate) hold: Duration,
    /// How long the condition must not hold before the alert resolves.
    pub(crate) keep_firing: Duration,
    /// The shortest time between two firings, and how long one lasts: the condition that still holds then fires again.
    /// `None` fires once for as long as it holds, as in Prometheus.
    pub(crate) window: Option<Duration>,
    /// In how many of how many evaluations the condition must hold to count as holding.
    pub(crate) needed: (u32, u32),
}

impl Default for Timing {
    fn default() -> Self {
        Self { hold: Duration::ZERO, keep_firing: Duration::ZERO, window: None, needed: (1, 1) }
    }
}

impl Timing {
    /// Resolves at the next evaluation that is clear, whatever was before.
    pub(crate) fn at_once(&self) -> Self {
        Self { keep_firing: Duration::ZERO, needed: (1, 1), ..*self }
    }
}

/// The most evaluations that [`Timing::needed`] may look back at.
pub(crate) const MOST_EVALUATIONS: u32 = u64::BITS;

/// What others must be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Fired,
    Resolved,
}

/// The memory of one alert.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Track {
    pub(crate) state: State,
    /// When the condition began to hold, while it does.
    pub(crate) since: Option<Now>,
    pub(crate) fired: Option<Now>,
    pub(crate) resolved: Option<Now>,
    /// When a firing alert's condition was first seen not to hold.
    pub(crate) clear_since: Option<Instant>,
    /// In which evaluations the condition held, the newest in the lowest bit.
    pub(crate) recent: u64,
}

impl Default for Track {
    fn default() -> Self {
        Self {
            state: State::Inactive,
            since: None,
            fired: None,
            resolved: None,
            clear_since: None,
            recent: 0,
        }
    }
}

impl Track {
    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// When the condition began to hold; of a resolved alert, when it did before it fired.
    pub(crate) fn active_at(&self) -> Option<Timestamp> {
        self.since.map(|since| since.wall)
    }

    pub(crate) fn fired_at(&self) -> Option<Timestamp> {
        self.fired.map(|fired| fired.wall)
    }

    pub(crate) fn resolved_at(&self) -> Option<Timestamp> {
        self.resolved.map(|resolved| resolved.wall)
    }

    /// Tells whether nothing is lost when the alert is forgotten: it neither stands nor cools down.
    pub(crate) fn is_over(&self, now: Now, timing: &Timing) -> bool {
        let cooled = self.is_cool(now, timing);
        let shown = self.resolved.is_some_and(|resolved| elapsed(resolved.at, now.at) < RESOLVED_SHOWN);
        !matches!(self.state, State::Firing | State::Pending) && cooled && !shown && self.recent == 0
    }

    /// Takes in what an evaluation saw.
    pub(crate) fn step(&mut self, seen: Seen, now: Now, timing: &Timing) -> Option<Change> {
        match (self.state, self.confirm(seen, timing)) {
            (State::Firing, Seen::Nothing) => None,
            (State::Firing, Seen::Holds) => self.last(now, timing),
            (State::Firing, Seen::Clear) => self.clear(now, timing),
            (_, Seen::Holds) => self.hold(now, timing),
            (State::Resolved, Seen::Clear) if !self.shown_long_enough(now) => None,
            (_, Seen::Clear) => self.rest(State::Inactive),
            // A gap is no proof that the condition held throughout.
            (_, Seen::Nothing) => self.rest(State::NoData),
        }
    }

    /// What the last evaluations together say. One without a number is no proof that the condition held; while the alert
    /// fires it is none of the opposite either.
    fn confirm(&mut self, seen: Seen, timing: &Timing) -> Seen {
        if seen == Seen::Nothing && self.state == State::Firing {
            return seen;
        }
        let (times, of) = timing.needed;
        let all = u64::MAX.checked_shr(MOST_EVALUATIONS.saturating_sub(of)).unwrap_or(0);
        self.recent = (self.recent << 1 | u64::from(seen == Seen::Holds)) & all;
        match seen {
            Seen::Nothing => Seen::Nothing,
            _ if self.recent.count_ones() >= times => Seen::Holds,
            _ => Seen::Clear,
        }
    }

    fn rest(&mut self, state: State) -> Option<Change> {
        self.state = state;
        self.since = None;
        None
    }

    fn hold(&mut self, now: Now, timing: &Timing) -> Option<Change> {
        if self.state != State::Pending {
            self.state = State::Pending;
            self.since = Some(now);
        }
        let since = self.since.get_or_insert(now).at;
        if elapsed(since, now.at) < timing.hold || !self.is_cool(now, timing) {
            return None;
        }
        self.state = State::Firing;
        self.fired = Some(now);
        self.resolved = None;
        self.clear_since = None;
        Some(Change::Fired)
    }

    /// An alert that goes on.
    fn last(&mut self, now: Now, timing: &Timing) -> Option<Change> {
        self.clear_since = None;
        if timing.window.is_none() || !self.is_cool(now, timing) {
            return None;
        }
        self.fired = Some(now);
        Some(Change::Fired)
    }

    fn is_cool(&self, now: Now, timing: &Timing) -> bool {
        let cool = |fired: Now| timing.window.is_none_or(|window| elapsed(fired.at, now.at) >= window);
        self.fired.is_none_or(cool)
    }

    fn clear(&mut self, now: Now, timing: &Timing) -> Option<Change> {
        let clear_since = *self.clear_since.get_or_insert(now.at);
        if elapsed(clear_since, now.at) < timing.keep_firing {
            return None;
        }
        self.state = State::Resolved;
        self.resolved = Some(now);
        Some(Change::Resolved)
    }

    fn shown_long_enough(&self, now: Now) -> bool {
        self.resolved.is_none_or(|resolved| elapsed(resolved.at, now.at) >= RESOLVED_SHOWN)
    }
}

fn elapsed(from: Instant, to: Instant) -> Duration {
    to.saturating_duration_since(from)
}

#[cfg(test)]
#[path = "state/tests.rs"]
mod tests;
