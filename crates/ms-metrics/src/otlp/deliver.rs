//! Attempts until a body is taken or the time is up.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::outcome::{Account, Answer, Outcome};

const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(16);
/// A receiver may ask for any wait; more than this would be for good.
const LONGEST_ASKED: Duration = Duration::from_secs(3600);

/// Who takes bodies.
pub(super) trait Receiver: Send + Sync + 'static {
    /// Makes one attempt.
    fn post(&self, body: Bytes) -> impl Future<Output = Answer> + Send;
}

/// Delivers bodies, and knows for how long the receiver wants none.
pub(super) struct Delivery<R> {
    receiver: R,
    /// Set by `Retry-After`, which holds beyond the push that it was an answer to.
    not_before: Option<Instant>,
}

impl<R: Receiver> Delivery<R> {
    pub(super) fn new(receiver: R) -> Self {
        Self { receiver, not_before: None }
    }

    /// Tries until `deadline`; a wait that would end behind it is not begun.
    ///
    /// # Cancel safety
    ///
    /// Dropping it gives up the attempt; the receiver may have the body all the same. Points carry totals, so that a body
    /// that arrives twice changes nothing.
    pub(super) async fn deliver(&mut self, body: Bytes, deadline: Instant, account: &Account) -> Outcome {
        if let Some(not_before) = self.not_before {
            if not_before >= deadline {
                return Outcome::Throttled;
            }
            sleep_until(not_before).await;
            self.not_before = None;
        }
        let mut attempt = 0_u32;
        loop {
            let answer = timeout_at(deadline, self.receiver.post(body.clone())).await;
            let (failure, asked) = match answer.unwrap_or(Answer::Timeout) {
                Answer::Accepted { rejected: 0 } => return Outcome::Success,
                Answer::Accepted { rejected } => {
                    account.rejected(rejected);
                    return Outcome::PartialSuccess;
                }
                Answer::Refused { status } => return Outcome::Refused(status),
                Answer::Unavailable { status, wait } => (Outcome::Unavailable(status), wait),
                Answer::Timeout => (Outcome::Timeout, None),
                Answer::Connection { reason } => (Outcome::Connection(reason), None),
            };
            let wait =
                asked.map_or_else(|| backoff(attempt, fastrand::f64()), |asked| asked.min(LONGEST_ASKED));
            let next = Instant::now() + wait;
            self.not_before = asked.map(|_| next);
            if next >= deadline {
                return failure;
            }
            sleep_until(next).await;
            self.not_before = None;
            attempt = attempt.saturating_add(1);
            account.retry();
        }
    }
}

/// Doubles from 1 s to 16 s; `jitter`, from 0 to 1, takes up to half of it away, so that many do not come back at once.
fn backoff(attempt: u32, jitter: f64) -> Duration {
    let full = FIRST_WAIT.saturating_mul(1 << attempt.min(8)).min(LONGEST_WAIT);
    full.mul_f64(1.0 - 0.5 * jitter)
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use parking_lot::Mutex;

    use super::*;
    use crate::builder::Metrics;

    /// Gives the answers of a script, the last one for good, and keeps when it was asked.
    struct Scripted {
        answers: Mutex<VecDeque<Answer>>,
        asked: Mutex<Vec<Duration>>,
        began: Instant,
    }

    impl Receiver for Scripted {
        async fn post(&self, _: Bytes) -> Answer {
            self.asked.lock().push(self.began.elapsed());
            let mut answers = self.answers.lock();
            if answers.len() > 1 { answers.pop_front().unwrap() } else { answers[0].clone() }
        }
    }

    fn delivery(answers: &[Answer]) -> Delivery<Scripted> {
        Delivery::new(Scripted {
            answers: Mutex::new(answers.iter().cloned().collect()),
            asked: Mutex::default(),
            began: Instant::now(),
        })
    }

    fn account() -> Account {
        Account::new(Metrics::builder().build().unwrap().registry(), "receiver:4318".to_owned())
    }

    fn unavailable(seconds: Option<u64>) -> Answer {
        Answer::Unavailable { status: 503, wait: seconds.map(Duration::from_secs) }
    }

    const TAKEN: Answer = Answer::Accepted { rejected: 0 };

    async fn deliver(delivery: &mut Delivery<Scripted>, limit: u64) -> Outcome {
        let deadline = Instant::now() + Duration::from_secs(limit);
        delivery.deliver(Bytes::new(), deadline, &account()).await
    }

    fn asked(delivery: &Delivery<Scripted>) -> Vec<u64> {
        delivery.receiver.asked.lock().iter().map(Duration::as_secs).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_receiver_is_asked_again_as_late_as_it_wants_and_no_sooner() {
        let mut delivery = delivery(&[unavailable(Some(7)), unavailable(Some(0)), TAKEN]);
        assert_eq!(deliver(&mut delivery, 30).await, Outcome::Success);
        assert_eq!(asked(&delivery), [0, 7, 7]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_longer_than_the_push_holds_for_the_next_ones() {
        let mut delivery = delivery(&[unavailable(Some(40)), TAKEN]);
        assert_eq!(deliver(&mut delivery, 30).await, Outcome::Unavailable(503));
        assert_eq!(deliver(&mut delivery, 30).await, Outcome::Throttled);
        assert_eq!(deliver(&mut delivery, 60).await, Outcome::Success);
        assert_eq!(asked(&delivery), [0, 40]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_for_good_is_taken_for_an_hour() {
        let mut delivery = delivery(&[unavailable(Some(u64::MAX)), TAKEN]);
        assert_eq!(deliver(&mut delivery, 30).await, Outcome::Unavailable(503));
        assert_eq!(deliver(&mut delivery, 4000).await, Outcome::Success);
        assert_eq!(asked(&delivery), [0, 3600]);
    }

    #[tokio::test(start_paused = true)]
    async fn failures_are_tried_again_until_the_time_is_up() {
        let connection = Answer::Connection { reason: "gone".to_owned() };
        for (answer, outcome) in [
            (unavailable(None), Outcome::Unavailable(503)),
            (Answer::Timeout, Outcome::Timeout),
            (connection, Outcome::Connection("gone".to_owned())),
        ] {
            let mut delivery = delivery(&[answer]);
            assert_eq!(deliver(&mut delivery, 30).await, outcome);
            let attempts = delivery.receiver.asked.lock().len();
            assert!((5..=8).contains(&attempts), "{attempts}");
            assert!(delivery.receiver.began.elapsed() < Duration::from_secs(30), "no wait past the end");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_receiver_refuses_is_not_sent_again() {
        let mut refusing = delivery(&[Answer::Refused { status: 400 }]);
        assert_eq!(deliver(&mut refusing, 30).await, Outcome::Refused(400));
        let mut choosy = delivery(&[Answer::Accepted { rejected: 3 }]);
        assert_eq!(deliver(&mut choosy, 30).await, Outcome::PartialSuccess);
        assert_eq!((asked(&refusing), asked(&choosy)), (vec![0], vec![0]));
    }

    #[test]
    fn waits_double_from_a_second_to_sixteen() {
        let seconds: Vec<_> = (0..7).map(|attempt| backoff(attempt, 0.0).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 16, 16]);
        assert_eq!(backoff(u32::MAX, 1.0), Duration::from_secs(8));
    }
}
