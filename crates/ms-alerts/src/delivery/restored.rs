//! What the sinks have yet to hear since before a restart.

use std::sync::Arc;

use super::notification::Key;
use super::{Delivery, Notification};
use crate::alert::Alert;
use crate::identity::Identity;
#[cfg(feature = "rules")]
use crate::journal::SavedSilence;
use crate::journal::{About, Memory, Waiting};
use crate::state::Now;
use crate::template::External;

impl Delivery {
    /// Takes up what the journal holds; `firing` are the alerts of the rules that took theirs up.
    pub(crate) fn restore(
        &self,
        memory: Memory,
        firing: Vec<(Alert, Arc<Identity>)>,
        external: &External,
        now: Now,
    ) {
        let url = &external.url;
        for lane in &self.shared.plain {
            let is_told = |(alert, rule): &&(Alert, Arc<Identity>)| {
                let about = About::Alert { rule: Arc::clone(rule), labels: alert.labels.clone() };
                let waiting = memory.lanes.get(&(lane.name().to_owned(), about));
                waiting.is_some_and(|waiting| waiting.announced)
            };
            lane.resume(firing.iter().filter(is_told).map(|(alert, _)| alert.clone()).collect());
        }
        #[cfg(feature = "rules")]
        if let Some(dispatcher) = &self.shared.ledger.dispatcher {
            for (place, told) in memory.log {
                dispatcher.remember(place, told, now);
            }
            let silences = memory.silences.into_values().filter_map(SavedSilence::restore);
            silences.for_each(|silence| dispatcher.silences.lock().restore(silence));
        }
        for ((lane, about), waiting) in memory.lanes {
            let Some(lane) = self.shared.lanes().find(|known| known.name() == lane) else { continue };
            match about {
                About::Alert { rule, labels } => {
                    let Waiting { announced, firing, resolved, .. } = waiting;
                    let notification = |saved: crate::journal::Saved| {
                        Arc::new(Notification::new(saved.into(), Arc::clone(&rule), Arc::clone(url)))
                    };
                    let (firing, resolved) = (firing.map(notification), resolved.map(notification));
                    let key = Key::Alert { rule: Arc::clone(&rule), labels };
                    lane.restore(key, announced, firing, resolved, now.at);
                }
                #[cfg(feature = "rules")]
                About::Group { .. } => {
                    let (Some(group), Some(dispatcher)) = (waiting.group, &self.shared.ledger.dispatcher)
                    else {
                        continue;
                    };
                    let Some(notification) = Notification::group(group.restore(Arc::clone(url))) else {
                        continue;
                    };
                    dispatcher.resume(&lane.sink_name(), &notification);
                    lane.push(&Arc::new(notification), now.at);
                }
                #[cfg(not(feature = "rules"))]
                About::Group { .. } => {}
            }
        }
        #[cfg(feature = "rules")]
        if let Some(dispatcher) = &self.shared.ledger.dispatcher {
            let ending = memory.ending.into_values().map(|(rule, saved)| (saved.into(), rule));
            for (alert, rule) in firing.into_iter().chain(ending) {
                dispatcher.insert(&Notification::new(alert, rule, Arc::clone(url)), now);
            }
            for lane in &self.shared.routed {
                if let Some((receiver, sink)) = lane.place() {
                    lane.resume(dispatcher.told(receiver, sink));
                }
            }
        }
    }
}
