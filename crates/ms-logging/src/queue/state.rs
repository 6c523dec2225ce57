//! What a queue knows, all under one lock.

use std::mem;

use crate::account::Dropped;

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) pending: Vec<u8>,
    pub(super) pending_lines: u64,
    /// What the writer holds.
    pub(super) in_flight: u64,
    pub(super) in_flight_bytes: usize,
    pub(super) passed: u64,
    pub(super) accepted: u64,
    pub(super) settled: u64,
    pub(super) written: u64,
    pub(super) dropped: Dropped,
    pub(super) published: Dropped,
    pub(super) writer: Writer,
    pub(super) urgent: bool,
    pub(super) closing: bool,
    pub(super) ended: bool,
    /// A shutdown has run into its limit.
    pub(super) abandoned: bool,
    /// Lines in flight that it has given up, and that may be written yet.
    pub(super) given_up: u64,
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
    /// What counts against the capacity.
    pub(super) fn fill(&self) -> usize {
        self.pending.len() + self.in_flight_bytes
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
        lost
    }
}
