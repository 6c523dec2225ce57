//! The bounds of a histogram.

use std::sync::Arc;

use crate::exposition::{Format, openmetrics, text};

/// Upper bounds, finite and rising.
pub(crate) struct Buckets {
    pub(crate) bounds: Arc<[f64]>,
    /// `le="0.5"} `: what ends the name of a line.
    ends: Vec<String>,
    /// The same in OpenMetrics.
    openmetrics_ends: Vec<String>,
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
        let ends = |write: fn(&mut String, f64)| {
            let end = |bound: &f64| {
                let mut number = String::new();
                write(&mut number, *bound);
                format!("le=\"{number}\"}} ")
            };
            bounds.iter().chain([&f64::INFINITY]).map(end).collect()
        };
        Some(Self {
            bounds: bounds.into(),
            ends: ends(text::float),
            openmetrics_ends: ends(openmetrics::bound),
        })
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
