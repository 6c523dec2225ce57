//! What can be wrong with a set of rules and options.

/// Why a manager was not built or a rule not added. No task is left behind, no rule is half added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A rule has no name.
    #[error("a rule has an empty name")]
    EmptyName,
    /// Two rules made in code have one name, so that nobody could tell their alerts apart.
    #[error("rule `{rule}` is added twice")]
    Duplicate {
        /// The name.
        rule: String,
    },
    /// A threshold is NaN, which compares with nothing.
    #[error("rule `{rule}`: the threshold is not a number")]
    NotANumber {
        /// The rule.
        rule: String,
    },
    /// What an alert clears at is NaN, or would resolve it while its condition holds.
    #[error("rule `{rule}`: `clear_at` is on the wrong side of the threshold")]
    ClearAt {
        /// The rule.
        rule: String,
    },
    /// A range of no time, or a quantile that is no share.
    #[error("rule `{rule}`: `over` needs a range above zero and a quantile from 0 to 1")]
    Range {
        /// The rule.
        rule: String,
    },
    /// No number of evaluations of 1 to 64, or more than there are.
    #[error("rule `{rule}`: `m_of_n` needs 1 <= m <= n <= 64")]
    Evaluations {
        /// The rule.
        rule: String,
    },
    /// A label or annotation has a name that Prometheus does not allow.
    #[error("rule `{rule}`: {label:?} is not a name for a label or an annotation")]
    LabelName {
        /// The rule.
        rule: String,
        /// The name.
        label: String,
    },
    /// A text is a template that cannot be read.
    #[error("rule `{rule}`: template action `{action}`: {message}")]
    Template {
        /// The rule.
        rule: String,
        /// What stands between the braces.
        action: String,
        /// What is wrong with it.
        message: String,
    },
    /// Two sinks have one name, so that nobody could tell their failures apart.
    #[error("two sinks are named `{sink}`")]
    DuplicateSink {
        /// The name.
        sink: String,
    },
    /// There is nobody to tell of alerts that are routed to a receiver.
    #[error("receiver `{receiver}` of the routes has no sink; add one, or discard its alerts")]
    NoSink {
        /// The receiver.
        receiver: String,
    },
    /// A sink or a discard is for a receiver that the routes do not know.
    #[error("receiver `{receiver}` is not among those of the routes")]
    UnknownReceiver {
        /// The receiver.
        receiver: String,
    },
    /// Evaluating without a pause.
    #[error("the interval is zero")]
    ZeroInterval,
    /// There is nothing to evaluate the rules on.
    #[error("there are rules but no source of samples")]
    NoSource,
    /// A manager was started outside a tokio runtime.
    #[error("evaluating in the background needs a tokio runtime")]
    NoRuntime,
}
