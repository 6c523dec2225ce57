//! What a rule made in code makes of a metric's last values.

use std::time::Duration;

/// What is judged in place of the last value; see [`AlertRule::over`](crate::AlertRule::over).
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Over {
    /// The mean.
    Avg,
    /// The least value.
    Min,
    /// The greatest value.
    Max,
    /// What a counter grows by a second, as PromQL's `rate` has it: a value that is less than the one before counts from zero, and
    /// what may have grown before the first is made up for. Two values at least.
    Rate,
    /// The value that a share of the values, 0 to 1, do not exceed; between two values in proportion, as in Prometheus.
    Quantile(f64),
}

/// A stretch of time up to now, and what is made of the values in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Range {
    pub(crate) over: Over,
    pub(crate) range: Duration,
}

impl Range {
    pub(crate) fn is_sound(&self) -> bool {
        let is_share = match self.over {
            Over::Quantile(share) => (0.0..=1.0).contains(&share),
            _ => true,
        };
        is_share && !self.range.is_zero()
    }

    /// In PromQL.
    pub(crate) fn text(&self, metric: &str) -> String {
        let range = format!("{metric}[{}ms]", self.range.as_millis());
        match self.over {
            Over::Avg => format!("avg_over_time({range})"),
            Over::Min => format!("min_over_time({range})"),
            Over::Max => format!("max_over_time({range})"),
            Over::Rate => format!("rate({range})"),
            Over::Quantile(share) => format!("quantile_over_time({share}, {range})"),
        }
    }
}

impl Over {
    /// Of values from the oldest to the newest, none of them NaN, the seconds from the first to the last, which is now, and
    /// those of the range. NaN if there is no answer.
    pub(crate) fn of(self, values: &[f64], seconds: f64, range: f64) -> f64 {
        match self {
            Self::Avg => values.iter().sum::<f64>() / values.len() as f64,
            Self::Min => values.iter().copied().fold(f64::NAN, f64::min),
            Self::Max => values.iter().copied().fold(f64::NAN, f64::max),
            Self::Rate => rate(values, seconds, range),
            Self::Quantile(share) => quantile(share, values),
        }
    }
}

fn rate(values: &[f64], seconds: f64, range: f64) -> f64 {
    let Some(first) = values.first().filter(|_| seconds > 0.0) else { return f64::NAN };
    let grown = |[one, next]: &[f64; 2]| if next < one { *next } else { next - one };
    let growth = values.array_windows().map(grown).sum::<f64>();
    let apart = seconds / (values.len() - 1) as f64;
    // Further back there would have been a value: the series begins in between.
    let before = if range - seconds < apart * 1.1 { range - seconds } else { apart / 2.0 };
    // No counter was ever below zero.
    let since_zero = if growth > 0.0 && *first >= 0.0 { seconds * (first / growth) } else { f64::INFINITY };
    growth * (seconds + before.min(since_zero)) / seconds / range
}

fn quantile(share: f64, values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let rank = share * sorted.len().saturating_sub(1) as f64;
    let at = |rank: f64| sorted.get(rank as usize).copied().unwrap_or(f64::NAN);
    let (below, above, weight) = (at(rank.floor()), at(rank.ceil()), rank - rank.floor());
    // An infinite value has no share in a rank that is met exactly.
    if weight == 0.0 { below } else { below * (1.0 - weight) + above * weight }
}
