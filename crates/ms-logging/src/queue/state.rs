//! What a queue knows, all under one lock.

use std::mem;
use std::time::Instant;

use tracing::Level;

use super::loss::Lost;
use super::write_times::WriteTimes;
use crate::account::{Dropped, Passed};
use crate::publish::is_publishing;

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) pending: Vec<u8>,
    pub(super) pending_lines: u64,
    /// What the writer holds.
    pub(super) in_flight: u64,
    pub(super) in_flight_bytes: usize,
    pub(super) passed: Passed,
    /// What of it the metrics tell.
    pub(super) told: Passed,
    /// What of it the writer need not wake up for.
    pub(super) told_of: u64,
    pub(super) accepted: u64,
    pub(super) settled: u64,
    pub(super) written: u64,
    /// Lines that the fallback took.
    pub(super) diverted: u64,
    /// What the log does not tell of yet.
    pub(super) lost: Option<Lost>,
    /// Lines of the writer's own that told of losses.
    pub(super) loss_lines: u64,
    /// Up to where the disk keeps what was settled.
    pub(super) synced: u64,
    pub(super) sync_wanted: bool,
    /// The disk has refused to keep lines that no `flush` was asked for since.
    pub(super) sync_failed: bool,
    /// There is an ERROR among the lines that wait.
    pub(super) errors: bool,
    pub(super) dropped: Dropped,
    pub(super) published: Published,
    /// Since when the writer has been telling the metrics, if it does.
    pub(super) publishing: Option<Instant>,
    /// Lines cut that the metrics do not tell of yet.
    pub(super) truncated: u64,
    /// How long the writes took that the metrics do not tell of yet.
    pub(super) writes: WriteTimes,
    pub(super) rotations: Option<u64>,
    /// How often the disk has refused to keep lines, where it is asked to.
    pub(super) sync_failures: Option<u64>,
    pub(super) writer: Writer,
    pub(super) urgent: bool,
    pub(super) closing: bool,
    pub(super) ended: bool,
    /// A shutdown has run into its limit.
    pub(super) abandoned: bool,
    /// Lines in flight that it has given up, and that may be written yet.
    pub(super) given_up: u64,
}

/// What the metrics tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Published {
    pub(super) dropped: Dropped,
    pub(super) diverted: u64,
    pub(super) rotations: Option<u64>,
    pub(super) sync_failures: Option<u64>,
}

/// What the writer is doing, which decides whether a new line must wake it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Writer {
    #[default]
    Awake,
    Idle,
    Gathering,
}

impl State {
    /// What the metrics should tell.
    pub(super) fn to_publish(&self) -> Published {
        Published {
            dropped: self.dropped,
            diverted: self.diverted,
            rotations: self.rotations,
            sync_failures: self.sync_failures,
        }
    }

    /// Counts an event. What a recorder logs while it is told is no news: that would be told for ever, and between two sinks
    /// back and forth.
    pub(super) fn count(&mut self, level: Level) {
        self.passed.count(level);
        self.told_of += u64::from(is_publishing());
    }

    /// What counts against the capacity.
    pub(super) fn fill(&self) -> usize {
        self.pending.len() + self.in_flight_bytes
    }

    /// Counts lines as lost in a way that the log itself can still tell of.
    pub(super) fn lose(&mut self, lines: Dropped) {
        self.dropped += lines;
        let lost = Lost::now(lines);
        self.lost = Some(self.lost.map_or(lost, |earlier| earlier.and(lost)));
    }

    /// Lines in flight are where they belong.
    pub(super) fn take_from_flight(&mut self, lines: u64) {
        if self.given_up > 0 {
            self.given_up = self.given_up.saturating_sub(lines);
            self.dropped.shutdown_timeout = self.dropped.shutdown_timeout.saturating_sub(lines);
        } else {
            self.in_flight = self.in_flight.saturating_sub(lines);
            self.settled += lines;
        }
    }

    /// In a process made by `fork` nothing is written any more.
    pub(super) fn orphan(&mut self) -> u64 {
        self.closing = true;
        if self.ended || self.abandoned { 0 } else { self.give_up() }
    }

    /// Counts everything that is not written as lost.
    pub(super) fn give_up(&mut self) -> u64 {
        let pending = mem::take(&mut self.pending_lines);
        self.pending = Vec::new();
        self.abandoned = true;
        self.given_up = mem::take(&mut self.in_flight);
        let lost = pending + self.given_up;
        self.dropped.shutdown_timeout += lost;
        self.settled = self.accepted;
        self.synced = self.accepted;
        lost
    }
}
