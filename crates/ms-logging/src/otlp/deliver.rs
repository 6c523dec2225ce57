//! Attempts until a body is taken or the time is up.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep_until, timeout_at};

const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(16);
/// A receiver may ask for any wait; more than this would be for good.
const LONGEST_ASKED: Duration = Duration::from_secs(3600);

/// What one attempt came to; reasons tell no URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Taken, but for so many.
    Accepted { rejected: u64 },
    /// Sending it again would not help.
    Refused(String),
    /// Worth another attempt, after as long as the receiver asks for.
    Unavailable(String, Option<Duration>),
}

/// Why a body was not delivered.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    /// This body is not wanted; another one may be.
    #[error("{0}")]
    Refused(String),
    /// The receiver takes nothing for now.
    #[error("{0}")]
    Away(String),
}

/// Who takes bodies.
pub(super) trait Receiver: Send {
    /// Makes one attempt.
    fn post(&self, body: Bytes) -> impl Future<Output = Answer> + Send;
}

/// Delivers bodies, and knows for how long the receiver wants none.
pub(super) struct Delivery<R> {
    receiver: R,
    /// Set by `Retry-After`, which holds beyond the batch that it was an answer to.
    not_before: Option<Instant>,
}

impl<R: Receiver> Delivery<R> {
    pub(super) fn new(receiver: R) -> Self {
        Self { receiver, not_before: None }
    }

    /// Tries until `deadline`, but at least once unless the receiver has asked for none; gives how many it rejected. A wait
    /// that would end behind the deadline is not begun.
    pub(super) async fn deliver(&mut self, body: Bytes, deadline: Instant) -> Result<u64, Failure> {
        if let Some(not_before) = self.not_before {
            if not_before > deadline {
                return Err(Failure::Away("it has asked for no requests until later".to_owned()));
            }
            sleep_until(not_before).await;
            self.not_before = None;
        }
        let mut attempt = 0_u32;
        loop {
            // The attempt has a limit of its own.
            let answer = self.receiver.post(body.clone());
            let answer = if attempt == 0 { Ok(answer.await) } else { timeout_at(deadline, answer).await };
            let late = |_| Answer::Unavailable("it did not answer in time".to_owned(), None);
            let (reason, asked) = match answer.unwrap_or_else(late) {
                Answer::Accepted { rejected } => return Ok(rejected),
                Answer::Refused(reason) => return Err(Failure::Refused(reason)),
                Answer::Unavailable(reason, asked) => (reason, asked.map(|asked| asked.min(LONGEST_ASKED))),
            };
            let next = Instant::now() + asked.unwrap_or_else(|| backoff(attempt, fastrand::f64()));
            self.not_before = asked.map(|_| next);
            if next >= deadline {
                return Err(Failure::Away(reason));
            }
            sleep_until(next).await;
            self.not_before = None;
            attempt = attempt.saturating_add(1);
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

    /// Gives the answers of a script, the last one for good, and keeps when it was asked.
    struct Scripted {
        answers: Mutex<VecDeque<Answer>>,
        asked: Mutex<Vec<u64>>,
        began: Instant,
    }

    impl Receiver for Scripted {
        async fn post(&self, _: Bytes) -> Answer {
            self.asked.lock().push(self.began.elapsed().as_secs());
            let mut answers = self.answers.lock();
            if answers.len() > 1 { answers.pop_front().unwrap() } else { answers[0].clone() }
        }
    }

    fn delivery(answers: &[Answer]) -> Delivery<Scripted> {
        let answers = Mutex::new(answers.iter().cloned().collect());
        Delivery::new(Scripted { answers, asked: Mutex::default(), began: Instant::now() })
    }

    async fn deliver(delivery: &mut Delivery<Scripted>, limit: u64) -> Result<u64, Failure> {
        delivery.deliver(Bytes::new(), Instant::now() + Duration::from_secs(limit)).await
    }

    fn unavailable(seconds: Option<u64>) -> Answer {
        Answer::Unavailable("busy".to_owned(), seconds.map(Duration::from_secs))
    }

    const TAKEN: Answer = Answer::Accepted { rejected: 0 };

    #[tokio::test(start_paused = true)]
    async fn a_receiver_is_asked_again_as_late_as_it_wants_and_no_sooner() {
        let mut delivery = delivery(&[unavailable(Some(7)), unavailable(Some(0)), TAKEN]);
        assert_eq!(deliver(&mut delivery, 30).await, Ok(0));
        assert_eq!(*delivery.receiver.asked.lock(), [0, 7, 7]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_longer_than_the_limit_holds_for_the_next_batches() {
        let mut delivery = delivery(&[unavailable(Some(40)), TAKEN]);
        assert_eq!(deliver(&mut delivery, 30).await, Err(Failure::Away("busy".to_owned())));
        assert!(deliver(&mut delivery, 30).await.unwrap_err().to_string().contains("until later"));
        assert_eq!(deliver(&mut delivery, 60).await, Ok(0));
        assert_eq!(*delivery.receiver.asked.lock(), [0, 40]);
    }

    #[tokio::test(start_paused = true)]
    async fn failures_are_tried_again_until_the_time_is_up() {
        let mut delivery = delivery(&[unavailable(None)]);
        assert_eq!(deliver(&mut delivery, 30).await, Err(Failure::Away("busy".to_owned())));
        let attempts = delivery.receiver.asked.lock().len();
        assert!((3..=8).contains(&attempts), "{attempts}");
        assert!(delivery.receiver.began.elapsed() < Duration::from_secs(30), "no wait past the end");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_refused_or_rejected_is_not_sent_again_and_without_time_there_is_one_attempt() {
        let mut refusing = delivery(&[Answer::Refused("no".to_owned())]);
        assert_eq!(deliver(&mut refusing, 30).await, Err(Failure::Refused("no".to_owned())));
        let mut choosy = delivery(&[Answer::Accepted { rejected: 3 }]);
        assert_eq!(deliver(&mut choosy, 30).await, Ok(3));
        let mut hasty = delivery(&[unavailable(None)]);
        assert_eq!(deliver(&mut hasty, 0).await, Err(Failure::Away("busy".to_owned())));
        for delivery in [refusing, choosy, hasty] {
            assert_eq!(*delivery.receiver.asked.lock(), [0]);
        }
    }

    #[test]
    fn waits_double_from_a_second_to_sixteen() {
        let seconds: Vec<_> = (0..7).map(|attempt| backoff(attempt, 0.0).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 16, 16]);
        assert_eq!(backoff(u32::MAX, 1.0), Duration::from_secs(8));
    }
}
