//! Silences, written down.

use super::Silence;
use crate::journal::{Moment, SavedSilence};

impl From<&Silence> for SavedSilence {
    fn from(silence: &Silence) -> Self {
        Self {
            id: silence.id.clone(),
            matchers: silence.matchers.to_string(),
            starts_at: Moment(silence.starts_at),
            ends_at: Moment(silence.ends_at),
            updated_at: Moment(silence.updated_at),
            created_by: silence.created_by.clone(),
            comment: silence.comment.clone(),
        }
    }
}

impl SavedSilence {
    /// Nothing if its matchers are no longer read, which the checksum of a line does not rule out.
    pub(crate) fn restore(self) -> Option<Silence> {
        Some(Silence {
            id: self.id,
            matchers: self.matchers.parse().ok()?,
            starts_at: self.starts_at.0,
            ends_at: self.ends_at.0,
            updated_at: self.updated_at.0,
            created_by: self.created_by,
            comment: self.comment,
        })
    }
}
