//! Who is signed in.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ms_metrics::{BusinessMetrics, SessionGuard};
use parking_lot::Mutex;
use tokio::time::Instant;
use uuid::Uuid;

/// A working day with overtime: after it, a user who forgot to sign out no longer counts as active.
const LIFETIME: Duration = Duration::from_secs(12 * 3600);
const MOST: usize = 100_000;

/// The sessions of this process. Clones share them.
///
/// `active_users_total` is their number: each holds a guard that counts it down when it ends, however it ends.
#[derive(Clone, Debug)]
pub struct Sessions {
    business: BusinessMetrics,
    open: Arc<Mutex<HashMap<Uuid, Session>>>,
}

#[derive(Debug)]
struct Session {
    started: Instant,
    _counted: SessionGuard,
}

impl Sessions {
    /// Starts with nobody signed in.
    pub fn new(business: BusinessMetrics) -> Self {
        Self { business, open: Arc::default() }
    }

    /// Opens a session; `None` if 100,000 are open.
    pub fn sign_in(&self) -> Option<Uuid> {
        let mut open = self.open.lock();
        if open.len() >= MOST {
            return None;
        }
        let id = Uuid::now_v7();
        open.insert(id, Session { started: Instant::now(), _counted: self.business.sign_in() });
        Some(id)
    }

    /// Ends a session; false if none has that id.
    pub fn sign_out(&self, id: &Uuid) -> bool {
        self.open.lock().remove(id).is_some()
    }

    /// Ends the sessions that are older than twelve hours, once a minute, for ever.
    pub async fn expire(self) {
        let mut minute = tokio::time::interval(Duration::from_secs(60));
        loop {
            let now = minute.tick().await;
            self.open.lock().retain(|_, session| now.duration_since(session.started) < LIFETIME);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn active(metrics: &ms_metrics::Metrics) -> String {
        let text = metrics.render();
        let line = text.lines().find(|line| line.starts_with("active_users_total"));
        line.expect("the gauge is there from the start").to_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn active_users_are_the_open_sessions() {
        let metrics = ms_metrics::Metrics::builder().build().expect("builds");
        let sessions = Sessions::new(metrics.business());
        tokio::spawn(sessions.clone().expire());

        let first = sessions.sign_in().expect("room");
        let _second = sessions.sign_in().expect("room");
        assert_eq!(active(&metrics), "active_users_total 2");
        assert!(sessions.sign_out(&first));
        assert!(!sessions.sign_out(&first), "signing out twice must not count twice");
        assert_eq!(active(&metrics), "active_users_total 1");

        tokio::time::sleep(LIFETIME + Duration::from_secs(61)).await;
        assert_eq!(active(&metrics), "active_users_total 0");
    }
}
