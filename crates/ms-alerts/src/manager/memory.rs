//! What rule files need beside the samples of the moment.

use std::sync::OnceLock;
use std::time::Duration;

use parking_lot::Mutex;

use crate::group::Group;
use crate::promql::Dialect;
use crate::rules_file::Origin;
use crate::samples::Asked;
use crate::state::Now;

pub(crate) struct Memory {
    pub(super) dialect: Dialect,
    /// Where the rules of files are read again; held while they are.
    pub(super) origins: Mutex<Vec<Origin>>,
    /// Of groups that have none.
    pub(super) interval: Duration,
    pub(super) limits: crate::samples::Limits,
    /// Where the moments of `check_samples_at` begin, on both clocks.
    pub(super) replayed_from: OnceLock<Now>,
}

impl Memory {
    pub(crate) fn new(
        limits: crate::samples::Limits,
        dialect: Dialect,
        origins: Vec<Origin>,
        interval: Duration,
    ) -> Self {
        Self { limits, dialect, origins: Mutex::new(origins), interval, replayed_from: OnceLock::new() }
    }
}

/// What the rules look back at.
pub(super) fn asked_by(groups: &[Group]) -> Asked {
    let mut asked = Asked::default();
    groups.iter().flat_map(|group| &group.rules).for_each(|rule| rule.ask(&mut asked));
    asked
}
