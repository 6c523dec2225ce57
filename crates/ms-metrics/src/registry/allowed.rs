//! Labels that take declared values alone.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::guard::{self, CheckedLabel, OTHER};

/// The values that the labels of each metric take; a label that is not here takes any.
#[derive(Default)]
pub(crate) struct AllowedValues(FxHashMap<String, Vec<(String, FxHashSet<String>)>>);

impl AllowedValues {
    /// Allows `values` of a label; called again it allows more. False if there can be no such label.
    pub(crate) fn allow<'a>(
        &mut self,
        metric: &str,
        label: &str,
        values: impl IntoIterator<Item = &'a str>,
    ) -> bool {
        let Ok(metric) = guard::metric_name(metric) else { return false };
        if !guard::is_label_name(label, None) {
            return false;
        }
        let labels = self.0.entry(metric).or_default();
        let values = values.into_iter().map(guard::shown_value);
        match labels.iter_mut().find(|(known, _)| known == label) {
            Some((_, allowed)) => allowed.extend(values),
            None => labels.push((label.to_owned(), values.collect())),
        }
        true
    }

    /// Makes `__other__` of what is not allowed, an absent label with it; gives the first such label and its value.
    /// Nobody can have the `reserved` label, so nothing is put in its place.
    pub(super) fn restrict(
        &self,
        metric: &str,
        reserved: Option<&str>,
        labels: &mut Vec<CheckedLabel>,
    ) -> Option<(String, String)> {
        let mut strange = None;
        let restricted = self.0.get(metric)?.iter().filter(|(name, _)| reserved != Some(name));
        for (name, allowed) in restricted {
            let value = match labels.iter_mut().find(|label| label.name == *name) {
                Some(label) if label.value == OTHER || allowed.contains(&label.value) => continue,
                Some(label) => std::mem::replace(&mut label.value, OTHER.to_owned()),
                None => {
                    labels.push(CheckedLabel::own(name, OTHER));
                    String::new()
                }
            };
            strange = strange.or_else(|| Some((name.clone(), value)));
        }
        strange
    }
}
