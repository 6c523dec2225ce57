//! Sums that do not depend on luck.

/// Adds numbers so that the result does not depend on their order: sorted, then with Neumaier's compensation.
pub(crate) fn ordered_sum(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_unstable_by(f64::total_cmp);
    let (mut sum, mut lost) = (0.0_f64, 0.0_f64);
    for number in numbers {
        let next = sum + number;
        lost += if sum.abs() >= number.abs() { (sum - next) + number } else { (number - next) + sum };
        sum = next;
    }
    sum + lost
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
