//! How pushes end, and who is told.

use std::sync::Arc;
use std::time::Instant;

use metrics::{Counter, Key, Label};

use super::error::PushError;
use crate::catalog::{OTLP_PUSHES, OTLP_REJECTED, OTLP_RETRIES};
use crate::registry::{Registry, is_due};

/// What one attempt came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Taken, but for so many points.
    Accepted { rejected: u64 },
    /// Sending it again would not help.
    Refused { status: u16 },
    /// Worth another attempt, after as long as the receiver asks for.
    Unavailable { status: u16, wait: Option<std::time::Duration> },
    /// No answer in time.
    Timeout,
    /// No connection, or a broken one.
    Connection { reason: String },
}

/// How a push has ended; the value of the label `outcome`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Success,
    /// Some points were rejected by a receiver that took the others.
    PartialSuccess,
    Refused(u16),
    Unavailable(u16),
    Throttled,
    Timeout,
    Connection(String),
}

impl Outcome {
    const ALL: [&'static str; 7] =
        ["success", "partial_success", "refused", "unavailable", "throttled", "timeout", "connection"];

    fn position(&self) -> usize {
        match self {
            Self::Success => 0,
            Self::PartialSuccess => 1,
            Self::Refused(_) => 2,
            Self::Unavailable(_) => 3,
            Self::Throttled => 4,
            Self::Timeout => 5,
            Self::Connection(_) => 6,
        }
    }

    pub(super) fn into_result(self) -> Result<(), PushError> {
        match self {
            Self::Success | Self::PartialSuccess => Ok(()),
            Self::Refused(status) | Self::Unavailable(status) => Err(PushError::Status { status }),
            Self::Throttled => Err(PushError::Throttled),
            Self::Timeout => Err(PushError::Timeout),
            Self::Connection(reason) => Err(PushError::Connection { reason }),
        }
    }
}

/// Counts pushes in the metrics themselves, and warns once an hour.
pub(super) struct Account {
    pushes: [Counter; Outcome::ALL.len()],
    retries: Counter,
    rejected: Counter,
    /// Host and port.
    receiver: String,
    warned: Option<Instant>,
}

impl Account {
    /// All counters stand at 0 from here on, so that `rate()` sees the first failure.
    pub(super) fn new(registry: &Arc<Registry>, receiver: String) -> Self {
        let pushes = Outcome::ALL.map(|outcome| {
            let labels = vec![Label::from_static_parts("outcome", outcome)];
            registry.counter(&Key::from_parts(OTLP_PUSHES, labels))
        });
        let retries = registry.counter(&Key::from_static_name(OTLP_RETRIES));
        let rejected = registry.counter(&Key::from_static_name(OTLP_REJECTED));
        Self { pushes, retries, rejected, receiver, warned: None }
    }

    pub(super) fn retry(&self) {
        self.retries.increment(1);
    }

    pub(super) fn rejected(&self, points: u64) {
        self.rejected.increment(points);
    }

    pub(super) fn ended(&mut self, outcome: &Outcome) {
        if let Some(counter) = self.pushes.get(outcome.position()) {
            counter.increment(1);
        }
        if *outcome != Outcome::Success && is_due(&mut self.warned, Instant::now()) {
            let outcome = match outcome {
                Outcome::PartialSuccess => "some points were rejected".to_owned(),
                other => other.clone().into_result().err().map(|error| error.to_string()).unwrap_or_default(),
            };
            tracing::warn!(
                receiver = self.receiver,
                outcome,
                "metrics not pushed over OTLP; more may follow unsaid within the hour"
            );
        }
    }
}
