//! When metrics are pushed.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::collect::Origin;
use super::deliver::{Delivery, Receiver};
use super::error::PushError;
use super::outcome::{Account, Outcome};

/// Of the last push, when the handle was dropped and nobody has said.
const LAST_LIMIT: Duration = Duration::from_secs(5);
/// A day is as good as never, and no clock overflows by it.
const LONGEST_INTERVAL: Duration = Duration::from_secs(86_400);

/// Tells who has asked for a push what became of it.
pub(super) type Report = oneshot::Sender<Result<(), PushError>>;

/// Asks for the last push.
pub(super) struct Ending {
    pub(super) limit: Duration,
    pub(super) report: Report,
}

pub(super) struct Task<R> {
    delivery: Delivery<R>,
    origin: Origin,
    account: Account,
    interval: Duration,
    limit: Duration,
}

impl<R: Receiver> Task<R> {
    pub(super) fn new(
        receiver: R,
        origin: Origin,
        account: Account,
        interval: Duration,
        limit: Duration,
    ) -> Self {
        let (interval, limit) = (interval.min(LONGEST_INTERVAL), limit.min(LONGEST_INTERVAL));
        Self { delivery: Delivery::new(receiver), origin, account, interval, limit }
    }

    /// Runs until it is told to end, or the handle is gone.
    pub(super) async fn run(
        mut self,
        mut flushes: mpsc::Receiver<Report>,
        mut end: oneshot::Receiver<Ending>,
    ) {
        let mut ticks = interval_at(Instant::now() + self.interval, self.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut reports = Vec::new();
        let ending = loop {
            tokio::select! {
                biased;
                ending = &mut end => break ending,
                Some(report) = flushes.recv() => reports.push(report),
                _ = ticks.tick() => {}
            }
            // One push is enough for all who have asked before it began.
            while let Ok(report) = flushes.try_recv() {
                reports.push(report);
            }
            let limit = self.limit;
            let result = tokio::select! {
                biased;
                // Given up: the last push carries the same totals and later ones.
                ending = &mut end => break ending,
                outcome = self.push(limit) => outcome.into_result(),
            };
            tell(&mut reports, &result);
        };
        let (limit, report) = match ending {
            Ok(Ending { limit, report }) => (limit, Some(report)),
            Err(_) => (LAST_LIMIT, None),
        };
        reports.extend(report);
        let result = self.push(limit.min(LONGEST_INTERVAL)).await.into_result();
        tell(&mut reports, &result);
    }

    /// Pushes all metrics and counts how that ended.
    async fn push(&mut self, limit: Duration) -> Outcome {
        let outcome = self.push_until(Instant::now() + limit).await;
        self.account.ended(&outcome);
        outcome
    }

    async fn push_until(&mut self, deadline: Instant) -> Outcome {
        let origin = self.origin.clone();
        let mut whole = Outcome::Success;
        let mut made = spawn_blocking(move || origin.collect().with_body()).await;
        loop {
            let (body, rest) = match made {
                Ok((Some(body), rest)) => (body, rest),
                Ok((None, _)) => return whole,
                Err(_) => return Outcome::Connection("the metrics could not be read".to_owned()),
            };
            match self.delivery.deliver(body, deadline, &self.account).await {
                Outcome::Success => {}
                Outcome::PartialSuccess => whole = Outcome::PartialSuccess,
                failure => return failure,
            }
            made = spawn_blocking(move || rest.with_body()).await;
        }
    }
}

fn tell(reports: &mut Vec<Report>, result: &Result<(), PushError>) {
    for report in reports.drain(..) {
        // Whoever asked may have gone.
        let _ = report.send(result.clone());
    }
}

#[cfg(test)]
mod tests;
