//! What MedSchedule counts of its own trade.

use std::fmt;
use std::sync::Arc;

use metrics::{Counter, Gauge, Key, Label};

use crate::catalog::{ACTIVE_USERS, SCHEDULED_SHIFTS, SHIFT_CONFLICTS};
use crate::guard::OTHER;
use crate::registry::Registry;

/// Handles for `active_users_total`, `scheduled_shifts_total` and `shift_conflicts_total`; made by
/// [`Metrics::business`](crate::Metrics::business). Clones share their numbers.
///
/// All are on the page from the start, at 0, so that `rate()` works from the first scrape;
/// `scheduled_shifts_total` for the [declared departments](crate::MetricsBuilder::departments).
#[derive(Clone)]
pub struct BusinessMetrics {
    registry: Arc<Registry>,
    /// Held so that they stay on the page.
    _declared: Arc<[Counter]>,
    active_users: Gauge,
    shift_conflicts: Counter,
}

impl BusinessMetrics {
    pub(crate) fn new(registry: Arc<Registry>, departments: &[String]) -> Self {
        let active_users = registry.gauge(&Key::from_static_name(ACTIVE_USERS));
        let shift_conflicts = registry.counter(&Key::from_static_name(SHIFT_CONFLICTS));
        let other = (!departments.is_empty()).then_some(OTHER);
        // A department without a name is no label, so it cannot be told from none.
        let named = departments.iter().map(String::as_str).filter(|name| !name.is_empty());
        let shown = named.chain(other);
        let declared = shown.map(|department| scheduled_shifts(&registry, department)).collect();
        Self { _declared: declared, registry, active_users, shift_conflicts }
    }

    /// Counts a user as active until the guard is dropped.
    pub fn sign_in(&self) -> SessionGuard {
        self.active_users.increment(1.0);
        SessionGuard { active_users: self.active_users.clone() }
    }

    /// Counts `n` shifts planned in a department.
    ///
    /// If departments are [declared](crate::MetricsBuilder::departments), all others are counted together under `__other__`,
    /// and each call for one of them in `ms_metrics_label_overflow_total`. If none is, so are those past the
    /// [series cap](crate::MetricsBuilder::series_cap), and with 0 a department is on the page from now on.
    pub fn shifts_scheduled(&self, department: &str, n: u64) {
        scheduled_shifts(&self.registry, department).increment(n);
    }

    /// Counts `n` pairs of overlapping shifts of one employee.
    pub fn shift_conflicts(&self, n: u64) {
        self.shift_conflicts.increment(n);
    }
}

fn scheduled_shifts(registry: &Registry, department: &str) -> Counter {
    let labels = vec![Label::new("department", department.to_owned())];
    registry.counter(&Key::from_parts(SCHEDULED_SHIFTS, labels))
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
