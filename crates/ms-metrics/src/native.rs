//! Histograms whose buckets follow the values: Prometheus' native histograms.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::registry::BLOCK;

/// What Prometheus reads.
const COARSEST: i32 = -4;
const FINEST: i32 = 8;

/// What a bucket takes, in bytes: a node of eleven has room for them and is half full when values only rise.
const BUCKET: usize = 30;

/// How a native histogram chooses its buckets; for [`MetricsBuilder::native_histogram`].
///
/// [`MetricsBuilder::native_histogram`]: crate::MetricsBuilder::native_histogram
///
/// | option | default |
/// |---|---|
/// | [`factor`](Self::factor) | 1.1 |
/// | [`most`](Self::most) | 160 |
/// | [`zero_threshold`](Self::zero_threshold) | 2⁻¹²⁸ |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NativeBuckets {
    factor: f64,
    most: usize,
    zero_threshold: f64,
}

impl Default for NativeBuckets {
    fn default() -> Self {
        // 2⁻¹²⁸, as client_golang has it.
        Self { factor: 1.1, most: 160, zero_threshold: 2.938_735_877_055_719e-39 }
    }
}

impl NativeBuckets {
    /// Sets by how much each bound is larger than the one before, at most: the next finer of the steps there are, from
    /// 2^(1/256) to 65,536. Larger than 1.
    #[must_use]
    pub fn factor(mut self, factor: f64) -> Self {
        self.factor = factor;
        self
    }

    /// Sets how many buckets there are at most; with more, two and two become one. At least 1.
    #[must_use]
    pub fn most(mut self, buckets: usize) -> Self {
        self.most = buckets;
        self
    }

    /// Sets up to which distance from 0 a value counts as 0. Not negative.
    #[must_use]
    pub fn zero_threshold(mut self, distance: f64) -> Self {
        self.zero_threshold = distance;
        self
    }

    pub(crate) fn is_valid(&self) -> bool {
        let has_zero = self.zero_threshold.is_finite() && self.zero_threshold >= 0.0;
        self.factor > 1.0 && self.factor.is_finite() && self.most > 0 && has_zero
    }

    /// The largest step that is not above the factor is 2^(2^-schema).
    fn schema(&self) -> i32 {
        let steps = -self.factor.log2().log2();
        (steps.ceil() as i32).clamp(COARSEST, FINEST)
    }
}

/// What all series of a metric share.
#[derive(Debug)]
pub(crate) struct NativeShape {
    buckets: NativeBuckets,
    /// The bounds between a half and 1 at the finest, each the upper one of its bucket.
    bounds: Box<[f64]>,
}

impl NativeShape {
    pub(crate) fn new(buckets: NativeBuckets) -> Self {
        let steps = 1_u32 << buckets.schema().max(0);
        let bound = |step: u32| (f64::from(step) / f64::from(steps) - 1.0).exp2();
        Self { buckets, bounds: (0..steps).map(bound).collect() }
    }

    /// The bucket of a positive value at a schema that is not finer than that of the bounds.
    fn index(&self, value: f64, schema: i32) -> i32 {
        let (fraction, exponent) = fraction_and_exponent(value);
        let steps = self.bounds.len() as i32;
        let place = self.bounds.partition_point(|bound| *bound < fraction) as i32;
        coarser(place + (exponent - 1) * steps, self.buckets.schema().max(0) - schema)
    }
}

/// The bucket that holds this one when two and two have become one so many times.
fn coarser(index: i32, times: i32) -> i32 {
    (index + (1 << times) - 1) >> times
}

/// A positive value as a fraction from a half to 1 and a power of two.
fn fraction_and_exponent(value: f64) -> (f64, i32) {
    const FRACTION: u64 = (1 << 52) - 1;
    if value < f64::MIN_POSITIVE {
        let (fraction, exponent) = fraction_and_exponent(value * (1_u64 << 54) as f64);
        return (fraction, exponent - 54);
    }
    let bits = value.to_bits();
    (f64::from_bits(bits & FRACTION | 1022 << 52), (bits >> 52) as i32 - 1022)
}

/// The buckets of a series.
#[derive(Debug)]
pub(crate) struct NativeCell {
    shape: Arc<NativeShape>,
    state: Mutex<NativeState>,
}

/// What is shown of a series at one moment.
#[derive(Clone, Debug)]
pub(crate) struct NativeState {
    pub(crate) schema: i32,
    pub(crate) zeros: u64,
    pub(crate) positive: BTreeMap<i32, u64>,
    pub(crate) negative: BTreeMap<i32, u64>,
    pub(crate) sum: f64,
}

impl NativeCell {
    pub(crate) fn new(shape: Arc<NativeShape>) -> Self {
        let (positive, negative) = (BTreeMap::new(), BTreeMap::new());
        let state = NativeState { schema: shape.buckets.schema(), zeros: 0, positive, negative, sum: 0.0 };
        Self { shape, state: Mutex::new(state) }
    }

    pub(crate) fn zero_threshold(&self) -> f64 {
        self.shape.buckets.zero_threshold
    }

    /// What it takes of the memory, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let state = self.state.lock();
        let buckets = state.positive.len() + state.negative.len();
        size_of::<Self>() + BLOCK + buckets * BUCKET
    }

    pub(crate) fn state(&self) -> NativeState {
        self.state.lock().clone()
    }

    /// Records a finite value whose sum is finite, too.
    pub(crate) fn record(&self, value: f64, count: u64) {
        let mut state = self.state.lock();
        let state = &mut *state;
        state.sum = (state.sum + value * count as f64).clamp(f64::MIN, f64::MAX);
        if value.abs() <= self.zero_threshold() || value == 0.0 {
            state.zeros = state.zeros.saturating_add(count);
            return;
        }
        let index = self.shape.index(value.abs(), state.schema);
        let buckets = if value > 0.0 { &mut state.positive } else { &mut state.negative };
        add(buckets, index, count);
        state.fit(self.shape.buckets.most);
    }

    /// Adds the counts of another series of the metric.
    pub(crate) fn absorb(&self, other: &Self) {
        let mut other = other.state();
        let mut state = self.state.lock();
        let schema = state.schema.min(other.schema);
        state.coarsen(schema);
        other.coarsen(schema);
        state.zeros = state.zeros.saturating_add(other.zeros);
        state.sum = (state.sum + other.sum).clamp(f64::MIN, f64::MAX);
        other.positive.into_iter().for_each(|(index, count)| add(&mut state.positive, index, count));
        other.negative.into_iter().for_each(|(index, count)| add(&mut state.negative, index, count));
        state.fit(self.shape.buckets.most);
    }
}

impl NativeState {
    pub(crate) fn count(&self) -> u64 {
        let counts = self.positive.values().chain(self.negative.values());
        counts.fold(self.zeros, |total, count| total.saturating_add(*count))
    }

    fn fit(&mut self, most: usize) {
        while self.positive.len() + self.negative.len() > most && self.schema > COARSEST {
            self.coarsen(self.schema - 1);
        }
    }

    fn coarsen(&mut self, schema: i32) {
        let times = self.schema - schema;
        if times <= 0 {
            return;
        }
        self.schema = schema;
        for buckets in [&mut self.positive, &mut self.negative] {
            for (index, count) in std::mem::take(buckets) {
                add(buckets, coarser(index, times), count);
            }
        }
    }
}

fn add(buckets: &mut BTreeMap<i32, u64>, index: i32, count: u64) {
    let bucket = buckets.entry(index).or_default();
    *bucket = bucket.saturating_add(count);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cell(factor: f64, most: usize) -> NativeCell {
        NativeCell::new(Arc::new(NativeShape::new(NativeBuckets::default().factor(factor).most(most))))
    }

    /// The upper bound of a bucket.
    fn bound(index: i32, schema: i32) -> f64 {
        (f64::from(index) * f64::from(-schema).exp2()).exp2()
    }

    #[test]
    fn the_step_is_not_above_the_factor() {
        for (factor, schema) in
            [(1.1, 3), (2.0, 0), (1.9, 1), (4.0, -1), (5.0, -1), (65_536.0, -4), (1e9, -4), (1.0001, 8)]
        {
            assert_eq!(NativeBuckets::default().factor(factor).schema(), schema, "{factor}");
        }
    }

    #[test]
    fn a_power_of_two_is_the_upper_bound_of_its_bucket() {
        for factor in [1.1, 2.0, 4.0, 65_536.0] {
            let cell = cell(factor, 160);
            for (value, index) in [(1.0, 0), (65_536.0, cell.shape.index(65_536.0, cell.state().schema))] {
                cell.record(value, 1);
                let state = cell.state();
                assert_eq!(state.positive[&index], 1);
                assert_eq!(bound(index, state.schema), value);
            }
        }
    }

    #[test]
    fn zeros_and_negative_values_have_their_place() {
        let cell = cell(1.1, 160);
        for value in [0.0, -0.0, 1e-40, -1e-40, -1.0, -1.0, 1.0] {
            cell.record(value, 1);
        }
        let state = cell.state();
        assert_eq!((state.zeros, state.negative[&0], state.positive[&0]), (4, 2, 1));
        assert_eq!((state.count(), state.sum), (7, -1.0));
    }

    proptest! {
        #[test]
        fn values_lie_in_their_buckets(value in prop_oneof![f64::MIN_POSITIVE..f64::MAX, 1e-9..1e9_f64], factor in 1.002..100.0_f64) {
            let cell = cell(factor, 160);
            cell.record(value, 1);
            let state = cell.state();
            let (index, _) = state.positive.first_key_value().unwrap();
            // The arithmetic of this test is not exact to the last bit.
            prop_assert!(bound(*index, state.schema) >= value * (1.0 - 1e-12));
            prop_assert!(bound(index - 1, state.schema) < value * (1.0 + 1e-12));
        }

        #[test]
        fn merged_series_are_as_one(values in prop::collection::vec(-1e6..1e6_f64, 0..200), most in 1..40_usize) {
            let (one, two, all) = (cell(1.1, most), cell(1.1, most), cell(1.1, most));
            for (number, value) in values.iter().enumerate() {
                if number % 2 == 0 { one.record(*value, 1) } else { two.record(*value, 1) }
                all.record(*value, 1);
            }
            one.absorb(&two);
            let (merged, whole) = (one.state(), all.state());
            prop_assert!(merged.positive.len() + merged.negative.len() <= most || merged.schema == COARSEST);
            prop_assert_eq!(merged.count(), values.len() as u64);
            prop_assert_eq!((merged.schema, merged.zeros), (whole.schema, whole.zeros));
            prop_assert_eq!((merged.positive, merged.negative), (whole.positive, whole.negative));
        }
    }
}
