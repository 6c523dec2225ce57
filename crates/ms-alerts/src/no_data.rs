//! What becomes of alerts when there is no number to judge by.

/// What a rule does when its metric is missing or NaN for long enough; see [`AlertRule::no_data`](crate::AlertRule::no_data).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum NoData {
    /// What fires goes on; nothing new fires.
    #[default]
    Keep,
    /// As [`Keep`](Self::Keep); and if no series of the metric has a number, an alert without labels of a series fires, with NaN
    /// as its value, until one has.
    Alert,
    /// A firing alert resolves if its series has no number.
    Resolve,
}
