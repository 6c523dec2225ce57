//! What a check was in the last hour, minute by minute, and its last runs.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::report::Reason;
use crate::status::Status;

pub(crate) const MINUTES: usize = 60;
/// Runs remembered for `explain`.
const RUNS: usize = 10;

/// Of fixed size, whatever happens.
pub(crate) struct History {
    began: Instant,
    /// The worst status shown in each minute, the newest last; `None` where nothing ran.
    minutes: VecDeque<Option<Status>>,
    /// The number of the newest, from `began`.
    newest: u64,
    runs: VecDeque<PastRun>,
}

/// One run as it was, before any threshold.
#[derive(Debug, Clone)]
pub(crate) struct PastRun {
    pub(crate) found: Status,
    pub(crate) reason: Option<Reason>,
    pub(crate) error: Option<Arc<str>>,
    pub(crate) took: Duration,
    pub(crate) at: Instant,
}

impl Default for History {
    fn default() -> Self {
        let minutes = std::iter::repeat_n(None, MINUTES).collect();
        Self { began: Instant::now(), minutes, newest: 0, runs: VecDeque::with_capacity(RUNS) }
    }
}

impl History {
    pub(crate) fn add(&mut self, shown: Status, run: PastRun) {
        self.roll(run.at);
        if let Some(minute) = self.minutes.back_mut() {
            *minute = (*minute).max(Some(shown));
        }
        if self.runs.len() == RUNS {
            self.runs.pop_front();
        }
        self.runs.push_back(run);
    }

    /// The last hour, oldest first.
    pub(crate) fn hour(&mut self, now: Instant) -> Vec<Option<Status>> {
        self.roll(now);
        self.minutes.iter().copied().collect()
    }

    /// The last runs, newest first.
    pub(crate) fn runs(&self) -> impl Iterator<Item = &PastRun> {
        self.runs.iter().rev()
    }

    fn roll(&mut self, now: Instant) {
        let minute = now.saturating_duration_since(self.began).as_secs() / 60;
        let passed = usize::try_from(minute.saturating_sub(self.newest)).unwrap_or(MINUTES).min(MINUTES);
        for _ in 0..passed {
            self.minutes.pop_front();
            self.minutes.push_back(None);
        }
        self.newest = self.newest.max(minute);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(at: Instant) -> PastRun {
        PastRun { found: Status::Healthy, reason: None, error: None, took: Duration::ZERO, at }
    }

    #[test]
    fn each_minute_keeps_its_worst_and_silence_is_no_status() {
        let mut history = History::default();
        let began = history.began;
        for (second, shown) in [(0, Status::Healthy), (10, Status::Unhealthy), (20, Status::Healthy)] {
            history.add(shown, run(began + Duration::from_secs(second)));
        }
        history.add(Status::Degraded, run(began + Duration::from_secs(130)));
        let hour = history.hour(began + Duration::from_secs(190));
        assert_eq!(hour.len(), MINUTES);
        assert_eq!(hour[56..], [Some(Status::Unhealthy), None, Some(Status::Degraded), None]);
        assert!(history.hour(began + Duration::from_secs(7200)).iter().all(Option::is_none));
    }

    #[test]
    fn the_last_ten_runs_are_kept_newest_first() {
        let mut history = History::default();
        let began = history.began;
        for second in 0..25 {
            history.add(Status::Healthy, run(began + Duration::from_secs(second)));
        }
        let kept: Vec<_> = history.runs().map(|run| (run.at - began).as_secs()).collect();
        assert_eq!(kept, (15..25).rev().collect::<Vec<_>>());
    }
}
