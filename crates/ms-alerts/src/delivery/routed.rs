//! From the groups to the sinks of their receivers.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::time::Instant;

use super::ledger::records;
use super::{Delivery, Lane, Shared};
use crate::dispatch::Sending;
use crate::journal::{Batch, Record};
use crate::observe;
use crate::silence::{Silence, SilenceError, Silences};

/// Hands over what the groups have to tell, for ever.
pub(super) async fn tell_groups(shared: Arc<Shared>) {
    let Some(dispatcher) = &shared.ledger.dispatcher else { return };
    let places = shared.routed.iter().filter_map(|lane| Some((lane.place()?, lane)));
    let lanes: HashMap<_, &Arc<Lane>> = places.collect();
    loop {
        let (sendings, changes) = dispatcher.next().await;
        shared.ledger.write(records(changes).collect());
        let lane_of = |sending: &Sending| lanes.get(&(&*sending.slot.receiver, &*sending.slot.sink)).copied();
        let found: Vec<_> = sendings
            .into_iter()
            .filter_map(|sending| Some((Arc::clone(lane_of(&sending)?), sending)))
            .collect();
        let Some(journal) = shared.ledger.journal.as_ref().filter(|_| !found.is_empty()) else {
            shared.send(found);
            continue;
        };
        let line = |(lane, sending): &(Arc<Lane>, Sending)| {
            vec![Record::Queued { lane: lane.name().to_owned(), group: sending.save() }]
        };
        let (lines, sender) = (found.iter().map(line).collect(), Arc::clone(&shared));
        journal.hand_in(Batch { lines, durable: true, then: Some(Box::new(move || sender.send(found))) });
    }
}

impl Shared {
    fn send(&self, sendings: Vec<(Arc<Lane>, Sending)>) {
        let many = sendings.len();
        for (lane, sending) in sendings {
            lane.push(&Arc::new(sending.notification), Instant::now());
        }
        if let Some(dispatcher) = &self.ledger.dispatcher {
            dispatcher.taken(many);
        }
        self.ledger.progress();
    }
}

impl Delivery {
    /// Changes silences; gives those that were changed.
    pub(crate) fn change_silences(
        &self,
        change: impl FnOnce(&mut Silences, Timestamp) -> Result<Vec<Silence>, SilenceError>,
    ) -> Result<Vec<Silence>, SilenceError> {
        let ledger = &self.shared.ledger;
        let mut silences = ledger.dispatcher.as_ref().ok_or(SilenceError::NoRoutes)?.silences.lock();
        let now = Timestamp::now();
        let forgotten = silences.forget(now).into_iter().map(|id| Record::Forgotten { id });
        let changed = change(&mut silences, now);
        observe::silences(silences.active(now).len());
        let records = changed.iter().flatten().map(|silence| Record::Silence { silence: silence.into() });
        // Under the lock, so that they are written in the order in which they were made.
        ledger.write(forgotten.chain(records).collect());
        changed
    }

    pub(crate) fn silences(&self) -> Vec<Silence> {
        let dispatcher = self.shared.ledger.dispatcher.as_ref();
        dispatcher.map(|dispatcher| dispatcher.silences.lock().list().cloned().collect()).unwrap_or_default()
    }
}
