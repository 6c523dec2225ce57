//! How evenly something is spread.

use serde::Serialize;

/// How evenly something is spread over people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Spread {
    /// The Gini coefficient: 0 where all have the same, near 1 where one has all. `None` where nobody has any.
    pub gini: Option<f64>,
    /// The least that somebody has.
    pub min: f64,
    /// The most.
    pub max: f64,
    /// The mean; `None` without people.
    pub mean: Option<f64>,
}

impl Spread {
    /// Reckons over what each has: numbers of 0 or more.
    ///
    /// # Examples
    ///
    /// ```
    /// use ms_analytics::load::Spread;
    ///
    /// assert_eq!(Spread::of(vec![3.0, 3.0, 3.0]).gini, Some(0.0));
    /// assert_eq!(Spread::of(vec![0.0, 0.0, 0.0, 8.0]).gini, Some(0.75));
    /// assert_eq!(Spread::of(vec![0.0]).gini, None);
    /// ```
    pub fn of(mut shares: Vec<f64>) -> Self {
        // Sorted, so that sums do not depend on the order of people.
        shares.sort_by(f64::total_cmp);
        let (Some(min), Some(max)) = (shares.first(), shares.last()) else { return Self::default() };
        let count = shares.len() as f64;
        let sum: f64 = shares.iter().sum();
        let ranked: f64 = shares.iter().zip(1_u32..).map(|(share, rank)| f64::from(rank) * share).sum();
        let gini = (sum > 0.0).then(|| (2.0 * ranked / (count * sum) - (count + 1.0) / count).max(0.0));
        Self { gini, min: *min, max: *max, mean: Some(sum / count) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The definition: half the mean difference of any two, as a share of the mean.
        #[test]
        fn gini_is_the_mean_difference(shares in prop::collection::vec(0..50_u32, 1..40)) {
            let shares: Vec<_> = shares.into_iter().map(f64::from).collect();
            let differences: f64 = shares.iter().flat_map(|a| shares.iter().map(move |b| (a - b).abs())).sum();
            let (count, sum) = (shares.len() as f64, shares.iter().sum::<f64>());
            match Spread::of(shares).gini {
                None => prop_assert_eq!(sum, 0.0),
                Some(gini) => prop_assert!((gini - differences / (2.0 * count * sum)).abs() < 1e-12, "{}", gini),
            }
        }
    }
}
