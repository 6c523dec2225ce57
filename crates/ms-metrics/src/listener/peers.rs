//! The open connections: what each waits for, and which one gives way to another.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{Duration, Instant};

pub(super) const MOST: usize = 64;
/// The head of a request must be there so long after the connection, or after the answer before it.
pub(super) const HEAD: Duration = Duration::from_secs(5);
/// An answer must be taken within this. It is as long as Prometheus waits for one.
pub(super) const ANSWER: Duration = Duration::from_secs(10);
/// Where there is no room, who has sent no request for so long gives way: a request follows its connection at once.
const SILENT: Duration = Duration::from_millis(20);
/// Likewise who takes nothing of an answer.
const STALLED: Duration = Duration::from_millis(150);

/// One connection.
pub(super) struct Peer(Mutex<State>);

struct State {
    phase: Phase,
    since: Instant,
    /// A write waits since then.
    stalled: Option<Instant>,
}

#[derive(Clone, Copy, PartialEq)]
enum Phase {
    Head,
    Answer,
}

impl Peer {
    pub(super) fn new() -> Self {
        Self(Mutex::new(State { phase: Phase::Head, since: Instant::now(), stalled: None }))
    }

    /// The request is there.
    pub(super) fn answers(&self) {
        self.enter(Phase::Answer);
    }

    /// The answer is on its way, but for what fits the buffers.
    pub(super) fn waits_for_head(&self) {
        self.enter(Phase::Head);
    }

    fn enter(&self, phase: Phase) {
        let mut state = self.0.lock();
        (state.phase, state.since) = (phase, Instant::now());
    }

    pub(super) fn is_answered(&self) -> bool {
        self.0.lock().phase == Phase::Answer
    }

    pub(super) fn write_waits(&self, waits: bool) {
        let mut state = self.0.lock();
        state.stalled = if waits { state.stalled.or_else(|| Some(Instant::now())) } else { None };
    }

    /// When the connection is to be closed, unless something happens.
    pub(super) fn deadline(&self) -> Instant {
        let state = self.0.lock();
        state.since + if state.phase == Phase::Head { HEAD } else { ANSWER }
    }

    /// Since when the other side has done nothing, if that is long enough to give way to another.
    fn idle_since(&self, now: Instant) -> Option<Instant> {
        let state = self.0.lock();
        let (since, limit) = match (state.stalled, state.phase) {
            (Some(stalled), _) => (stalled, STALLED),
            (None, Phase::Head) => (state.since, SILENT),
            (None, Phase::Answer) => return None,
        };
        (now.saturating_duration_since(since) >= limit).then_some(since)
    }
}

/// All connections.
#[derive(Default)]
pub(super) struct Peers {
    open: Mutex<Vec<(Arc<Peer>, Option<AbortHandle>)>>,
    closed: Notify,
}

impl Peers {
    /// Waits for room, which the connection that has been idle for the longest may have to make.
    pub(super) async fn enter(self: &Arc<Self>) -> Place {
        loop {
            let closed = self.closed.notified();
            if let Some(place) = self.try_enter() {
                return place;
            }
            // Not every one that may give way tells when.
            let _ = tokio::time::timeout(SILENT / 4, closed).await;
        }
    }

    fn try_enter(self: &Arc<Self>) -> Option<Place> {
        let mut open = self.open.lock();
        if open.len() >= MOST {
            let now = Instant::now();
            let idle = open.iter().enumerate();
            let idle = idle.filter_map(|(at, (peer, _))| peer.idle_since(now).map(|since| (since, at)));
            let (_, longest) = idle.min()?;
            if let (_, Some(task)) = open.swap_remove(longest) {
                task.abort();
            }
        }
        let peer = Arc::new(Peer::new());
        open.push((Arc::clone(&peer), None));
        Some(Place { peer, peers: Arc::clone(self) })
    }
}

/// Room for a connection, until it is dropped.
pub(super) struct Place {
    pub(super) peer: Arc<Peer>,
    peers: Arc<Peers>,
}

impl Place {
    /// Tells what to end if the connection is to give way.
    pub(super) fn is_held_by(peers: &Peers, peer: &Arc<Peer>, task: AbortHandle) {
        let mut open = peers.open.lock();
        if let Some((_, known)) = open.iter_mut().find(|(known, _)| Arc::ptr_eq(known, peer)) {
            *known = Some(task);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.peers.open.lock().retain(|(peer, _)| !Arc::ptr_eq(peer, &self.peer));
        self.peers.closed.notify_one();
    }
}
