//! Label sets, as Prometheus sees them.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::fingerprint::Fnv;

/// Names and values, sorted by name. As in Prometheus an empty value is no label; an annotation may be empty.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Labels(Vec<(String, String)>);

impl Labels {
    /// Gives the value of a label.
    pub fn get(&self, name: &str) -> Option<&str> {
        let at = self.0.binary_search_by(|(key, _)| key.as_str().cmp(name)).ok()?;
        self.0.get(at).map(|(_, value)| value.as_str())
    }

    /// Gives names and values, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Tells whether there is no label.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Texts for people may be empty, as in Prometheus.
    pub(crate) fn of_texts(texts: BTreeMap<String, String>) -> Self {
        Self(texts.into_iter().collect())
    }

    /// Gives the fingerprint that Prometheus and Alertmanager compute of the same labels: FNV-1a of names and values,
    /// as 16 hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        format!("{:016x}", self.fingerprint_bits())
    }

    pub(crate) fn fingerprint_bits(&self) -> u64 {
        let mut hash = Fnv::default();
        for (name, value) in self.iter() {
            hash.text(name).text(value);
        }
        hash.finish()
    }
}

/// Later pairs win over earlier ones of the same name.
impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Labels {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let sorted: BTreeMap<String, String> =
            pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self(sorted.into_iter().filter(|(_, value)| !value.is_empty()).collect())
    }
}

impl Serialize for Labels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// As they were written; texts for people may be empty.
impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::deserialize(deserializer).map(Self::of_texts)
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// Whether Prometheus allows a label of this name on an alert.
pub(crate) fn is_label_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Whether Prometheus allows a metric of this name.
pub(crate) fn is_metric_name(name: &str) -> bool {
    is_label_name(&name.replace(':', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_value_is_no_label_and_the_later_of_two_wins() {
        let labels: Labels =
            [("b", "1"), ("a", "x"), ("b", "2"), ("c", "3"), ("c", "")].into_iter().collect();
        assert_eq!(labels.iter().collect::<Vec<_>>(), [("a", "x"), ("b", "2")]);
        assert_eq!((labels.get("b"), labels.get("c")), (Some("2"), None));
    }

    #[test]
    fn fingerprints_are_those_of_alertmanager() {
        // As Alertmanager 0.25 shows them for alerts of these labels.
        let of = |labels: &[(&str, &str)]| labels.iter().copied().collect::<Labels>().fingerprint();
        assert_eq!(of(&[("severity", "page"), ("alertname", "HighCpu")]), "6290adce0c0ca46c");
        let odd = [("alertname", "Ä"), ("department", "Acil Servis"), ("x", "a\"b\n")];
        assert_eq!(of(&odd), "ce9bf8747f5c8d4f");
    }

    #[test]
    fn label_names_are_those_of_prometheus() {
        for name in ["a", "_", "a_1", "__name__", "Severity"] {
            assert!(is_label_name(name), "{name}");
        }
        for name in ["", "1a", "a-b", "a.b", "ä", "a:b", "a b"] {
            assert!(!is_label_name(name), "{name}");
        }
    }
}
