//! What was declared, as the registry takes it.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::catalog::{Catalog, SCHEDULED_SHIFTS};
use crate::error::BuildError;
use crate::guard;
#[cfg(feature = "native-histograms")]
use crate::native::NativeBuckets;
use crate::registry::{AllowedValues, Buckets, Kind};

/// The catalog's buckets, and over them the caller's.
pub(super) fn buckets(
    catalog: &Catalog,
    given: &[(String, Vec<f64>)],
) -> Result<FxHashMap<String, Arc<Buckets>>, BuildError> {
    let declared = catalog.iter().filter(|metric| metric.kind == Kind::Histogram);
    let declared = declared.map(|metric| (metric.name, metric.buckets));
    let given = given.iter().map(|(name, bounds)| (name.as_str(), bounds.as_slice()));
    let mut checked = FxHashMap::default();
    for (metric, bounds) in declared.chain(given) {
        let wrong = || BuildError::Buckets { metric: metric.to_owned() };
        let taken = catalog.get(metric).is_some_and(|metric| metric.kind != Kind::Histogram);
        let buckets = Buckets::new(bounds).filter(|_| !taken).ok_or_else(wrong)?;
        let name = guard::metric_name(metric).map_err(|_| wrong())?;
        checked.insert(name, Arc::new(buckets));
    }
    Ok(checked)
}

/// The values that labels take, the departments among them.
pub(super) fn allowed_values(
    given: Vec<(String, String, Vec<String>)>,
    departments: &[String],
) -> Result<AllowedValues, BuildError> {
    let mut allowed = AllowedValues::default();
    if !departments.is_empty() {
        allowed.allow(SCHEDULED_SHIFTS, "department", departments.iter().map(String::as_str));
    }
    for (metric, label, values) in given {
        if !allowed.allow(&metric, &label, values.iter().map(String::as_str)) {
            return Err(BuildError::AllowedValues { metric, label });
        }
    }
    Ok(allowed)
}

/// Adds the native histograms to those with fixed bounds.
#[cfg(feature = "native-histograms")]
pub(super) fn with_native(
    catalog: &Catalog,
    mut buckets: FxHashMap<String, Arc<Buckets>>,
    native: &[(String, NativeBuckets)],
) -> Result<FxHashMap<String, Arc<Buckets>>, BuildError> {
    for (metric, given) in native {
        let taken = catalog.get(metric).is_some_and(|metric| metric.kind != Kind::Histogram);
        let name = guard::metric_name(metric).ok().filter(|_| !taken && given.is_valid());
        let name = name.ok_or_else(|| BuildError::NativeBuckets { metric: metric.clone() })?;
        let fixed = buckets.get(&name).map(|buckets| &**buckets);
        let made = Buckets::native(fixed, *given);
        buckets.insert(name, Arc::new(made));
    }
    Ok(buckets)
}
