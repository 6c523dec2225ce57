//! What a manager offers.

use jiff::Timestamp;

use super::store::Wanted;
use super::{Silence, SilenceError};
use crate::handle::AlertHandle;
use crate::manager::AlertManager;

impl AlertManager {
    /// Keeps routed alerts that `matchers` mean from being told until then; gives the id of the silence. It is kept in the
    /// journal, if there is one.
    ///
    /// An alert that still fires when it ends is told at the next flush of its group. Sinks without a receiver hear of everything.
    ///
    /// ```
    /// use jiff::{SignedDuration, Timestamp};
    /// use ms_alerts::{AlertManager, Routes, log_sink};
    ///
    /// let routes = Routes::parse("routes.yml", "{route: {receiver: duty}, receivers: [{name: duty}]}")?;
    /// let alerts = AlertManager::builder().routes(routes).receiver("duty", log_sink()).build()?;
    /// let until = Timestamp::now() + SignedDuration::from_hours(2);
    /// let id = alerts.silence(r#"department=~"icu|er""#, until, "Ayşe", "moving beds")?;
    /// assert_eq!(alerts.silences().len(), 1);
    /// alerts.expire_silence(&id)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SilenceError`]: without routes, for matchers that cannot be read or mean every alert, for a time that has passed, and past
    /// 10,000 silences.
    pub fn silence(
        &self,
        matchers: &str,
        until: Timestamp,
        created_by: impl Into<String>,
        comment: impl Into<String>,
    ) -> Result<String, SilenceError> {
        self.set_silence(Wanted {
            id: None,
            matchers: matchers.parse()?,
            starts_at: Timestamp::now(),
            ends_at: until,
            created_by: created_by.into(),
            comment: comment.into(),
        })
    }

    pub(super) fn set_silence(&self, wanted: Wanted) -> Result<String, SilenceError> {
        let changed = self.0.delivery.change_silences(|silences, now| silences.set(wanted, now))?;
        Ok(changed.into_iter().next_back().map(|silence| silence.id).unwrap_or_default())
    }

    /// Ends a silence now. One that has ended stays as it is.
    ///
    /// # Errors
    ///
    /// [`SilenceError::NotFound`], [`SilenceError::NoRoutes`].
    pub fn expire_silence(&self, id: &str) -> Result<(), SilenceError> {
        let expire = |silences: &mut super::Silences, now| Ok(Vec::from_iter(silences.expire(id, now)?));
        self.0.delivery.change_silences(expire).map(drop)
    }

    /// Gives all silences, those that ended within the last five days too, by id.
    pub fn silences(&self) -> Vec<Silence> {
        self.0.delivery.silences()
    }
}

impl AlertHandle {
    /// As [`AlertManager::silence`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn silence(
        &self,
        matchers: &str,
        until: Timestamp,
        created_by: impl Into<String>,
        comment: impl Into<String>,
    ) -> Result<String, SilenceError> {
        self.manager().silence(matchers, until, created_by, comment)
    }

    /// As [`AlertManager::expire_silence`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn expire_silence(&self, id: &str) -> Result<(), SilenceError> {
        self.manager().expire_silence(id)
    }

    /// As [`AlertManager::silences`].
    pub fn silences(&self) -> Vec<Silence> {
        self.manager().silences()
    }
}
