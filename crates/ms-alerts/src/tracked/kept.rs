//! The last values of the series of a rule that looks back.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::group::Failure;
use crate::labels::Labels;
use crate::over::Range;
use crate::samples::Sample;

/// Some 24 MB.
const MOST_VALUES: usize = 1_000_000;

#[derive(Debug)]
pub(super) struct Kept {
    series: HashMap<Labels, VecDeque<(Instant, f64)>>,
    values: usize,
    most: usize,
}

impl Default for Kept {
    fn default() -> Self {
        Self { series: HashMap::new(), values: 0, most: MOST_VALUES }
    }
}

impl Kept {
    /// Adds a reading; forgets what is older than the range. NaN is no value.
    pub(super) fn add<'s>(
        &mut self,
        samples: impl Iterator<Item = Sample<'s>>,
        range: Duration,
        now: Instant,
    ) -> Result<(), Failure> {
        let is_within = |at: Instant| now.saturating_duration_since(at) < range;
        self.series.retain(|_, values| {
            while values.pop_front_if(|(at, _)| !is_within(*at)).is_some() {}
            !values.is_empty()
        });
        self.values = self.series.values().map(VecDeque::len).sum();
        for sample in samples.filter(|sample| !sample.value().is_nan()) {
            if self.values >= self.most {
                return Err(Failure::Full(self.most));
            }
            let values = self.series.entry(sample.labels().collect()).or_default();
            // Two readings at one moment: the later counts.
            if values.pop_back_if(|(at, _)| *at == now).is_none() {
                self.values += 1;
            }
            values.push_back((now, sample.value()));
        }
        Ok(())
    }

    /// NaN if there is no answer.
    pub(super) fn judged(&self, series: &Labels, range: &Range) -> f64 {
        let Some(kept) = self.series.get(series) else { return f64::NAN };
        let values: Vec<f64> = kept.iter().map(|(_, value)| *value).collect();
        let ends = kept.front().zip(kept.back());
        let seconds = ends.map(|((first, _), (last, _))| last.saturating_duration_since(*first));
        range.over.of(&values, seconds.unwrap_or_default().as_secs_f64(), range.range.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::parse_exposition;

    #[test]
    fn what_has_no_room_fails_and_finds_room_again() {
        let (mut kept, start, range) =
            (Kept { most: 10, ..Kept::default() }, Instant::now(), Duration::from_secs(3));
        let text: String = (0..4).map(|number| format!("a{{x=\"{number}\"}} 1\n")).collect();
        let samples = parse_exposition(&text).unwrap();
        let outcomes = [0, 1, 1, 2, 4]
            .map(|second| kept.add(samples.iter(), range, start + Duration::from_secs(second)).is_ok());
        assert_eq!(outcomes, [true, true, true, false, true]);
    }
}
