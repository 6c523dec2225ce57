//! From the groups to the sinks of their receivers.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::time::Instant;

use super::{Lane, Shared};

/// Hands over what the groups have to tell, for ever.
pub(super) async fn tell_groups(shared: Arc<Shared>) {
    let Some(dispatcher) = &shared.ledger.dispatcher else { return };
    let lanes: HashMap<_, _> = shared.routed.iter().filter_map(|lane| Some((lane.place()?, lane))).collect();
    loop {
        let (sendings, _) = dispatcher.next().await;
        let many = sendings.len();
        for sending in sendings {
            let lane: Option<&&Arc<Lane>> = lanes.get(&(&*sending.slot.receiver, &*sending.slot.sink));
            let notification = Arc::new(sending.notification);
            lane.iter().for_each(|lane| lane.push(&notification, Instant::now()));
        }
        dispatcher.taken(many);
        shared.ledger.progress();
    }
}
