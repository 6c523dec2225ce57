//! What became of notifications, for those who decide what is told next and for those who start anew.

use std::sync::Arc;

use tokio::sync::watch;

use super::Notification;
use super::notification::Key;
#[cfg(feature = "rules")]
use crate::dispatch::{Changes, Dispatcher};
use crate::journal::{About, Batch, Journal, Record};

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
    pub(super) journal: Option<Journal>,
    progress: watch::Sender<()>,
}

impl Ledger {
    pub(crate) fn new(
        #[cfg(feature = "rules")] dispatcher: Option<Dispatcher>,
        journal: Option<Journal>,
    ) -> Self {
        Self {
            #[cfg(feature = "rules")]
            dispatcher,
            journal,
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

    /// `sink` is what a receiver calls the lane; `then` is called once a restart would know.
    #[cfg_attr(not(feature = "rules"), expect(unused_variables, reason = "nobody routes"))]
    pub(super) fn settled(
        &self,
        lane: &str,
        sink: &Arc<str>,
        notification: &Notification,
        fate: Fate,
        then: impl FnOnce() + Send + 'static,
    ) {
        let line = vec![Record::Settled {
            lane: lane.to_owned(),
            about: about(notification.key()),
            id: notification.id().to_owned(),
            is_end: notification.is_resolved(),
            accepted: fate == Fate::Accepted,
        }];
        #[cfg(feature = "rules")]
        let line = {
            let groups = self.dispatcher.iter();
            let changes = groups.flat_map(|groups| records(groups.settled(sink, notification, fate)));
            line.into_iter().chain(changes).collect()
        };
        match &self.journal {
            Some(journal) => {
                journal.hand_in(Batch { lines: vec![line], durable: true, then: Some(Box::new(then)) });
            }
            None => then(),
        }
        self.progress();
    }

    /// Writes what nothing waits for.
    #[cfg(feature = "rules")]
    pub(super) fn write(&self, line: Vec<Record>) {
        if let Some(journal) = self.journal.as_ref().filter(|_| !line.is_empty()) {
            journal.hand_in(Batch { lines: vec![line], durable: true, then: None });
        }
    }
}

pub(super) fn about(key: &Key) -> About {
    match key {
        Key::Alert { rule, labels } => About::Alert { rule: Arc::clone(rule), labels: labels.clone() },
        Key::Group { receiver, group } => {
            About::Group { receiver: Arc::clone(receiver), group: Arc::clone(group) }
        }
    }
}

/// What has changed in the groups.
#[cfg(feature = "rules")]
pub(super) fn records(changes: Changes) -> impl Iterator<Item = Record> {
    let log = changes
        .log
        .into_iter()
        .map(|(slot, entry)| Record::Told { place: slot.into(), entry: entry.as_ref().map(Into::into) });
    log.chain(changes.ended.into_iter().map(|labels| Record::Ended { labels }))
}
