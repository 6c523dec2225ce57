//! What can be wrong with a set of checks.

/// Why a [`HealthCheck`](crate::HealthCheck) was not built. No task and no thread is left behind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Two checks have one name.
    #[error("check `{name}` is registered twice")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// The name is a key of the report itself.
    #[error("`{name}` is a key of the report and cannot name a check")]
    Reserved {
        /// The name.
        name: String,
    },
    /// The name is empty, longer than 64 bytes, or holds a control character.
    #[error("check name {name:?} is empty, longer than 64 bytes, or holds a control character")]
    InvalidName {
        /// The name.
        name: String,
    },
    /// Two groups have one name.
    #[error("group `{name}` is registered twice")]
    DuplicateGroup {
        /// The name.
        name: String,
    },
    /// The name of a group cannot be the last part of a path, or is one of the crate's own.
    #[error("group name {name:?} is not of lower-case letters, digits and dashes, too long, or taken")]
    InvalidGroup {
        /// The name.
        name: String,
    },
    /// A group names what is neither a check nor a tag.
    #[error("group `{group}` names `{name}`, which is no check and no tag")]
    UnknownCheck {
        /// The group.
        group: String,
        /// What it names.
        name: String,
    },
    /// The order of severity leaves a status out.
    #[error("the order of severity does not name every status once")]
    Severity,
    /// A check may not take any time at all.
    #[error("check `{name}` has a deadline of zero")]
    ZeroDeadline {
        /// The check.
        name: String,
    },
    /// Every answer would be too old.
    #[error("check `{name}` has a maximum age of zero")]
    ZeroMaxAge {
        /// The check.
        name: String,
    },
    /// A threshold of zero would never be reached.
    #[error("check `{name}` has a threshold of zero")]
    ZeroThreshold {
        /// The check.
        name: String,
    },
    /// The token is too short to be a secret.
    #[error("the token is shorter than {minimum} bytes")]
    ShortToken {
        /// What it must have at least.
        minimum: usize,
    },
    /// Polling in the background was asked for outside a tokio runtime.
    #[error("polling in the background needs a tokio runtime")]
    NoRuntime,
    /// Polling without a pause.
    #[error("the polling interval is zero")]
    ZeroInterval,
}
