//! Sums that do not depend on luck.

/// Adds numbers from 0 to some thousands exactly, to 2^-64: whatever the order, the sum is the same to the last bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ExactSum(u128);

const SCALE: f64 = 18_446_744_073_709_551_616.0;

impl ExactSum {
    pub(crate) fn add(&mut self, number: f64) {
        // Scaling by a power of two is exact; what lies below 2^-64 is cut in each number alone.
        self.0 = self.0.saturating_add((number * SCALE) as u128);
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.0 = self.0.saturating_add(other.0);
    }

    /// Returns the mean of `count` numbers, which must not be 0.
    pub(crate) fn mean(self, count: u64) -> f64 {
        ratio(self.0, u128::from(count)) / SCALE
    }
}

/// Divides, rounding once; `by` is below 2^64 and not 0.
pub(crate) fn ratio(number: u128, by: u128) -> f64 {
    if number < 1 << 53 && by < 1 << 53 {
        return number as f64 / by as f64;
    }
    let shift = number.leading_zeros();
    let scaled = number << shift;
    // Sixty-four bits of quotient at least; a remainder is felt as an odd last bit, far below the rounding.
    let (Some(quotient), Some(rest)) = (scaled.checked_div(by), scaled.checked_rem(by)) else {
        return f64::NAN;
    };
    (quotient | u128::from(rest != 0)) as f64 / 2_f64.powi(shift.cast_signed())
}

/// Adds numbers as numpy's `add.reduce` does over contiguous memory: pairwise in blocks of 128, eight partial sums a
/// block (`numpy/_core/src/umath/loops_utils.h.src`).
pub(crate) fn pairwise_sum(numbers: &[f64]) -> f64 {
    const BLOCK: usize = 128;
    if numbers.len() < 8 {
        // Numpy starts at -0.0, so that a sum of negative zeros stays one.
        return numbers.iter().fold(-0.0, |sum, number| sum + number);
    }
    if numbers.len() > BLOCK {
        let half = numbers.len() / 2;
        let (left, right) = numbers.split_at(half - half % 8);
        return pairwise_sum(left) + pairwise_sum(right);
    }
    let (eights, rest) = numbers.as_chunks::<8>();
    let mut partial = [0.0; 8];
    for (index, eight) in eights.iter().enumerate() {
        for (sum, number) in partial.iter_mut().zip(eight) {
            *sum = if index == 0 { *number } else { *sum + number };
        }
    }
    let [a, b, c, d, e, f, g, h] = partial;
    rest.iter().fold(((a + b) + (c + d)) + ((e + f) + (g + h)), |sum, number| sum + number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_ratio_is_rounded_once() {
        // Python: 123456789012345678901234567890 / 3600000000 and the like.
        assert_eq!(ratio(123_456_789_012_345_678_901_234_567_890, 3_600_000_000), 3.429_355_250_342_935_5e19);
        assert_eq!(ratio(0, 7), 0.0);
        assert_eq!(ratio(1, 3), 1.0 / 3.0);
        assert_eq!(ratio((1 << 53) + 1, 1), 9_007_199_254_740_992.0);
        assert_eq!(ratio((1 << 54) + 6, 2), 9_007_199_254_740_996.0);
        assert_eq!(ratio(u128::MAX, 1), 2_f64.powi(128));
    }

    proptest! {
        #[test]
        fn the_mean_is_the_same_in_any_order(mut hours in prop::collection::vec(0.0..100.0_f64, 1..200)) {
            let mean = |hours: &[f64]| {
                let mut sum = ExactSum::default();
                hours.iter().for_each(|hours| sum.add(*hours));
                sum.mean(hours.len() as u64)
            };
            let one_way = mean(&hours);
            hours.reverse();
            prop_assert_eq!(one_way.to_bits(), mean(&hours).to_bits());
            let plain = hours.iter().sum::<f64>() / hours.len() as f64;
            prop_assert!((one_way - plain).abs() <= 1e-13 * plain);
        }
    }
}
