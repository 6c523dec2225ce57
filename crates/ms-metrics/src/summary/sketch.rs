//! A sketch of many values that knows each quantile within half a per cent: DDSketch, Masson and others 2019.

use std::collections::BTreeMap;

/// Half a per cent, as the largest relative error.
const ERROR: f64 = 0.005;
/// Values nearer to zero are zero.
const SMALLEST: f64 = 1e-9;
/// Keys of positive values begin above zero: `ln(SMALLEST) / ln(growth)` is -2073.
const SHIFT: i32 = 2_100;
/// Enough for twenty powers of ten. Past them the smallest values blur, and the large ones that one looks for do not.
const MOST_BINS: usize = 4_608;

#[derive(Clone, Debug)]
pub(super) struct Sketch {
    /// By order of the values: negative ones below zero, zero at zero.
    bins: BTreeMap<i32, u64>,
    count: u64,
    min: f64,
    max: f64,
}

impl Default for Sketch {
    fn default() -> Self {
        Self { bins: BTreeMap::new(), count: 0, min: f64::INFINITY, max: f64::NEG_INFINITY }
    }
}

impl Sketch {
    /// Adds a finite value so many times.
    pub(super) fn add(&mut self, value: f64, count: u64) {
        self.add_to_bin(key(value), count);
        self.count = self.count.saturating_add(count);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (key, count) in &other.bins {
            self.add_to_bin(*key, *count);
        }
        self.count = self.count.saturating_add(other.count);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    fn add_to_bin(&mut self, key: i32, count: u64) {
        let bin = self.bins.entry(key).or_default();
        *bin = bin.saturating_add(count);
        if self.bins.len() > MOST_BINS
            && let Some((_, lowest)) = self.bins.pop_first()
            && let Some(mut next) = self.bins.first_entry()
        {
            *next.get_mut() = next.get().saturating_add(lowest);
        }
    }

    /// The value that a share `quantile` of all are not above; NaN if there is none.
    pub(super) fn quantile(&self, quantile: f64) -> f64 {
        if self.count == 0 {
            return f64::NAN;
        }
        if quantile >= 1.0 {
            return self.max;
        }
        let rank = (quantile * (self.count - 1) as f64) as u64;
        let mut seen = 0_u64;
        let reached = self.bins.iter().find(|(_, count)| {
            seen = seen.saturating_add(**count);
            seen > rank
        });
        let estimate = reached.map_or(self.max, |(key, _)| value(*key));
        if quantile <= 0.0 { self.min } else { estimate.clamp(self.min, self.max) }
    }
}

/// The logarithm of how far the bounds of a bin lie apart.
fn growth() -> f64 {
    ((1.0 + ERROR) / (1.0 - ERROR)).ln()
}

fn key(value: f64) -> i32 {
    let size = value.abs();
    if size < SMALLEST {
        return 0;
    }
    let bin = (size.ln() / growth()).ceil() as i32 + SHIFT;
    if value > 0.0 { bin } else { -bin }
}

/// The middle of a bin, in proportion to both its bounds.
fn value(key: i32) -> f64 {
    if key == 0 {
        return 0.0;
    }
    let upper = (f64::from(key.abs() - SHIFT) * growth()).exp();
    (upper * (1.0 - ERROR)).copysign(f64::from(key))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sketch(values: &[f64]) -> Sketch {
        let mut sketch = Sketch::default();
        values.iter().for_each(|value| sketch.add(*value, 1));
        sketch
    }

    #[test]
    fn the_ends_are_exact() {
        let sketch = sketch(&[3.3, -7.7, 0.0]);
        assert_eq!((sketch.quantile(0.0), sketch.quantile(0.5), sketch.quantile(1.0)), (-7.7, 0.0, 3.3));
        assert!(Sketch::default().quantile(0.5).is_nan());
    }

    #[test]
    fn values_from_everywhere_take_bounded_room() {
        let mut sketch = Sketch::default();
        for power in -300..300 {
            for step in 0..100 {
                sketch.add(10_f64.powi(power) * (1.0 + f64::from(step) * 0.09), 1);
            }
        }
        assert!(sketch.bins.len() <= MOST_BINS);
        let near = |quantile, power: i32| {
            let (found, exact) = (sketch.quantile(quantile), 10_f64.powi(power));
            assert!(found >= exact * 0.99 && found <= exact * 10.1, "{quantile}: {found}");
        };
        near(0.999, 299);
        near(0.99, 294);
    }

    proptest! {
        #[test]
        fn every_quantile_is_within_half_a_per_cent(
            values in prop::collection::vec(prop_oneof![0.0..100.0_f64, -1e6..1e6_f64, 1e-8..1e-3_f64, Just(0.0)], 1..300),
            quantile in 0.0..=1.0_f64,
            split: prop::sample::Index,
        ) {
            let (one, other) = values.split_at(split.index(values.len()));
            let mut merged = sketch(one);
            merged.merge(&sketch(other));
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let exact = sorted[(quantile * (values.len() - 1) as f64) as usize];
            let found = merged.quantile(quantile);
            prop_assert!((found - exact).abs() <= exact.abs() * (ERROR + 1e-9) + SMALLEST, "{} for {}", found, exact);
        }
    }
}
