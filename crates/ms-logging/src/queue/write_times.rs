//! How long writes took that the metrics have not been told of yet.

use std::time::Duration;

use smallvec::SmallVec;

/// As many writes as there usually are between two publications.
const USUAL: usize = 128;
/// So many entries are kept; a flood of ERRORs makes more writes, and a recorder that hangs takes none.
const MOST: usize = 1024;
/// Of a time in nanoseconds, behind its highest one: times that share these differ by an eighth at most.
const BITS: u32 = 3;

/// Some writes that took about the same time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writes {
    pub(crate) count: u32,
    total: Duration,
}

impl Writes {
    /// How long each of them took, in seconds.
    pub(crate) fn mean(self) -> f64 {
        self.total.as_secs_f64() / f64::from(self.count)
    }

    /// The same for times that are about the same; there are fewer than [`MOST`].
    fn magnitude(self) -> u64 {
        let nanos = u64::try_from(self.total.as_nanos() / u128::from(self.count)).unwrap_or(u64::MAX);
        let shift = nanos.checked_ilog2().unwrap_or(0).saturating_sub(BITS);
        (u64::from(shift) << BITS) + (nanos >> shift)
    }
}

/// Times of writes, few enough to be kept whatever happens: what is too many becomes one with its like, so that the number of
/// all and their sum stay exact.
#[derive(Debug, Default)]
pub(super) struct WriteTimes(Vec<Writes>);

impl WriteTimes {
    pub(super) fn add(&mut self, took: Duration) {
        if self.0.len() >= MOST {
            self.join();
        }
        self.0.push(Writes { count: 1, total: took });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Copied, so that the writer keeps its buffer.
    pub(super) fn take(&mut self) -> SmallVec<[Writes; USUAL]> {
        self.0.drain(..).collect()
    }

    fn join(&mut self) {
        self.0.sort_by_key(|writes| writes.magnitude());
        self.0.dedup_by(|next, kept| {
            let alike = next.magnitude() == kept.magnitude();
            if alike {
                kept.count = kept.count.saturating_add(next.count);
                kept.total = kept.total.saturating_add(next.total);
            }
            alike
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn number_and_sum_are_exact_and_the_slowest_stays_slow(
            nanos in proptest::collection::vec(prop_oneof![0..64_u64, 0..1_000_000_u64, any::<u64>()], 1..9000),
        ) {
            let mut times = WriteTimes::default();
            nanos.iter().for_each(|nanos| times.add(Duration::from_nanos(*nanos)));
            prop_assert!(times.0.len() <= MOST && !times.is_empty());
            let kept = times.take();
            prop_assert!(times.is_empty());
            prop_assert_eq!(kept.iter().map(|writes| writes.count as usize).sum::<usize>(), nanos.len());
            let sum: Duration = nanos.iter().map(|nanos| Duration::from_nanos(*nanos)).sum();
            prop_assert_eq!(kept.iter().map(|writes| writes.total).sum::<Duration>(), sum);
            let slowest = Duration::from_nanos(nanos.iter().copied().max().unwrap()).as_secs_f64();
            let seen = kept.iter().map(|writes| writes.mean()).fold(0.0, f64::max);
            prop_assert!((slowest * 0.88..=slowest * 1.000_001).contains(&seen), "{} of {}", seen, slowest);
        }
    }
}
