//! How long to wait before the next attempt.

use std::time::Duration;

use super::sink::Retry;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(5 * 60);
/// A receiver may ask for any wait; these are the ones it gets.
const SHORTEST_ASKED: Duration = Duration::from_secs(1);
const LONGEST_ASKED: Duration = Duration::from_secs(15 * 60);

/// Gives the wait behind the `attempt`th failure in a row, counted from 1; `None` is for ever.
///
/// Doubles from 1 s to 5 min; `jitter`, from 0 to 1, takes up to half of it away, so that many do not come back at once.
pub(crate) fn wait(attempt: u32, retry: Retry, jitter: f64) -> Option<Duration> {
    match retry {
        Retry::Never => None,
        Retry::After(asked) => Some(asked.clamp(SHORTEST_ASKED, LONGEST_ASKED)),
        Retry::Backoff => {
            let doublings = attempt.saturating_sub(1).min(31);
            let full = FIRST.saturating_mul(1 << doublings).min(LONGEST);
            Some(full.mul_f64(1.0 - 0.5 * jitter))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_from_a_second_to_five_minutes() {
        let full: Vec<_> = (1..=11).filter_map(|attempt| wait(attempt, Retry::Backoff, 0.0)).collect();
        let seconds: Vec<_> = full.iter().map(Duration::as_secs).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(wait(u32::MAX, Retry::Backoff, 1.0), Some(Duration::from_secs(150)));
        assert_eq!(wait(1, Retry::Backoff, 1.0), Some(Duration::from_millis(500)));
    }

    #[test]
    fn what_the_receiver_asks_for_is_honoured_within_bounds() {
        let asked =
            |seconds| wait(3, Retry::After(Duration::from_secs(seconds)), 0.7).map(|wait| wait.as_secs());
        assert_eq!((asked(7), asked(0), asked(1 << 40)), (Some(7), Some(1), Some(900)));
        assert_eq!(wait(1, Retry::Never, 0.0), None);
    }
}
