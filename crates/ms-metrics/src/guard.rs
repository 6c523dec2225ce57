//! What names and labels may be.

use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};
use std::sync::LazyLock;

use metrics::Key;

use crate::person;

/// The label value that stands for all series past the cap.
pub(crate) const OTHER: &str = "__other__";
/// The label value that stands for all that tell who somebody is.
const REDACTED: &str = "__redacted__";
const LONGEST_VALUE: usize = 128;
pub(crate) const LONGEST_NAME: usize = 200;
pub(crate) const MOST_LABELS: usize = 32;

/// Why a registration was refused; the value of the label `reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The name is empty or longer than 200 bytes, or valid only after a change that makes it another metric's.
    Name,
    /// A label has no usable name (empty, too long, kept for Prometheus), or two have one name after they were made valid.
    LabelName,
    /// More than 32 labels.
    TooManyLabels,
    /// The name is in use as another kind, or as a part of a histogram or summary.
    Kind,
    /// There are too many metrics.
    TooManyMetrics,
    /// A handle was asked for with more or fewer values than its metric has labels.
    LabelValues,
    /// A handle was asked for of a metric that is not in the catalog.
    Undeclared,
}

impl Refusal {
    pub(crate) const ALL: [Self; 7] = [
        Self::Name,
        Self::LabelName,
        Self::TooManyLabels,
        Self::Kind,
        Self::TooManyMetrics,
        Self::LabelValues,
        Self::Undeclared,
    ];

    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::LabelName => "label_name",
            Self::TooManyLabels => "too_many_labels",
            Self::Kind => "kind",
            Self::TooManyMetrics => "too_many_metrics",
            Self::LabelValues => "label_values",
            Self::Undeclared => "undeclared",
        }
    }
}

/// A label as it is exposed, and its name as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CheckedLabel {
    pub(crate) name: String,
    pub(crate) given_name: String,
    pub(crate) value: String,
}

impl CheckedLabel {
    /// A label whose name is known to be valid.
    pub(crate) fn own(name: &str, value: &str) -> Self {
        Self { name: name.to_owned(), given_name: name.to_owned(), value: value.to_owned() }
    }
}

/// What of a refused name is told: it may be long, and made of anything.
pub(crate) fn shown_name(given: &str) -> String {
    if person::is_told_by(given) { REDACTED.to_owned() } else { given.chars().take(64).collect() }
}

/// Makes a metric name valid: `[a-zA-Z_:][a-zA-Z0-9_:]*`.
pub(crate) fn metric_name(given: &str) -> Result<String, Refusal> {
    let fits = (1..=LONGEST_NAME).contains(&given.len());
    if fits { Ok(valid(given, |letter| letter == ':')) } else { Err(Refusal::Name) }
}

/// Checks the labels of a key. Those with an empty value are left out: to Prometheus they do not exist.
pub(crate) fn labels(key: &Key, reserved: Option<&str>) -> Result<Vec<CheckedLabel>, Refusal> {
    let mut checked: Vec<CheckedLabel> = Vec::with_capacity(key.labels().len());
    for label in key.labels() {
        if checked.len() == MOST_LABELS {
            return Err(Refusal::TooManyLabels);
        }
        if !(1..=LONGEST_NAME).contains(&label.key().len()) {
            return Err(Refusal::LabelName);
        }
        let name = valid(label.key(), |_| false);
        if is_reserved(&name, reserved) || checked.iter().any(|known| known.name == name) {
            return Err(Refusal::LabelName);
        }
        if !label.value().is_empty() {
            let value = shown_value(label.value());
            checked.push(CheckedLabel { name, given_name: label.key().to_owned(), value });
        }
    }
    Ok(checked)
}

/// Makes a label value one that may be shown.
pub(crate) fn shown_value(given: &str) -> String {
    if person::is_told_by(given) { REDACTED.to_owned() } else { cut(given) }
}

/// Tells if the name of a label needs no change and is not kept by Prometheus.
pub(crate) fn is_label_name(name: &str, reserved: Option<&str>) -> bool {
    let fits = (1..=LONGEST_NAME).contains(&name.len());
    fits && valid(name, |_| false) == name && !is_reserved(name, reserved)
}

fn is_reserved(name: &str, reserved: Option<&str>) -> bool {
    name.starts_with("__") || reserved == Some(name)
}

/// Tells if every label is exposed as it was given: such keys are no more than series, and small.
pub(crate) fn is_exact(key: &Key, checked: &[CheckedLabel]) -> bool {
    key.labels().map(metrics::Label::value).eq(checked.iter().map(|label| label.value.as_str()))
}

fn valid(given: &str, allowed: impl Fn(char) -> bool) -> String {
    let mut name = String::with_capacity(given.len());
    for (position, letter) in given.chars().enumerate() {
        let fits = letter.is_ascii_alphabetic() || letter == '_' || allowed(letter);
        if fits || (letter.is_ascii_digit() && position > 0) {
            name.push(letter);
        } else {
            name.push('_');
        }
    }
    name
}

/// Cuts a long value at a character and marks it with a hash of the whole, so that two do not become one.
///
/// The hash has no key of the process, unlike [`hash`]: the series has to be the same one after a restart, and on each
/// replica. What it could tell to someone who tries all values is little beside the part of the value that is shown.
fn cut(value: &str) -> String {
    if value.len() <= LONGEST_VALUE {
        return value.to_owned();
    }
    let end = value.floor_char_boundary(LONGEST_VALUE - 17);
    format!("{}#{:016x}", value.get(..end).unwrap_or_default(), hash_of(value))
}

/// Sixteen hexadecimal digits that name a value, until the process ends, without telling it: with a key of the process,
/// since of a number from a small set anybody could find the hash by trying them all.
pub(crate) fn hash(value: &str) -> String {
    static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    format!("{:016x}", KEY.hash_one(value))
}

/// The same in every process.
pub(crate) fn hash_of(value: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use metrics::Label;

    use super::*;

    fn check(pairs: &[(&'static str, String)]) -> Result<Vec<CheckedLabel>, Refusal> {
        let labels: Vec<_> = pairs.iter().map(|(name, value)| Label::new(*name, value.clone())).collect();
        labels_of(labels)
    }

    fn labels_of(given: Vec<Label>) -> Result<Vec<CheckedLabel>, Refusal> {
        labels(&Key::from_parts("m", given), Some("le"))
    }

    #[test]
    fn names_are_made_valid() {
        assert_eq!(metric_name("a.b-c:d9").unwrap(), "a_b_c:d9");
        assert_eq!(metric_name("9é").unwrap(), "__");
        assert_eq!(metric_name(""), Err(Refusal::Name));
        assert!(metric_name(&"x".repeat(LONGEST_NAME)).is_ok());
        assert_eq!(metric_name(&"x".repeat(LONGEST_NAME + 1)), Err(Refusal::Name));
    }

    #[test]
    fn labels_that_meet_or_are_reserved_are_refused() {
        let value = || "x".to_owned();
        assert_eq!(check(&[("a.b", value()), ("a-b", value())]), Err(Refusal::LabelName));
        for name in ["le", "__name__", "", "..x"] {
            assert_eq!(check(&[(name, value())]), Err(Refusal::LabelName), "{name}");
        }
        assert_eq!(check(&[("a", String::new())]).unwrap(), []);
        let long = Label::new("x".repeat(LONGEST_NAME + 1), "x");
        assert_eq!(labels_of(vec![long]), Err(Refusal::LabelName));
        let many = (0..33).map(|number| Label::new(format!("l{number}"), "x")).collect();
        assert_eq!(labels_of(many), Err(Refusal::TooManyLabels));
    }

    #[test]
    fn long_values_are_cut_at_a_character_and_stay_apart() {
        let cut = |last: &str| check(&[("a", "ş".repeat(100) + last)]).unwrap().remove(0).value;
        let (one, two) = (cut("1"), cut("2"));
        assert!(one.len() <= LONGEST_VALUE && one.starts_with("şş"), "{one}");
        assert_ne!(one, two);
        let whole = "x".repeat(LONGEST_VALUE);
        assert_eq!(check(&[("a", whole.clone())]).unwrap().remove(0).value, whole);
    }

    #[test]
    fn a_hash_that_is_told_cannot_be_found_by_trying_and_that_of_a_series_lasts() {
        assert_eq!(hash("17"), hash("17"));
        assert_ne!(hash("17"), format!("{:016x}", hash_of("17")));
        let long = shown_value(&"x".repeat(200));
        assert!(long.ends_with("#c0342f4de4bad77c"), "the series of a former process: {long}");
    }
}
