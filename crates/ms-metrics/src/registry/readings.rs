//! Series of collectors.

use std::sync::{Arc, Weak};
use std::time::Instant;

use metrics::{Key, Label};
use parking_lot::Mutex;

use super::Registry;
use super::family::{Cell, Family, Placed};
use super::kind::Kind;
use crate::cells::GaugeCell;
use crate::collect::Watch;
use crate::guard;

/// The collectors that the page tells of, while they last.
#[derive(Default)]
pub(super) struct Watches(Mutex<Vec<Weak<Watch>>>);

impl Registry {
    /// Finds or makes a series that a collector sets, hidden at first; nothing if the guard has no room for it, or somebody
    /// else has series of the metric.
    pub(crate) fn reading(
        &self,
        kind: Kind,
        name: &'static str,
        labels: Vec<Label>,
    ) -> Option<Arc<GaugeCell>> {
        let key = Key::from_parts(name, labels);
        let labels = guard::labels(&key, kind.reserved_label()).ok()?;
        let mut families = self.families.write();
        let collected = families.family(name, name, kind, None).and_then(Family::collect);
        let placed = collected.and_then(|()| families.place(name, name, kind, None, &labels));
        drop(families);
        match placed {
            Ok(Placed { cell: Cell::Gauge(cell), overflow: None }) => Some(cell),
            Ok(Placed { overflow: Some((label, value)), .. }) => {
                self.count_overflow(name, &label, &value);
                None
            }
            // Not reached: all series of a collector are gauges.
            Ok(Placed { .. }) => None,
            Err(refusal) => {
                self.refuse(refusal, name);
                None
            }
        }
    }

    pub(crate) fn watch(&self, watch: &Arc<Watch>) {
        self.watches.0.lock().push(Arc::downgrade(watch));
    }

    /// Brings up to date what only the moment tells: which collector hangs, and the age of the readings.
    pub(crate) fn refresh(&self, now: Instant) {
        let mut watches = self.watches.0.lock();
        watches.retain(|watch| watch.upgrade().inspect(|watch| watch.show(now)).is_some());
    }
}
