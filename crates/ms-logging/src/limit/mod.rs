//! How many lines a second a call site may write, and the line that tells of those it may not.
//!
//! A thread of its own writes that line, so that it comes also from a call site that has gone quiet. Nobody else does: a
//! caller of `flush` must not wait for room in a queue for longer than it has said.

mod line;

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use parking_lot::{Condvar, Mutex};
use tracing::callsite::Identifier;
use tracing::{Level, Metadata};

use crate::fork::Home;
use crate::layer::Core;

const PERIOD: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Limits {
    /// Lines a period and call site.
    most: u32,
    home: Home,
    sites: Mutex<Sites>,
    /// The thread waits for what is to be told.
    due: Condvar,
    /// `flush` and `shutdown` wait for the thread.
    told: Condvar,
}

#[derive(Debug, Default)]
struct Sites {
    /// Call sites are part of the program, so there are only so many.
    known: HashMap<Identifier, Arc<Site>>,
    /// Those whose suppressed lines nobody has told of, and when to, the earliest first.
    untold: VecDeque<(Instant, Arc<Site>)>,
    /// How many of them the thread has taken, and how many of those are in the queues.
    taken: u64,
    told: u64,
    /// So many are to be told without waiting for their time.
    wanted: u64,
    ended: bool,
}

/// One call site, for all threads.
#[derive(Debug)]
pub(crate) struct Site {
    metadata: &'static Metadata<'static>,
    window: Mutex<Window>,
}

#[derive(Debug)]
struct Window {
    since: Instant,
    lines: u32,
    suppressed: Option<Suppressed>,
}

#[derive(Debug, Clone, Copy)]
struct Suppressed {
    lines: u64,
    from: SystemTime,
    to: SystemTime,
}

impl Limits {
    pub(crate) fn new(most: u32) -> Self {
        Self { most, home: Home::here(), sites: Mutex::default(), due: Condvar::new(), told: Condvar::new() }
    }

    /// The state of a call site; each thread asks once.
    pub(crate) fn site(&self, metadata: &'static Metadata<'static>) -> Arc<Site> {
        let new = || {
            let window = Window { since: Instant::now(), lines: 0, suppressed: None };
            Arc::new(Site { metadata, window: Mutex::new(window) })
        };
        match self.home.lock(&self.sites) {
            Some(mut sites) => Arc::clone(sites.known.entry(metadata.callsite()).or_insert_with(new)),
            None => new(),
        }
    }

    /// Tells whether one more line may be written. In a forked process it may: the queue counts it as lost.
    pub(crate) fn admits(&self, site: &Arc<Site>) -> bool {
        let now = Instant::now();
        let Some(mut window) = self.home.lock(&site.window) else { return true };
        if now.saturating_duration_since(window.since) >= PERIOD {
            (window.since, window.lines) = (now, 0);
        }
        if window.lines < self.most {
            window.lines += 1;
            return true;
        }
        let time = SystemTime::now();
        if let Some(suppressed) = &mut window.suppressed {
            suppressed.lines += 1;
            suppressed.to = time;
            return false;
        }
        let Some(mut sites) = self.home.lock(&self.sites) else { return true };
        if sites.ended {
            // Nobody would tell of it; it is too late for a line anyway.
            return true;
        }
        window.suppressed = Some(Suppressed { lines: 1, from: time, to: time });
        sites.untold.push_back((window.since + PERIOD, Arc::clone(site)));
        self.due.notify_one();
        false
    }

    /// Waits until everything that was suppressed so far is told of; `false` if the deadline comes first, and in a process
    /// that has no thread to tell it.
    pub(crate) fn tell_all(&self, deadline: Instant) -> bool {
        self.wait_for_all(deadline, false)
    }

    /// Does so, and lets no more lines be suppressed.
    pub(crate) fn end(&self, deadline: Instant) {
        self.wait_for_all(deadline, true);
    }

    fn wait_for_all(&self, deadline: Instant, end: bool) -> bool {
        if self.home.is_elsewhere() {
            return false;
        }
        let mut sites = self.sites.lock();
        sites.ended |= end;
        // No more than that: call sites that go on are suppressed again.
        let goal = sites.taken + sites.untold.len() as u64;
        sites.wanted = goal;
        self.due.notify_one();
        while sites.told < goal {
            if self.told.wait_until(&mut sites, deadline).timed_out() {
                return sites.told >= goal;
            }
        }
        true
    }

    /// Waits for a call site to tell of, when the one before is done; `None` at the end.
    fn next(&self) -> Option<Arc<Site>> {
        let mut sites = self.sites.lock();
        sites.told = sites.taken;
        self.told.notify_all();
        loop {
            let now = Instant::now();
            let hurry = sites.ended || sites.taken < sites.wanted;
            if let Some((_, site)) = sites.untold.pop_front_if(|(due, _)| hurry || *due <= now) {
                sites.taken += 1;
                return Some(site);
            }
            if sites.ended {
                return None;
            }
            match sites.untold.front().map(|(due, _)| *due) {
                Some(due) => drop(self.due.wait_until(&mut sites, due)),
                None => self.due.wait(&mut sites),
            }
        }
    }
}

impl Core {
    /// Starts the thread that tells of suppressed lines, if any can be.
    pub(crate) fn tell_of_suppressed_lines(self: &Arc<Self>) -> io::Result<()> {
        if self.limits.is_none() {
            return Ok(());
        }
        let core = Arc::clone(self);
        let body = move || {
            while let Some(site) = core.limits.as_ref().and_then(Limits::next) {
                core.tell(&site);
            }
        };
        thread::Builder::new().name("ms-logging-limits".to_owned()).spawn(body).map(drop)
    }

    fn tell(&self, site: &Site) {
        let Some(suppressed) = site.window.lock().suppressed.take() else { return };
        let mut line = Vec::new();
        for sink in self.event_sinks() {
            line.clear();
            line::write(&mut line, self, sink.style, site.metadata, &suppressed);
            sink.queue.push(&line, Level::WARN);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A call site for its metadata.
    fn metadata() -> &'static Metadata<'static> {
        tracing::debug_span!("site").metadata().unwrap_or_else(|| panic!("enabled"))
    }

    #[test]
    fn a_forked_process_waits_for_no_lock_that_it_has_inherited() {
        let metadata = tracing::subscriber::with_default(tracing_subscriber::registry(), metadata);
        let limits = Limits { home: Home::elsewhere(), ..Limits::new(1) };
        let site = limits.site(metadata);
        assert!(limits.admits(&site) && !limits.admits(&site));
        let window = site.window.lock();
        assert!(limits.admits(&site), "its queue counts it");
        drop(window);
        let _sites = limits.sites.lock();
        drop(limits.site(metadata));
        site.window.lock().suppressed = None;
        assert!(limits.admits(&site));
        let far = Instant::now() + Duration::from_secs(3600);
        assert!(!limits.tell_all(far), "nobody tells");
        limits.end(far);
    }
}
