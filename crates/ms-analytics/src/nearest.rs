//! The few values of a large sample that a rank can be.

/// Below this a copy of all values is as quick.
const MANY: usize = 20_000;
const BUCKETS: usize = 1 << 16;

/// Returns the values among which those from rank `first` to `last` lie, and how many smaller ones are left out.
///
/// Two passes along the sample: one counts values by sign, exponent and four bits of fraction, the other copies what
/// fell where the ranks are.
pub(crate) fn around(sample: &[f64], first: usize, last: usize) -> (Vec<f64>, usize) {
    if sample.len() < MANY {
        return (sample.to_vec(), 0);
    }
    let counts = count(sample);
    let (low, below) = holder(&counts, first);
    let (high, before) = holder(&counts, last);
    let upto = before + counts.get(high).copied().unwrap_or_default();
    let mut near = Vec::with_capacity(upto - below);
    near.extend(sample.iter().filter(|value| (low..=high).contains(&bucket(**value))));
    (near, below)
}

fn count(sample: &[f64]) -> Vec<usize> {
    // Two tables by turns: neighbours alike would wait for each other's count.
    let (mut even, mut odd) = (vec![0; BUCKETS], vec![0; BUCKETS]);
    let (pairs, rest) = sample.as_chunks::<2>();
    for [one, other] in pairs {
        increment(&mut even, *one);
        increment(&mut odd, *other);
    }
    rest.iter().for_each(|value| increment(&mut even, *value));
    even.iter().zip(odd).map(|(even, odd)| even + odd).collect()
}

fn increment(counts: &mut [usize], value: f64) {
    if let Some(count) = counts.get_mut(bucket(value)) {
        *count += 1;
    }
}

/// The bucket that holds a rank, and how many values lie in those before it.
fn holder(counts: &[usize], rank: usize) -> (usize, usize) {
    let mut before = 0;
    for (bucket, count) in counts.iter().enumerate() {
        if rank < before + count {
            return (bucket, before);
        }
        before += count;
    }
    (BUCKETS - 1, before)
}

/// The upper 16 bits of a number that is ordered as `f64::total_cmp` does.
fn bucket(value: f64) -> usize {
    let bits = value.to_bits();
    let ordered = if bits >> 63 == 0 { bits | 1 << 63 } else { !bits };
    (ordered >> 48) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranks_asked_for_are_there() {
        let share = |step: u64| (step.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) as f64 / 2_f64.powi(53);
        let samples: [Vec<f64>; 4] = [
            (0..50_000).map(|step| share(step) - 0.5).collect(),
            (0..50_000)
                .map(|step| share(step).powi(-9) * if step % 2 == 0 { 1e300 } else { -1e-300 })
                .collect(),
            vec![0.25; 50_000],
            (0..50_001).map(|step| if step < 40_000 { -0.0 } else { 0.0 }).collect(),
        ];
        for sample in samples {
            let mut sorted = sample.clone();
            sorted.sort_by(f64::total_cmp);
            for (first, last) in [(0, 0), (100, 25_000), (47_499, 49_499), (49_999, 49_999)] {
                let (mut near, below) = around(&sample, first, last);
                near.sort_by(f64::total_cmp);
                assert_eq!(
                    near[first - below..=last - below]
                        .iter()
                        .map(|value| value.to_bits())
                        .collect::<Vec<_>>(),
                    sorted[first..=last].iter().map(|value| value.to_bits()).collect::<Vec<_>>()
                );
            }
        }
    }
}
