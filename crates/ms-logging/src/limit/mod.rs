//! How many lines a second a call site may write, and the line that tells of those it may not.
//!
//! A thread of its own writes that line, so that it comes also from a call site that has gone quiet.

mod line;

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use parking_lot::{Condvar, Mutex};
use tracing::callsite::Identifier;
use tracing::{Level, Metadata};

use crate::layer::Core;

const PERIOD: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Limits {
    /// Lines a period and call site.
    most: u32,
    sites: Mutex<Sites>,
    due: Condvar,
    /// Held from taking a call site until its line is in the queues.
    turn: Mutex<()>,
}

#[derive(Debug, Default)]
struct Sites {
    /// Call sites are part of the program, so there are only so many.
    known: HashMap<Identifier, Arc<Site>>,
    /// Those whose suppressed lines nobody has told of, and when to, the earliest first.
    untold: VecDeque<(Instant, Arc<Site>)>,
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
        Self { most, sites: Mutex::default(), due: Condvar::new(), turn: Mutex::default() }
    }

    /// The state of a call site; each thread asks once.
    pub(crate) fn site(&self, metadata: &'static Metadata<'static>) -> Arc<Site> {
        let new = || {
            let window = Window { since: Instant::now(), lines: 0, suppressed: None };
            Arc::new(Site { metadata, window: Mutex::new(window) })
        };
        Arc::clone(self.sites.lock().known.entry(metadata.callsite()).or_insert_with(new))
    }

    /// Tells whether one more line may be written.
    pub(crate) fn admits(&self, site: &Arc<Site>) -> bool {
        let now = Instant::now();
        let mut window = site.window.lock();
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
        let mut sites = self.sites.lock();
        if sites.ended {
            // Nobody would tell of it; it is too late for a line anyway.
            return true;
        }
        window.suppressed = Some(Suppressed { lines: 1, from: time, to: time });
        sites.untold.push_back((window.since + PERIOD, Arc::clone(site)));
        self.due.notify_one();
        false
    }

    /// Lets no more lines be suppressed.
    pub(crate) fn end(&self) {
        self.sites.lock().ended = true;
        self.due.notify_one();
    }

    /// Waits until there is something to tell; `false` at the end.
    fn wait(&self) -> bool {
        let mut sites = self.sites.lock();
        while !sites.ended {
            match sites.untold.front().map(|(due, _)| *due) {
                Some(due) if due <= Instant::now() => return true,
                Some(due) => drop(self.due.wait_until(&mut sites, due)),
                None => self.due.wait(&mut sites),
            }
        }
        false
    }

    fn next(&self, all: bool) -> Option<Arc<Site>> {
        let mut sites = self.sites.lock();
        let is_due = |(due, _): &mut (Instant, Arc<Site>)| all || *due <= Instant::now();
        sites.untold.pop_front_if(is_due).map(|(_, site)| site)
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
            while core.limits.as_ref().is_some_and(Limits::wait) {
                core.tell_of(false);
            }
        };
        thread::Builder::new().name("ms-logging-limits".to_owned()).spawn(body).map(drop)
    }

    /// Tells of everything that was suppressed so far.
    pub(crate) fn tell_all(&self) {
        self.tell_of(true);
    }

    fn tell_of(&self, all: bool) {
        let Some(limits) = &self.limits else { return };
        // Whoever flushes waits for a line that is just being told.
        let _turn = limits.turn.lock();
        while let Some(site) = limits.next(all) {
            self.tell(&site);
        }
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
