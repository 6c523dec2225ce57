//! What became of the lines of a sink.

use std::ops::AddAssign;

use tracing::Level;

/// Why a line is not on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The queue had no room for a line of its level.
    QueueFull,
    /// The operating system refused the write.
    IoError,
    /// The receiver of an export refused them; sent again they would be refused again.
    Rejected,
    /// The receiver of an export could not be reached, or took nothing, until the limit of the retries.
    Unavailable,
    /// [`shutdown`](crate::LoggingGuard::shutdown) ran into its limit first.
    ShutdownTimeout,
    /// The line came after the shutdown.
    AfterShutdown,
    /// Its call site had written its lines of that second already; see
    /// [`rate_limit`](crate::LoggingBuilder::rate_limit).
    RateLimited,
    /// It is of the share that [`sample`](crate::LoggingBuilder::sample) leaves out.
    Sampled,
}

impl Reason {
    pub(crate) const ALL: [Self; 8] = [
        Self::QueueFull,
        Self::IoError,
        Self::Rejected,
        Self::Unavailable,
        Self::ShutdownTimeout,
        Self::AfterShutdown,
        Self::RateLimited,
        Self::Sampled,
    ];

    /// The value of the label `reason`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::IoError => "io_error",
            Self::Rejected => "rejected",
            Self::Unavailable => "unavailable",
            Self::ShutdownTimeout => "shutdown_timeout",
            Self::AfterShutdown => "after_shutdown",
            Self::RateLimited => "rate_limited",
            Self::Sampled => "sampled",
        }
    }
}

/// Events that passed the level filter, by level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Passed {
    error: u64,
    warn: u64,
    info: u64,
    debug: u64,
    trace: u64,
}

impl Passed {
    pub(crate) fn count(&mut self, level: Level) {
        let events = match level {
            Level::ERROR => &mut self.error,
            Level::WARN => &mut self.warn,
            Level::INFO => &mut self.info,
            Level::DEBUG => &mut self.debug,
            Level::TRACE => &mut self.trace,
        };
        *events += 1;
    }

    /// With the values of the label `level`.
    pub(crate) fn each(&self) -> [(&'static str, u64); 5] {
        let Self { error, warn, info, debug, trace } = *self;
        [("error", error), ("warn", warn), ("info", info), ("debug", debug), ("trace", trace)]
    }

    pub(crate) fn total(&self) -> u64 {
        self.each().into_iter().map(|(_, events)| events).sum()
    }
}

/// Lines dropped, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Dropped {
    pub(crate) queue_full: u64,
    pub(crate) io_error: u64,
    pub(crate) rejected: u64,
    pub(crate) unavailable: u64,
    pub(crate) shutdown_timeout: u64,
    pub(crate) after_shutdown: u64,
    pub(crate) rate_limited: u64,
    pub(crate) sampled: u64,
}

impl Dropped {
    /// By the target itself, which took none of them.
    pub(crate) fn by_target(&self) -> u64 {
        self.io_error + self.rejected + self.unavailable
    }

    pub(crate) fn of(&self, reason: Reason) -> u64 {
        match reason {
            Reason::QueueFull => self.queue_full,
            Reason::IoError => self.io_error,
            Reason::Rejected => self.rejected,
            Reason::Unavailable => self.unavailable,
            Reason::ShutdownTimeout => self.shutdown_timeout,
            Reason::AfterShutdown => self.after_shutdown,
            Reason::RateLimited => self.rate_limited,
            Reason::Sampled => self.sampled,
        }
    }

    pub(crate) fn total(&self) -> u64 {
        Reason::ALL.into_iter().map(|reason| self.of(reason)).sum()
    }
}

impl AddAssign for Dropped {
    fn add_assign(&mut self, more: Self) {
        self.queue_full += more.queue_full;
        self.io_error += more.io_error;
        self.rejected += more.rejected;
        self.unavailable += more.unavailable;
        self.shutdown_timeout += more.shutdown_timeout;
        self.after_shutdown += more.after_shutdown;
        self.rate_limited += more.rate_limited;
        self.sampled += more.sampled;
    }
}

/// Where the lines of one sink are; all figures are of one instant.
///
/// `passed == written + diverted + dropped_total() + queued`, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SinkAccount {
    pub(crate) sink: &'static str,
    pub(crate) passed: u64,
    pub(crate) written: u64,
    pub(crate) diverted: u64,
    pub(crate) loss_lines: u64,
    pub(crate) queued: u64,
    pub(crate) dropped: Dropped,
}

impl SinkAccount {
    /// Of a process whose lines all came after the end.
    pub(crate) fn lost_after_shutdown(sink: &'static str, lines: u64) -> Self {
        let dropped = Dropped { after_shutdown: lines, ..Dropped::default() };
        Self { sink, passed: lines, written: 0, diverted: 0, loss_lines: 0, queued: 0, dropped }
    }

    /// The value of the label `sink`: `file`, `json` or `console`; of the export over OTLP `otlp` for records and `otlp_traces` for spans.
    pub fn sink(&self) -> &'static str {
        self.sink
    }

    /// Events that passed the level filter.
    pub fn passed(&self) -> u64 {
        self.passed
    }

    /// Lines that the operating system took.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Lines that went to the [fallback](crate::LoggingBuilder::fallback), since the operating system refused the write.
    pub fn diverted(&self) -> u64 {
        self.diverted
    }

    /// Lines in the log that are of no event but tell how many lines were lost, why and when. No other figure counts
    /// them.
    pub fn loss_lines(&self) -> u64 {
        self.loss_lines
    }

    /// Lines that wait for the writer or are being written.
    pub fn queued(&self) -> u64 {
        self.queued
    }

    /// Lines that are lost for this reason.
    pub fn dropped(&self, reason: Reason) -> u64 {
        self.dropped.of(reason)
    }

    /// Lines that are lost.
    pub fn dropped_total(&self) -> u64 {
        self.dropped.total()
    }
}
