//! Threads that read what may hang, fail or panic, and what is told of them.

mod reading;
mod setup;
mod user;
mod watch;
mod worker;

pub(crate) use self::reading::Reading;
pub(crate) use self::setup::{Collectors, Threads};
use self::user::UserCollector;
pub(crate) use self::watch::Watch;
pub(crate) use self::worker::{Pauses, Worker};

/// Reads something into its series. It may block; nothing but its own thread waits for it.
pub(crate) trait Collect: Send {
    fn collect(&mut self) -> Outcome;
}

/// How a reading ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Read,
    /// What is to be read is not there: its series are hidden.
    Missing,
    /// It could not be read this time: what was read before stays with its age.
    Failed,
    /// Too soon after the reading before, which stays as it is with its age.
    Unchanged,
}

impl Outcome {
    pub(crate) fn of<T>(reading: Option<&T>) -> Self {
        if reading.is_some() { Self::Read } else { Self::Missing }
    }
}
