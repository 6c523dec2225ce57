//! The bounds of a histogram.

use std::sync::Arc;

use crate::text;

/// Upper bounds, finite and rising.
pub(crate) struct Buckets {
    pub(crate) bounds: Arc<[f64]>,
    /// `le="0.5"} `: what ends the name of a line.
    ends: Vec<String>,
}

impl Buckets {
    /// Nothing unless the bounds rise strictly and are finite; an infinite one at the end is left out, since there
    /// always is one.
    pub(crate) fn new(bounds: &[f64]) -> Option<Self> {
        let bounds = bounds.strip_suffix(&[f64::INFINITY]).unwrap_or(bounds);
        let rising = bounds.is_sorted_by(|one, next| one < next);
        if bounds.is_empty() || !rising || !bounds.iter().all(|bound| bound.is_finite()) {
            return None;
        }
        let end = |bound: &f64| {
            let mut number = String::new();
            text::float(&mut number, *bound);
            format!("le=\"{number}\"}} ")
        };
        Some(Self { bounds: bounds.into(), ends: bounds.iter().chain([&f64::INFINITY]).map(end).collect() })
    }

    pub(super) fn line_ends(&self) -> impl Iterator<Item = &str> {
        self.ends.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_finite_and_rise() {
        for wrong in
            [&[][..], &[1.0, 1.0], &[2.0, 1.0], &[f64::NAN], &[f64::INFINITY], &[f64::NEG_INFINITY, 1.0]]
        {
            assert!(Buckets::new(wrong).is_none(), "{wrong:?}");
        }
        let buckets = Buckets::new(&[0.5, 1.0, f64::INFINITY]).unwrap();
        assert_eq!(*buckets.bounds, [0.5, 1.0]);
        let ends: Vec<_> = buckets.line_ends().collect();
        assert_eq!(ends, ["le=\"0.5\"} ", "le=\"1\"} ", "le=\"+Inf\"} "]);
    }
}
