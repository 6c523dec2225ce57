//! Alerts that people do not want to hear of for a while.

#[cfg(feature = "axum")]
mod api;
mod manage;
mod matchers;
mod saved;
mod store;

use jiff::Timestamp;

pub use matchers::Matchers;
pub(crate) use store::{Silences, any_means};

/// What keeps alerts from being told for a while; made by [`AlertManager::silence`](crate::AlertManager::silence).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Silence {
    /// A UUID.
    pub id: String,
    /// Which alerts are meant: those that meet all.
    pub matchers: Matchers,
    /// From when on.
    pub starts_at: Timestamp,
    /// Until when; a moment that has passed if it was expired.
    pub ends_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Who wants it.
    pub created_by: String,
    /// Why.
    pub comment: String,
}

impl Silence {
    /// Tells whether it holds at a moment.
    pub fn is_active_at(&self, moment: Timestamp) -> bool {
        self.starts_at <= moment && moment < self.ends_at
    }
}

/// Why there is no such silence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SilenceError {
    /// Alerts are not routed, so there is nothing that a silence could hold back.
    #[error("silences hold back what is routed, and there are no routes")]
    NoRoutes,
    /// A matcher cannot be read, or there is none that an alert must have a label for.
    #[error("{0}")]
    Matchers(String),
    /// It ends before it begins, or has ended.
    #[error("a silence must end after it begins, and in the future")]
    Time,
    /// There are as many silences as are kept.
    #[error("there are {0} silences already")]
    TooMany(usize),
    /// No silence has this id.
    #[error("there is no silence {0}")]
    NotFound(String),
}
