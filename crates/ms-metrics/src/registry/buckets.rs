//! The bounds of a histogram.

use std::sync::Arc;

use crate::exposition::{Format, openmetrics, text};
#[cfg(feature = "native-histograms")]
use crate::native::{NativeBuckets, NativeShape};

/// Upper bounds, finite and rising.
pub(crate) struct Buckets {
    pub(crate) bounds: Arc<[f64]>,
    /// `le="0.5"} `: what ends the name of a line.
    ends: Vec<String>,
    /// The same in OpenMetrics.
    openmetrics_ends: Vec<String>,
    /// How to choose more of them.
    #[cfg(feature = "native-histograms")]
    pub(crate) native: Option<Arc<NativeShape>>,
}

impl Buckets {
    /// Nothing unless the bounds rise strictly and are finite; an infinite one at the end is left out, since there
    /// always is one.
    pub(crate) fn new(bounds: &[f64]) -> Option<Self> {
        let bounds = bounds.strip_suffix(&[f64::INFINITY]).unwrap_or(bounds);
        let rising = bounds.is_sorted_by(|one, next| one < next);
        let are_bounds = !bounds.is_empty() && rising && bounds.iter().all(|bound| bound.is_finite());
        are_bounds.then(|| Self::of(bounds))
    }

    fn of(bounds: &[f64]) -> Self {
        let ends = |write: fn(&mut String, f64)| {
            let end = |bound: &f64| {
                let mut number = String::new();
                write(&mut number, *bound);
                format!("le=\"{number}\"}} ")
            };
            bounds.iter().chain([&f64::INFINITY]).map(end).collect()
        };
        Self {
            bounds: bounds.into(),
            ends: ends(text::float),
            openmetrics_ends: ends(openmetrics::bound),
            #[cfg(feature = "native-histograms")]
            native: None,
        }
    }

    /// Those of a native histogram, beside its fixed bounds if it declares some.
    #[cfg(feature = "native-histograms")]
    pub(crate) fn native(fixed: Option<&Self>, native: NativeBuckets) -> Self {
        let fixed = Self::of(fixed.map(|fixed| &*fixed.bounds).unwrap_or_default());
        Self { native: Some(Arc::new(NativeShape::new(native))), ..fixed }
    }

    pub(super) fn line_ends(&self, format: Format) -> impl Iterator<Item = &str> {
        let ends = match format {
            Format::Text => &self.ends,
            Format::OpenMetrics => &self.openmetrics_ends,
        };
        ends.iter().map(String::as_str)
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
        let ends = |format| buckets.line_ends(format).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(ends(Format::Text), ["le=\"0.5\"} ", "le=\"1\"} ", "le=\"+Inf\"} "]);
        assert_eq!(ends(Format::OpenMetrics), ["le=\"0.5\"} ", "le=\"1.0\"} ", "le=\"+Inf\"} "]);
    }
}
