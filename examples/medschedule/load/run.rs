//! The run itself.

use std::fmt::{self, Debug, Formatter};
use std::io::{self, Write};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::http::Uri;
use fastrand::Rng;
use ms_analytics::hdr::LogWriter;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::MissedTickBehavior;

use super::arrivals::Arrivals;
use super::connections::{Connections, Target};
use super::journey::{Journey, Staff};
use super::tally::{Outcome, Tally};
use super::{Kind, Options, Report};
use crate::config::ConfigError;

type Log = LogWriter<Box<dyn Write + Send>>;

/// Why no load was sent, or no report written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The URL is more than a plain HTTP address.
    #[error("--url {0}: give http://HOST:PORT, nothing else")]
    Url(Uri),
    /// The token file cannot be used.
    #[error("--token-file")]
    Token(#[from] ConfigError),
    /// Nobody listens there.
    #[error("{target} does not answer")]
    Connect {
        /// Host and port.
        target: String,
        /// What the system said.
        source: io::Error,
    },
    /// The interval log could not be written.
    #[error("--hlog {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The report could not be written.
    #[error("the report cannot be written")]
    Report(#[source] io::Error),
    /// It was ended before anything was due.
    #[error("nothing was sent")]
    Nothing,
}

/// A run that has yet to start.
pub struct Run {
    options: Options,
    target: Target,
    shared: Arc<Shared>,
    log: Option<Box<dyn Write + Send>>,
}

struct Shared {
    connections: Connections,
    journey: Journey,
    /// Of the second that goes on.
    second: Mutex<Tally>,
    timeout: Duration,
}

impl Run {
    /// Prepares the load that `options` describe.
    pub fn new(target: Target, options: Options) -> Self {
        let shared = Shared::new(&target, options.timeout, Staff::default());
        Self { options, target, shared: Arc::new(shared), log: None }
    }

    /// Plans shifts for these people, in place of the names of nobody.
    #[must_use]
    pub fn staff(mut self, staff: Staff) -> Self {
        self.shared = Arc::new(Shared::new(&self.target, self.options.timeout, staff));
        self
    }

    /// Writes the latencies of every second and kind to `sink` as an interval log.
    #[must_use]
    pub fn log(mut self, sink: Box<dyn Write + Send>) -> Self {
        self.log = Some(sink);
        self
    }

    /// Sends what is due until the duration is over or `ending` is ready, waits for the answers, and takes back what was made.
    ///
    /// # Errors
    ///
    /// [`LoadError::Connect`] if nobody listens; [`LoadError::Write`] if the log cannot be written, after the load was sent.
    pub(crate) async fn until(
        mut self,
        ending: impl Future<Output = ()>,
        mut tell: impl FnMut(Duration, Option<&Tally>),
    ) -> Result<Report, LoadError> {
        let target = self.target.authority().to_owned();
        let connected = tokio::net::TcpStream::connect(&target).await;
        connected.map_err(|source| LoadError::Connect { target: target.clone(), source })?;
        let mut log = self.open_log()?;

        let total = (self.options.duration.as_secs_f64() * self.options.rate).ceil() as u64;
        let connections = self.options.connections.get();
        let places = Arc::new(Semaphore::new(connections));
        let mut arrivals = Arrivals::start(self.options.rate, total);
        let begun = arrivals.begun();
        let (mut all, mut since) = (Tally::new(), begun);
        let mut seconds = tokio::time::interval(Duration::from_secs(1));
        seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        seconds.tick().await;
        let mut over = pin!(async {
            let _ = tokio::time::timeout(self.options.duration, ending).await;
        });
        let mut place = None;
        while arrivals.taken() < total {
            tokio::select! {
                biased;
                () = &mut over => break,
                _ = seconds.tick() => {
                    let second = self.close_second(&mut log, &mut since)?;
                    tell(begun.elapsed(), Some(&second));
                    all.merge(&second);
                }
                // A place first: what is due then waits here, where it can be counted.
                permit = Arc::clone(&places).acquire_owned(), if place.is_none() => place = permit.ok(),
                (number, due) = arrivals.next(), if place.is_some() => {
                    if let Some(place) = place.take() {
                        tokio::spawn(send(Arc::clone(&self.shared), self.draw(number), due, place));
                    }
                }
            }
        }
        self.send_what_has_room(&mut arrivals, total, &places, place);
        // Each request ends by its own timeout.
        let _ = places.acquire_many(u32::try_from(connections).unwrap_or(u32::MAX)).await;
        let elapsed = begun.elapsed();
        self.count_unsent(&mut arrivals, total);
        all.merge(&self.close_second(&mut log, &mut since)?);
        tell(elapsed, None);
        let mut report = Report::new(&target, &self.options, elapsed, &all).ok_or(LoadError::Nothing)?;
        (report.taken_back, report.left_behind) = self.shared.take_back().await;
        Ok(report)
    }

    /// The clock that ends the run is not to the millisecond: what was due just before may still have a place.
    fn send_what_has_room(
        &self,
        arrivals: &mut Arrivals,
        total: u64,
        places: &Arc<Semaphore>,
        mut place: Option<OwnedSemaphorePermit>,
    ) {
        let now = Instant::now();
        while arrivals.taken() < total && arrivals.at(arrivals.taken()) <= now {
            let free = place.take().or_else(|| Arc::clone(places).try_acquire_owned().ok());
            let Some(place) = free else { break };
            let (number, due) = arrivals.take();
            tokio::spawn(send(Arc::clone(&self.shared), self.draw(number), due, place));
        }
    }

    fn count_unsent(&self, arrivals: &mut Arrivals, total: u64) {
        let now = Instant::now();
        let mut second = self.shared.second.lock();
        while arrivals.taken() < total && arrivals.at(arrivals.taken()) <= now {
            let (number, due) = arrivals.take();
            let (kind, _) = self.draw(number);
            second.record(kind, Outcome::Unsent, now - due, Duration::ZERO);
        }
    }

    /// What the arrival of this number sends: the same in every run with the same seed.
    fn draw(&self, number: u64) -> (Kind, Rng) {
        let mut random =
            Rng::with_seed(self.options.random_seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        (self.options.mix.draw(&mut random), random)
    }

    fn open_log(&mut self) -> Result<Option<Log>, LoadError> {
        let Some(sink) = self.log.take() else { return Ok(None) };
        LogWriter::start(sink, since_1970(Instant::now())).map(Some).map_err(|source| self.log_failed(source))
    }

    /// Ends the second that goes on, and begins the next.
    fn close_second(&self, log: &mut Option<Log>, since: &mut Instant) -> Result<Tally, LoadError> {
        let now = Instant::now();
        let second = std::mem::replace(&mut *self.shared.second.lock(), Tally::new());
        if let Some(log) = log {
            let (start, length) = (since_1970(*since), (now - *since).as_secs_f64());
            for (kind, counted) in second.kinds() {
                let written = log.interval(Some(kind.name()), start, length, &counted.latencies);
                written.map_err(|source| self.log_failed(source))?;
            }
        }
        *since = now;
        Ok(second)
    }

    fn log_failed(&self, source: io::Error) -> LoadError {
        LoadError::Write { path: self.options.hlog.clone().unwrap_or_default(), source }
    }
}

impl Shared {
    fn new(target: &Target, timeout: Duration, staff: Staff) -> Self {
        Self {
            connections: Connections::new(target.clone()),
            journey: Journey::new(staff),
            second: Mutex::new(Tally::new()),
            timeout,
        }
    }

    /// Deletes what the run has made; says how much that was, and how much is left.
    async fn take_back(&self) -> (usize, usize) {
        let mut taken_back = 0;
        while let Some(request) = self.journey.undo() {
            let exchange = tokio::time::timeout(self.timeout, self.connections.exchange(request)).await;
            match exchange {
                Ok(Ok(answer)) if answer.status.is_success() => taken_back += 1,
                // Not tried again for each of thousands: a service that is away stays away.
                _ => return (taken_back, self.journey.left() + 1),
            }
        }
        (taken_back, 0)
    }
}

impl Debug for Run {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("target", &self.target)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

async fn send(shared: Arc<Shared>, drawn: (Kind, Rng), due: Instant, place: OwnedSemaphorePermit) {
    let (kind, mut random) = drawn;
    let (kind, request) = shared.journey.request(kind, &mut random);
    let sent = Instant::now();
    let exchange = tokio::time::timeout(shared.timeout, shared.connections.exchange(request)).await;
    let now = Instant::now();
    let outcome = match exchange {
        Ok(Ok(answer)) => {
            shared.journey.note(kind, &answer);
            Outcome::Answered(answer.status.as_u16())
        }
        Ok(Err(_)) => Outcome::Broken,
        Err(_) => Outcome::TimedOut,
    };
    shared.second.lock().record(kind, outcome, now - due, now - sent);
    drop(place);
}

fn since_1970(moment: Instant) -> f64 {
    let (now, wall) = (Instant::now(), SystemTime::now());
    let wall = wall.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    wall - now.saturating_duration_since(moment).as_secs_f64()
}
