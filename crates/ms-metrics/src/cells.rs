//! The numbers themselves: plain atomics.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use metrics::{CounterFn, GaugeFn, HistogramFn};

use crate::exemplars::Exemplars;
#[cfg(feature = "native-histograms")]
use crate::native::{NativeCell, NativeShape};
use crate::registry::{Invalid, InvalidSamples};

/// Where a counter stops. Far enough below the largest number that concurrent small steps cannot wrap past it before
/// one of them notices.
const CEILING: u64 = u64::MAX - (1 << 40);
const SMALL_STEP: u64 = 1 << 32;

/// A number that saturates.
#[derive(Debug, Default)]
struct Count(AtomicU64);

impl Count {
    fn value(&self) -> u64 {
        let value = self.0.load(Ordering::Relaxed);
        if value >= CEILING { u64::MAX } else { value }
    }

    /// False if it does not go so far.
    #[inline]
    fn add(&self, step: u64) -> bool {
        if step < SMALL_STEP {
            let fits = self.0.fetch_add(step, Ordering::Relaxed).saturating_add(step) < CEILING;
            if !fits {
                self.0.fetch_min(CEILING, Ordering::Relaxed);
            }
            fits
        } else {
            let add = |value: u64| value.saturating_add(step).min(CEILING);
            // `update` gives the number before.
            add(self.0.update(Ordering::Relaxed, Ordering::Relaxed, add)) < CEILING
        }
    }
}

/// A counter that saturates, and counts the steps after which it did.
#[derive(Debug, Default)]
pub(crate) struct CounterCell {
    count: Count,
    invalid: Arc<InvalidSamples>,
}

impl CounterCell {
    pub(crate) fn new(invalid: Arc<InvalidSamples>) -> Self {
        Self { count: Count::default(), invalid }
    }

    pub(crate) fn value(&self) -> u64 {
        self.count.value()
    }

    pub(crate) fn add(&self, step: u64) {
        if !self.count.add(step) {
            self.invalid.count(Invalid::Saturated, 1);
        }
    }

    /// Adds as [`add`](Self::add) does, and says nothing if it saturates: counting that needs the lock that the caller
    /// holds, or comes back to this counter.
    pub(crate) fn tally(&self, step: u64) {
        self.count.add(step);
    }

    /// Adds the total of another one; who calls it holds the lock that counting a saturation needs.
    pub(crate) fn absorb(&self, other: &Self) {
        self.tally(other.value());
    }
}

impl CounterFn for CounterCell {
    fn increment(&self, value: u64) {
        self.add(value);
    }

    fn absolute(&self, value: u64) {
        self.count.0.fetch_max(value.min(CEILING), Ordering::Relaxed);
        if value >= CEILING {
            self.invalid.count(Invalid::Saturated, 1);
        }
    }
}

/// A NaN that no calculation gives.
const HIDDEN: u64 = 0x7ff8_6d73_6869_6465;

/// A gauge; steps that are not finite are dropped, since they would spoil it for good.
#[derive(Debug)]
pub(crate) struct GaugeCell {
    bits: AtomicU64,
    invalid: Arc<InvalidSamples>,
}

impl GaugeCell {
    pub(crate) fn new(invalid: Arc<InvalidSamples>) -> Self {
        Self { bits: AtomicU64::new(0.0_f64.to_bits()), invalid }
    }

    /// Makes one that is not on the page until it is set.
    pub(crate) fn hidden() -> Self {
        // Whoever sets it adds no steps, so there is nothing invalid to count.
        Self { bits: AtomicU64::new(HIDDEN), invalid: Arc::default() }
    }

    /// Returns the value, or nothing after [`hide`](Self::hide).
    pub(crate) fn value(&self) -> Option<f64> {
        let bits = self.bits.load(Ordering::Relaxed);
        (bits != HIDDEN).then(|| f64::from_bits(bits))
    }

    /// Takes the series off the page until the next `set`: a reading that is missing is not 0.
    pub(crate) fn hide(&self) {
        self.bits.store(HIDDEN, Ordering::Relaxed);
    }

    /// Counts one thing more. No steps of one lead from a finite value to infinity, so nothing is to be checked.
    #[cfg(feature = "http")]
    #[inline]
    pub(crate) fn enter(&self) {
        add_to_bits(&self.bits, |things| things + 1.0);
    }

    /// Counts one thing less.
    #[cfg(feature = "http")]
    #[inline]
    pub(crate) fn leave(&self) {
        add_to_bits(&self.bits, |things| things - 1.0);
    }

    fn step(&self, step: f64) {
        if !step.is_finite() {
            self.invalid.count(Invalid::of(step, 1), 1);
            return;
        }
        add_to_bits(&self.bits, |value| {
            let sum = value + step;
            // Two finite values may add up to infinity, which no step leads back from.
            if value.is_finite() { sum.clamp(f64::MIN, f64::MAX) } else { sum }
        });
    }
}

impl GaugeFn for GaugeCell {
    fn increment(&self, value: f64) {
        self.step(value);
    }

    fn decrement(&self, value: f64) {
        self.step(-value);
    }

    fn set(&self, value: f64) {
        self.bits.store(value.to_bits(), Ordering::Relaxed);
    }
}

/// A histogram with fixed bounds.
#[derive(Debug)]
pub(crate) struct HistogramCell {
    bounds: Arc<[f64]>,
    /// One count a bound, and one for what is larger than all.
    counts: Box<[Count]>,
    sum: AtomicU64,
    /// The smallest value taken: a negative one where no bound is negative is a mistake, and would lower the sum.
    floor: f64,
    /// Made with the first one: most histograms have none.
    exemplars: OnceLock<Exemplars>,
    invalid: Arc<InvalidSamples>,
    #[cfg(feature = "native-histograms")]
    native: Option<Box<NativeCell>>,
}

impl HistogramCell {
    pub(crate) fn new(bounds: Arc<[f64]>, invalid: Arc<InvalidSamples>) -> Self {
        let counts = (0..=bounds.len()).map(|_| Count::default()).collect();
        let floor = if bounds.first().is_some_and(|bound| *bound < 0.0) { f64::MIN } else { 0.0 };
        let sum = AtomicU64::new(0.0_f64.to_bits());
        Self {
            bounds,
            counts,
            sum,
            exemplars: OnceLock::new(),
            floor,
            invalid,
            #[cfg(feature = "native-histograms")]
            native: None,
        }
    }

    /// Gives it buckets that follow the values, beside those with fixed bounds.
    #[cfg(feature = "native-histograms")]
    pub(crate) fn with_native(mut self, shape: Option<&Arc<NativeShape>>) -> Self {
        self.native = shape.map(|shape| Box::new(NativeCell::new(Arc::clone(shape))));
        self
    }

    #[cfg(feature = "native-histograms")]
    pub(crate) fn native(&self) -> Option<&NativeCell> {
        self.native.as_deref()
    }

    /// Returns the number of values up to each bound, and up to infinity.
    pub(crate) fn cumulative(&self) -> impl Iterator<Item = u64> {
        self.counts.iter().scan(0_u64, |total, count| {
            *total = total.saturating_add(count.value());
            Some(*total)
        })
    }

    pub(crate) fn sum(&self) -> f64 {
        f64::from_bits(self.sum.load(Ordering::Relaxed))
    }

    /// Records a value and, if it is the largest of its bucket for a minute, the trace it belongs to: 1 to 120 visible
    /// ASCII characters but quotes and backslashes; with any other the value alone is recorded.
    pub(crate) fn record_with_exemplar(&self, value: f64, trace_id: &str) {
        self.record(value);
        if self.takes(value) {
            let exemplars = self.exemplars.get_or_init(|| Exemplars::new(self.counts.len()));
            exemplars.offer(self.bucket(value), value, trace_id);
        }
    }

    pub(crate) fn exemplars(&self) -> Option<&Exemplars> {
        self.exemplars.get()
    }

    #[cfg(any(feature = "otlp", feature = "testing"))]
    pub(crate) fn buckets(&self) -> usize {
        self.counts.len()
    }

    /// What it takes of the memory, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let bytes = size_of::<Self>() + size_of_val(&*self.counts);
        let bytes = bytes + self.exemplars().map_or(0, Exemplars::bytes);
        #[cfg(feature = "native-histograms")]
        let bytes = bytes + self.native().map_or(0, NativeCell::bytes);
        bytes
    }

    /// Adds the counts and the sum of another one with the same bounds; as [`CounterCell::absorb`] does.
    pub(crate) fn absorb(&self, other: &Self) {
        for (count, other) in self.counts.iter().zip(&other.counts) {
            count.add(other.value());
        }
        self.add_to_sum(other.sum());
        #[cfg(feature = "native-histograms")]
        if let (Some(native), Some(other)) = (&self.native, &other.native) {
            native.absorb(other);
        }
    }

    fn add_to_sum(&self, sum: f64) {
        // Two finite values may add up to infinity, which would stay for good.
        add_to_bits(&self.sum, |total| (total + sum).clamp(f64::MIN, f64::MAX));
    }

    fn takes(&self, value: f64) -> bool {
        self.floor <= value && value <= f64::MAX
    }

    /// Inlined, so that a count of one is known to be small.
    #[inline]
    fn take(&self, value: f64, count: u64, sum: f64) {
        if let Some(counted) = self.counts.get(self.bucket(value))
            && !counted.add(count)
        {
            self.invalid.count(Invalid::Saturated, count);
        }
        self.add_to_sum(sum);
        #[cfg(feature = "native-histograms")]
        if let Some(native) = &self.native {
            native.record(value, count);
        }
    }

    fn bucket(&self, value: f64) -> usize {
        // A dozen bounds: counting those below has no branch to mispredict.
        self.bounds.iter().map(|bound| usize::from(value > *bound)).sum()
    }
}

impl HistogramFn for HistogramCell {
    fn record(&self, value: f64) {
        if self.takes(value) {
            self.take(value, 1, value);
        } else {
            self.invalid.count(Invalid::of(value, 1), 1);
        }
    }

    fn record_many(&self, value: f64, count: usize) {
        if count == 0 {
            return;
        }
        let (sum, count) = (value * count as f64, count as u64);
        if self.takes(value) && sum.is_finite() {
            self.take(value, count, sum);
        } else {
            self.invalid.count(Invalid::of(value, count), count);
        }
    }
}

fn add_to_bits(bits: &AtomicU64, add: impl Fn(f64) -> f64) {
    bits.update(Ordering::Relaxed, Ordering::Relaxed, |old| add(f64::from_bits(old)).to_bits());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_saturate() {
        let invalid = Arc::<InvalidSamples>::default();
        let counter = CounterCell::new(Arc::clone(&invalid));
        counter.add(u64::MAX - (1 << 50));
        assert_eq!((counter.value(), invalid.counted(Invalid::Saturated)), (u64::MAX - (1 << 50), 0));
        for (step, saturated) in [(1 << 50, 1), (1, 2), (u64::MAX, 3)] {
            counter.increment(step);
            assert_eq!((counter.value(), invalid.counted(Invalid::Saturated)), (u64::MAX, saturated));
        }
        counter.absolute(3);
        assert_eq!((counter.value(), invalid.counted(Invalid::Saturated)), (u64::MAX, 3));
    }

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let invalid = Arc::<InvalidSamples>::default();
        let histogram = HistogramCell::new([1.0, 2.0].into(), Arc::clone(&invalid));
        for value in [0.5, 1.0, 1.5, 2.0, 2.5, f64::NAN, f64::INFINITY, -f64::INFINITY, -0.1, -0.0] {
            histogram.record(value);
        }
        let counts: Vec<_> = histogram.cumulative().collect();
        assert_eq!(counts, [3, 5, 6]);
        assert_eq!(histogram.sum(), 7.5);
        let counted =
            [Invalid::NotANumber, Invalid::Infinite, Invalid::Negative].map(|why| invalid.counted(why));
        assert_eq!(counted, [1, 2, 1]);
    }

    #[test]
    fn a_negative_bound_lets_negative_values_in() {
        let invalid = Arc::<InvalidSamples>::default();
        let histogram = HistogramCell::new([-1.0, 1.0].into(), Arc::clone(&invalid));
        histogram.record(-3.0);
        histogram.record_many(f64::MIN, 2);
        assert_eq!(histogram.cumulative().collect::<Vec<_>>(), [1, 1, 1]);
        assert_eq!((histogram.sum(), invalid.counted(Invalid::Infinite)), (-3.0, 2));
    }

    #[test]
    fn the_counts_and_the_sum_of_a_histogram_saturate() {
        let histogram = HistogramCell::new([1.0].into(), Arc::default());
        for _ in 0..2 {
            histogram.record_many(0.0, usize::MAX);
            histogram.record(f64::MAX);
        }
        assert_eq!(histogram.cumulative().collect::<Vec<_>>(), [u64::MAX, u64::MAX]);
        assert_eq!(histogram.sum(), f64::MAX);
    }

    #[test]
    fn a_gauge_survives_steps_that_are_no_number() {
        let invalid = Arc::<InvalidSamples>::default();
        let gauge = GaugeCell::new(Arc::clone(&invalid));
        gauge.increment(2.0);
        gauge.increment(f64::NAN);
        gauge.decrement(f64::INFINITY);
        gauge.decrement(0.5);
        assert_eq!(gauge.value(), Some(1.5));
        assert_eq!((invalid.counted(Invalid::NotANumber), invalid.counted(Invalid::Infinite)), (1, 1));
        for _ in 0..2 {
            gauge.increment(f64::MAX);
        }
        assert_eq!(gauge.value(), Some(f64::MAX));
    }
}
