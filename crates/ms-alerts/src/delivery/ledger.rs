//! What became of notifications, for those who decide what is told next.

use std::sync::Arc;

use tokio::sync::watch;

use super::Notification;
#[cfg(feature = "rules")]
use crate::dispatch::Dispatcher;

/// The end of a notification that a sink was to be sent. One that is out of date ends with the one in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Accepted,
    GivenUp,
}

#[derive(Default)]
pub(crate) struct Ledger {
    #[cfg(feature = "rules")]
    pub(super) dispatcher: Option<Dispatcher>,
    progress: watch::Sender<()>,
}

impl Ledger {
    pub(crate) fn new(#[cfg(feature = "rules")] dispatcher: Option<Dispatcher>) -> Self {
        Self {
            #[cfg(feature = "rules")]
            dispatcher,
            progress: watch::Sender::new(()),
        }
    }

    /// Less waits by now, or something else does.
    pub(super) fn progress(&self) {
        self.progress.send_replace(());
    }

    pub(super) fn watch(&self) -> watch::Receiver<()> {
        self.progress.subscribe()
    }

    /// `sink` is what a receiver calls the lane.
    #[cfg_attr(not(feature = "rules"), expect(unused_variables, reason = "nobody routes"))]
    pub(super) fn settled(&self, _lane: &str, sink: &Arc<str>, notification: &Notification, fate: Fate) {
        #[cfg(feature = "rules")]
        if let Some(dispatcher) = &self.dispatcher {
            dispatcher.settled(sink, notification, fate);
        }
        self.progress();
    }
}
