//! How many lines a second a call site may write, and the line that tells of those it may not.
//!
//! A thread of its own writes that line, so that it comes also from a call site that has gone quiet.

mod line;

use std::collections::{HashMap, VecDeque};
use std::io;
use std::process;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use parking_lot::{Condvar, Mutex};
use tracing::callsite::Identifier;
use tracing::{Level, Metadata};

use crate::fork;
use crate::layer::Core;

const PERIOD: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Limits {
    /// Lines a period and call site.
    most: u32,
    /// The process that has the thread.
    owner: u32,
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
        Self {
            most,
            owner: process::id(),
            sites: Mutex::default(),
            due: Condvar::new(),
            turn: Mutex::default(),
        }
    }

    /// The state of a call site; each thread asks once.
    pub(crate) fn site(&self, metadata: &'static Metadata<'static>) -> Arc<Site> {
        let new = || {
            let window = Window { since: Instant::now(), lines: 0, suppressed: None };
            Arc::new(Site { metadata, window: Mutex::new(window) })
        };
        match fork::lock(&self.sites, self.owner) {
            Some(mut sites) => Arc::clone(sites.known.entry(metadata.callsite()).or_insert_with(new)),
            None => new(),
        }
    }

    /// Tells whether one more line may be written. After a fork that may be every line: the queue counts it as lost.
    pub(crate) fn admits(&self, site: &Arc<Site>) -> bool {
        let now = Instant::now();
        let Some(mut window) = fork::lock(&site.window, self.owner) else { return true };
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
        let Some(mut sites) = fork::lock(&self.sites, self.owner) else { return true };
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
        let Some(mut sites) = fork::lock(&self.sites, self.owner) else { return };
        sites.ended = true;
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
        let mut sites = fork::lock(&self.sites, self.owner)?;
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
            while let Some(limits) = core.limits.as_ref().filter(|limits| limits.wait()) {
                core.tell_of_due(limits);
            }
        };
        thread::Builder::new().name("ms-logging-limits".to_owned()).spawn(body).map(drop)
    }

    /// Tells of everything that was suppressed so far, and waits for room in the queues until `deadline` at most.
    pub(crate) fn tell_all(&self, deadline: Instant) {
        let Some(limits) = &self.limits else { return };
        // Whoever flushes waits for a line that is just being told; after a fork nobody tells it.
        let until = if process::id() == limits.owner { deadline } else { Instant::now() };
        let Some(_turn) = limits.turn.try_lock_until(until) else { return };
        while let Some(site) = limits.next(true) {
            self.tell(&site, Some(deadline));
        }
    }

    fn tell_of_due(&self, limits: &Limits) {
        let _turn = limits.turn.lock();
        while let Some(site) = limits.next(false) {
            self.tell(&site, None);
        }
    }

    fn tell(&self, site: &Site, latest: Option<Instant>) {
        let Some(mut window) = self.limits.as_ref().and_then(|limits| fork::lock(&site.window, limits.owner))
        else {
            return;
        };
        let Some(suppressed) = window.suppressed.take() else { return };
        drop(window);
        let mut line = Vec::new();
        for sink in self.event_sinks() {
            line.clear();
            line::write(&mut line, self, sink.style, site.metadata, &suppressed);
            sink.queue.push_by(&line, Level::WARN, latest);
        }
    }
}
