//! Metrics as a plain map of names and values.

use std::collections::{BTreeMap, HashMap};

use super::Samples;

/// Names and values that rules can be checked against: maps, slices, arrays and vectors of pairs.
///
/// Values are `f64` or `Option<f64>`; `None` is a metric that is missing.
///
/// ```
/// use std::collections::HashMap;
/// use ms_alerts::{AlertManager, AlertRule, above};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), ms_alerts::BuildError> {
/// let alerts = AlertManager::new();
/// alerts.add_rule(AlertRule::new("cpu_usage_percent", above(), 90.0))?;
/// assert_eq!(alerts.check_alerts(&HashMap::from([("cpu_usage_percent", 95.0)])).await.len(), 1);
/// assert!(alerts.check_alerts(&[("cpu_usage_percent", None::<f64>)]).await.is_empty());
/// # Ok(())
/// # }
/// ```
pub trait MetricValues {
    /// Calls `visit` with each metric that has a value.
    fn visit<'a>(&'a self, visit: &mut dyn FnMut(&'a str, f64));
}

impl<K: AsRef<str>, V: Into<Option<f64>> + Copy, S> MetricValues for HashMap<K, V, S> {
    fn visit<'a>(&'a self, visit: &mut dyn FnMut(&'a str, f64)) {
        pairs(self.iter(), visit);
    }
}

impl<K: AsRef<str>, V: Into<Option<f64>> + Copy> MetricValues for BTreeMap<K, V> {
    fn visit<'a>(&'a self, visit: &mut dyn FnMut(&'a str, f64)) {
        pairs(self.iter(), visit);
    }
}

impl<K: AsRef<str>, V: Into<Option<f64>> + Copy> MetricValues for [(K, V)] {
    fn visit<'a>(&'a self, visit: &mut dyn FnMut(&'a str, f64)) {
        pairs(self.iter().map(|(name, value)| (name, value)), visit);
    }
}

impl<K: AsRef<str>, V: Into<Option<f64>> + Copy, const N: usize> MetricValues for [(K, V); N] {
    fn visit<'a>(&'a self, visit: &mut dyn FnMut(&'a str, f64)) {
        self.as_slice().visit(visit);
    }
}

impl<K: AsRef<str>, V: Into<Option<f64>> + Copy> MetricValues for Vec<(K, V)> {
    fn visit<'a>(&'a self, visit: &mut dyn FnMut(&'a str, f64)) {
        self.as_slice().visit(visit);
    }
}

impl<T: MetricValues + ?Sized> MetricValues for &T {
    fn visit<'a>(&'a self, visit: &mut dyn FnMut(&'a str, f64)) {
        (**self).visit(visit);
    }
}

fn pairs<'a, K: AsRef<str> + 'a, V: Into<Option<f64>> + Copy + 'a>(
    pairs: impl Iterator<Item = (&'a K, &'a V)>,
    visit: &mut dyn FnMut(&'a str, f64),
) {
    for (name, value) in pairs {
        if let Some(value) = (*value).into() {
            visit(name.as_ref(), value);
        }
    }
}

/// Samples without labels.
pub(crate) fn samples_of<M: MetricValues + ?Sized>(metrics: &M) -> Samples<'_> {
    let mut samples = Samples::default();
    metrics.visit(&mut |name, value| samples.push_row(name, 0, value, None));
    samples.index()
}
