//! What MedSchedule counts of its own trade.

use std::fmt;
use std::sync::Arc;

use metrics::{Counter, Gauge, Key, Label};

use crate::catalog::{ACTIVE_USERS, SCHEDULED_SHIFTS, SHIFT_CONFLICTS};
use crate::registry::Registry;

/// Handles for `active_users_total`, `scheduled_shifts_total` and `shift_conflicts_total`; made by
/// [`Metrics::business`](crate::Metrics::business). Clones share their numbers.
///
/// All are on the page from the start, at 0, so that `rate()` works from the first scrape;
/// `scheduled_shifts_total` for the [declared departments](crate::MetricsBuilder::departments).
#[derive(Clone)]
pub struct BusinessMetrics {
    registry: Arc<Registry>,
    active_users: Gauge,
    shift_conflicts: Counter,
}

impl BusinessMetrics {
    pub(crate) fn new(registry: Arc<Registry>) -> Self {
        let active_users = registry.gauge(&Key::from_static_name(ACTIVE_USERS));
        let shift_conflicts = registry.counter(&Key::from_static_name(SHIFT_CONFLICTS));
        Self { registry, active_users, shift_conflicts }
    }

    /// Counts a user as active until the guard is dropped.
    pub fn sign_in(&self) -> SessionGuard {
        self.active_users.increment(1.0);
        SessionGuard { active_users: self.active_users.clone() }
    }

    /// Counts `n` shifts planned in a department. With 0 the department is on the page from now on.
    ///
    /// Departments past the [series cap](crate::MetricsBuilder::series_cap) are counted together under `__other__`.
    pub fn shifts_scheduled(&self, department: &str, n: u64) {
        let labels = vec![Label::new("department", department.to_owned())];
        self.registry.counter(&Key::from_parts(SCHEDULED_SHIFTS, labels)).increment(n);
    }

    /// Counts `n` pairs of overlapping shifts of one employee.
    pub fn shift_conflicts(&self, n: u64) {
        self.shift_conflicts.increment(n);
    }
}

impl fmt::Debug for BusinessMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BusinessMetrics").finish_non_exhaustive()
    }
}

/// A user who is signed in; dropping it counts `active_users_total` down. Made by [`BusinessMetrics::sign_in`].
#[must_use = "the user is signed out when this is dropped"]
#[derive(Debug)]
pub struct SessionGuard {
    active_users: Gauge,
}

impl Drop for SessionGuard {
    fn drop(&mut self) {
        self.active_users.decrement(1.0);
    }
}
