//! Alerts that are routed: told in groups, each receiver when it is time.

mod desk;
mod group;
mod groups;
mod log;
mod routing;
mod saved;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::alert::Alert;
use crate::delivery::{Fate, Key, Notification};
use crate::journal::{Place, Told};
use crate::labels::Labels;
use crate::observe;
use crate::routing::Routes;
use crate::silence::{Silences, any_means};
use crate::snapshot::Snapshot;
use crate::state::{Now, State};
use desk::Slot;
use groups::{Addressee, Groups, Scene};
pub(crate) use groups::{Changes, Sending};
pub(crate) use routing::Routing;

/// The groups, and what they need to know of the moment.
pub(crate) struct Dispatcher {
    groups: Mutex<Groups>,
    /// There may be something to do sooner.
    changed: Notify,
    /// What a flush gave and nobody has taken to the sinks yet.
    in_between: AtomicUsize,
    shown: Mutex<Arc<Snapshot>>,
    /// Locked before `groups`.
    pub(crate) silences: Mutex<Silences>,
}

impl Dispatcher {
    pub(crate) fn new(
        routes: Routes,
        receivers: HashMap<String, Vec<Addressee>>,
        external_url: Arc<str>,
    ) -> Self {
        observe::introduce_suppressed();
        let groups = Groups::new(Arc::new(routes), receivers, external_url);
        Self {
            groups: Mutex::new(groups),
            changed: Notify::new(),
            in_between: AtomicUsize::new(0),
            shown: Mutex::default(),
            silences: Mutex::default(),
        }
    }

    /// Takes what is shown of the alerts by now.
    pub(crate) fn show(&self, shown: Arc<Snapshot>) {
        let old = std::mem::replace(&mut *self.shown.lock(), shown);
        // Thousands of alerts take their time to go.
        drop(old);
    }

    /// Takes in a change of one alert.
    pub(crate) fn insert(&self, change: &Notification, now: Now) {
        let Key::Alert { rule, .. } = change.key() else { return };
        self.groups.lock().insert(change.alert(), rule, now);
        self.changed.notify_one();
    }

    /// A notification that was sent to `sink` is accepted or given up.
    pub(crate) fn settled(&self, sink: &Arc<str>, notification: &Notification, fate: Fate) -> Changes {
        let Some(slot) = slot(sink, notification) else { return Changes::default() };
        let mut groups = self.groups.lock();
        groups.settled(&slot, notification, fate, Now::read());
        self.changed.notify_one();
        groups.take_changes()
    }

    /// Takes up what was told before a restart.
    pub(crate) fn remember(&self, place: Place, told: Told, now: Now) {
        self.groups.lock().remember(place.into(), log::Entry::restored(told, now));
    }

    /// Takes up what was on its way to `sink` before a restart.
    pub(crate) fn resume(&self, sink: &Arc<str>, notification: &Notification) {
        if let Some(slot) = slot(sink, notification) {
            self.groups.lock().resume(slot, notification);
        }
    }

    /// Gives the alerts that fire and of which this sink was told.
    pub(crate) fn told(&self, receiver: &str, sink: &str) -> Vec<Alert> {
        self.groups.lock().told(receiver, sink)
    }

    /// Waits until something is to be done, and gives what is to be sent; [`taken`](Self::taken) tells that it was.
    pub(crate) async fn next(&self) -> (Vec<Sending>, Changes) {
        loop {
            let due = self.groups.lock().next_due();
            tokio::select! {
                () = self.changed.notified() => {}
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    return self.flush(Now::read());
                }
            }
        }
    }

    /// Tells what waits for others of its group at once.
    pub(crate) fn hasten(&self) {
        self.groups.lock().hasten(Instant::now());
        self.changed.notify_one();
    }

    /// The sinks have what [`next`](Self::next) gave.
    pub(crate) fn taken(&self, sendings: usize) {
        self.in_between.fetch_sub(sendings, Ordering::Relaxed);
    }

    /// How many alerts and notifications have yet to be given to the sinks.
    pub(crate) fn waiting(&self) -> usize {
        let groups = self.groups.lock();
        groups.waiting() + self.in_between.load(Ordering::Relaxed)
    }

    fn flush(&self, now: Now) -> (Vec<Sending>, Changes) {
        let shown = Arc::clone(&self.shown.lock());
        let firing = shown.alerts().filter(|alert| alert.state == State::Firing);
        let silences = self.silences.lock();
        let active = silences.active(now.wall);
        observe::silences(active.len());
        let is_silenced = |labels: &Labels| any_means(&active, labels);
        let scene = Scene {
            now,
            current: firing.map(|alert| (&alert.labels, alert)).collect(),
            is_silenced: &is_silenced,
            suppressed: &observe::suppressed,
        };
        let mut groups = self.groups.lock();
        let sendings = groups.flush(&scene);
        self.in_between.fetch_add(sendings.len(), Ordering::Relaxed);
        (sendings, groups.take_changes())
    }
}

fn slot(sink: &Arc<str>, notification: &Notification) -> Option<Slot> {
    let Key::Group { receiver, group } = notification.key() else { return None };
    Some(Slot { receiver: Arc::clone(receiver), sink: Arc::clone(sink), group: Arc::clone(group) })
}
