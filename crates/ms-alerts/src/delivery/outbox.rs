//! What an evaluation has to tell: written down before the sinks hear of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Delivery, Notification};
use crate::alert::Alert;
use crate::identity::Identity;
use crate::journal::{Batch, Moment, Record};
use crate::state::Now;
use crate::template::External;
use crate::tracked::{Orphans, Tracked};

/// How exactly the journal knows when alerts were evaluated last.
const ALIVE: Duration = Duration::from_secs(1);

pub(crate) struct Outbox<'d> {
    delivery: &'d Delivery,
    external: &'d External,
    changes: Vec<Notification>,
    /// What holds together.
    lines: Vec<Vec<Record>>,
    /// Something that a restart takes up is there.
    is_any: bool,
}

impl Delivery {
    pub(crate) fn outbox<'d>(&'d self, external: &'d External) -> Outbox<'d> {
        Outbox { delivery: self, external, changes: Vec::new(), lines: Vec::new(), is_any: false }
    }
}

impl Outbox<'_> {
    /// Takes what has become of a rule.
    pub(crate) fn take(&mut self, rule: &mut Tracked, changes: &[Alert], now: Now) {
        if self.delivery.shared.ledger.journal.is_some() {
            self.is_any |= rule.is_journaled();
            let line = rule.take_records(now);
            self.write(line, changes.iter().map(|change| (change, rule.identity_of(change))));
        }
        for change in changes {
            self.tell(change.clone(), rule.identity_of(change));
        }
    }

    /// Takes alerts whose rule is no more; gives those that are told to have ended, and as whose.
    pub(crate) fn end(&mut self, orphans: Orphans, now: Now) -> Vec<(Alert, Arc<Identity>)> {
        let (ended, records) = orphans.end(now);
        self.write(records, ended.iter().map(|(alert, rule)| (alert, rule)));
        for (alert, rule) in &ended {
            self.tell(alert.clone(), rule);
        }
        ended
    }

    fn write<'a>(
        &mut self,
        mut line: Vec<Record>,
        changes: impl Iterator<Item = (&'a Alert, &'a Arc<Identity>)>,
    ) {
        line.extend(
            changes.map(|(alert, rule)| Record::Change { rule: Arc::clone(rule), alert: alert.into() }),
        );
        if !line.is_empty() {
            self.lines.push(line);
        }
    }

    fn tell(&mut self, alert: Alert, rule: &Arc<Identity>) {
        self.changes.push(Notification::new(alert, Arc::clone(rule), Arc::clone(&self.external.url)));
    }

    /// Lets the sinks hear of it, once it is written; the alerts were looked at as of the moment `seen`. Never waits.
    pub(crate) fn send(mut self, now: Now, seen: Now, written_at: &mut Option<Instant>) {
        let shared = Arc::clone(&self.delivery.shared);
        let Some(journal) = &self.delivery.shared.ledger.journal else {
            self.changes.into_iter().for_each(|change| shared.push(change, now));
            return;
        };
        let durable = !self.lines.is_empty();
        let is_due = written_at.is_none_or(|before| seen.at.saturating_duration_since(before) >= ALIVE);
        if durable || (self.is_any && is_due) {
            *written_at = Some(seen.at);
            self.lines.push(vec![Record::Alive { at: Moment(seen.wall) }]);
            let changes = self.changes;
            let then = move || changes.into_iter().for_each(|change| shared.push(change, now));
            journal.hand_in(Batch { lines: self.lines, durable, then: Some(Box::new(then)) });
        }
    }
}
