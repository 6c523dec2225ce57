//! Which bucket a value belongs to.

/// The layout that all implementations share: it is part of the encoding.
#[derive(Clone, Copy, Debug)]
pub(super) struct Geometry {
    unit_magnitude: u32,
    /// Half the number of sub-buckets is 2 to the power of this.
    half_magnitude: u32,
}

impl Geometry {
    /// `lowest` is at least 1 and `digits` at most 5, as every [`Histogram`](super::Histogram) has them.
    pub(super) fn new(lowest: u64, digits: u8) -> Self {
        let sub_buckets = 2 * 10_u64.pow(u32::from(digits.min(5)));
        Self {
            unit_magnitude: lowest.max(1).ilog2(),
            half_magnitude: sub_buckets.next_power_of_two().ilog2() - 1,
        }
    }

    pub(super) fn index(self, value: u64) -> usize {
        let bucket = self.bucket(value);
        let sub = (value >> (bucket + self.unit_magnitude)) as usize;
        ((bucket as usize) << self.half_magnitude) + sub
    }

    /// The lowest value of the bucket with this index, which must be that of some value.
    pub(super) fn value(self, index: usize) -> u64 {
        let half = 1_usize << self.half_magnitude;
        let bucket = (index >> self.half_magnitude).saturating_sub(1);
        let sub = index - bucket * half;
        u64::try_from(bucket)
            .ok()
            .and_then(|bucket| u32::try_from(bucket).ok())
            .and_then(|bucket| (sub as u64).checked_shl(bucket + self.unit_magnitude))
            .unwrap_or(u64::MAX)
    }

    pub(super) fn lowest_equivalent(self, value: u64) -> u64 {
        let shift = self.bucket(value) + self.unit_magnitude;
        value >> shift << shift
    }

    /// The power of two, above the first, that the value has.
    fn bucket(self, value: u64) -> u32 {
        let first = self.unit_magnitude + self.half_magnitude + 1;
        (64 - value.leading_zeros()).saturating_sub(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_the_bucket_of_its_index() {
        for (lowest, digits) in [(1, 0), (1, 2), (1, 3), (1_000, 3), (7, 5)] {
            let geometry = Geometry::new(lowest, digits);
            let reference = hdrhistogram::Histogram::<u64>::new_with_bounds(lowest, 1 << 62, digits).unwrap();
            for power in 0..62 {
                for value in [(1_u64 << power) - 1, 1 << power, (1 << power) + (1 << power) / 3] {
                    let lowest = reference.lowest_equivalent(value);
                    assert_eq!(geometry.lowest_equivalent(value), lowest, "{value}");
                    assert_eq!(geometry.value(geometry.index(value)), lowest, "{value}");
                }
            }
        }
    }
}
