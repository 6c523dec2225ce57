//! How much the history may hold, and how much it does.

use std::mem::size_of;

use super::series::{Point, Series};

/// How much is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) series: usize,
    pub(crate) bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { series: 100_000, bytes: 256 * 1024 * 1024 }
    }
}

#[derive(Debug)]
pub(super) struct Room {
    pub(super) limits: Limits,
    pub(super) series: usize,
    pub(super) bytes: usize,
}

impl Room {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, series: 0, bytes: 0 }
    }

    /// The limit that another series with a point would pass.
    pub(super) fn limit_for(&self, series: &Series) -> Option<&'static str> {
        if self.series >= self.limits.series {
            Some("series")
        } else if self.bytes + series.bytes() + size_of::<Point>() > self.limits.bytes {
            Some("bytes")
        } else {
            None
        }
    }

    pub(super) fn take(&mut self, series: &Series) {
        self.series += 1;
        self.bytes += series.bytes();
    }

    pub(super) fn give_back(&mut self, series: &Series) {
        self.series = self.series.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(series.bytes());
    }
}
