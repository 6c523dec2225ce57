//! How fast a budget may burn.

use super::Slo;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// A pair of windows with the part of the budget that may be spent within the long one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Burn {
    pub(super) severity: &'static str,
    pub(super) long: Window,
    pub(super) short: Window,
    percent: u32,
}

/// A length of time as Prometheus writes it, and in seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) text: &'static str,
    pub(super) seconds: u64,
}

/// Table 5-8 of the SRE workbook, "Recommended parameters for an SLO-based alerting configuration".
const RECOMMENDED: [Burn; 3] = [
    Burn {
        severity: "page",
        long: Window { text: "1h", seconds: HOUR },
        short: Window { text: "5m", seconds: 5 * MINUTE },
        percent: 2,
    },
    Burn {
        severity: "page",
        long: Window { text: "6h", seconds: 6 * HOUR },
        short: Window { text: "30m", seconds: 30 * MINUTE },
        percent: 5,
    },
    Burn {
        severity: "ticket",
        long: Window { text: "3d", seconds: 72 * HOUR },
        short: Window { text: "6h", seconds: 6 * HOUR },
        percent: 10,
    },
];

/// Those of the pairs that can be reached: a share of bad events is never above 1.
pub(super) fn rates(slo: &Slo) -> impl Iterator<Item = (Burn, f64)> {
    let (window, budget) = (slo.window.as_secs_f64(), slo.budget());
    RECOMMENDED
        .into_iter()
        .map(move |burn| (burn, burn.rate(window)))
        .filter(move |(_, rate)| rate * budget < 1.0)
}

impl Burn {
    /// How many times faster than allowed events go bad when the part is spent within the long window.
    fn rate(&self, window_seconds: f64) -> f64 {
        let rate = f64::from(self.percent) * window_seconds / (100.0 * self.long.seconds as f64);
        ((rate * 1e6).round() / 1e6).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn rates_of(objective: f64, days: u64) -> Vec<(&'static str, &'static str, &'static str, f64)> {
        let slo = Slo::availability("x", "bad", "all").objective(objective);
        let slo = slo.window(Duration::from_hours(24 * days));
        rates(&slo).map(|(burn, rate)| (burn.severity, burn.long.text, burn.short.text, rate)).collect()
    }

    #[test]
    fn burn_rates_are_those_of_the_sre_workbook() {
        assert_eq!(
            rates_of(0.999, 30),
            [("page", "1h", "5m", 14.4), ("page", "6h", "30m", 6.0), ("ticket", "3d", "6h", 1.0)]
        );
    }

    #[test]
    fn a_shorter_window_burns_slower_but_never_slower_than_it_lasts() {
        let rates = |days| rates_of(0.999, days).into_iter().map(|(_, _, _, rate)| rate).collect::<Vec<_>>();
        assert_eq!(rates(28), [13.44, 5.6, 1.0]);
        assert_eq!(rates(7), [3.36, 1.4, 1.0]);
        assert_eq!(rates(90), [43.2, 18.0, 3.0]);
    }

    #[test]
    fn what_even_a_total_failure_does_not_reach_is_left_out() {
        assert_eq!(rates_of(0.93, 30).len(), 2);
        assert_eq!(rates_of(0.8, 30), [("ticket", "3d", "6h", 1.0)]);
    }
}
