//! A receiver of OTLP as what a queue is emptied into.

use std::cell::Cell;
use std::io::{self, Write as _};
use std::mem;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message as _;
use tokio::runtime::{self, Runtime};
use tokio::time::Instant;

use super::client::Client;
use super::deliver::{Delivery, Failure};
use super::error::OtlpError;
use super::message::{
    ExportLogs, ExportTraces, Resource, ResourceLogs, ResourceSpans, Scope, ScopeLogs, ScopeSpans,
};
use super::settings::{Settings, Signal};
use super::{logs, traces};
use crate::account::Dropped;
use crate::queue::Target;

/// So many lines one request has at most, and so many bytes of them. Receivers take 4 MiB by default.
const MOST_LINES: u64 = 512;
const MOST_BYTES: usize = 1024 * 1024;

thread_local! {
    static EXPORTING: Cell<bool> = const { Cell::new(false) };
}

/// Tells whether this thread is one that exports: what its HTTP client logs must not be exported in turn, for that would
/// never end.
pub(crate) fn is_exporting() -> bool {
    EXPORTING.get()
}

pub(crate) struct Exporter {
    signal: Signal,
    delivery: Delivery<Client>,
    resource: Resource,
    retry_limit: Duration,
    gzip: bool,
    receiver: String,
    /// Lines of the last write that the receiver has refused.
    rejected: u64,
    /// Made by the writer thread, for one must not end within another.
    runtime: Option<Runtime>,
}

impl Exporter {
    pub(crate) fn new(signal: Signal, settings: Settings) -> Result<Self, OtlpError> {
        Ok(Self {
            signal,
            delivery: Delivery::new(Client::new(&settings)?),
            receiver: settings.receiver(),
            retry_limit: settings.retry_limit,
            gzip: settings.gzip,
            rejected: 0,
            resource: settings.resource,
            runtime: None,
        })
    }

    /// Sends lines in one request and gives how many were taken; none if a line was none of a record or span.
    fn send(&mut self, lines: &str, count: u64, deadline: Instant) -> Result<u64, Failure> {
        let Some(body) = self.body(lines) else { return Ok(count) };
        let body = if self.gzip { compressed(&body) } else { body };
        let runtime = match &self.runtime {
            Some(runtime) => runtime,
            None => self.runtime.insert(runtime()?),
        };
        let rejected = runtime.block_on(self.delivery.deliver(Bytes::from(body), deadline));
        Ok(count.saturating_sub(rejected?))
    }

    fn body(&self, lines: &str) -> Option<Vec<u8>> {
        let resource = Some(self.resource.clone());
        let scope = Some(Scope {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        });
        match self.signal {
            Signal::Logs => {
                let scope_logs =
                    vec![ScopeLogs { scope, log_records: lines.lines().map(logs::record).collect() }];
                Some(
                    ExportLogs { resource_logs: vec![ResourceLogs { resource, scope_logs }] }.encode_to_vec(),
                )
            }
            Signal::Traces => {
                let spans: Vec<_> = lines.lines().filter_map(traces::span).collect();
                let some = !spans.is_empty();
                let scope_spans = vec![ScopeSpans { scope, spans }];
                let export = ExportTraces { resource_spans: vec![ResourceSpans { resource, scope_spans }] };
                some.then(|| export.encode_to_vec())
            }
        }
    }
}

impl Target for Exporter {
    /// That one request is refused tells nothing of the next.
    fn write(&mut self, batch: &[u8], _: u64, written: &mut dyn FnMut(u64)) -> io::Result<()> {
        EXPORTING.set(true);
        self.rejected = 0;
        let deadline = Instant::now() + self.retry_limit;
        let mut result = Ok(());
        let text = String::from_utf8_lossy(batch);
        let mut rest = &*text;
        while !rest.is_empty() {
            let (lines, count, behind) = request(rest);
            rest = behind;
            match self.send(lines, count, deadline) {
                Ok(taken) => {
                    written(taken);
                    if taken < count {
                        self.rejected += count - taken;
                        result = Err(io::Error::other(format!("it rejected {} of {count}", count - taken)));
                    }
                }
                Err(refused @ Failure::Refused(_)) => {
                    self.rejected += count;
                    result = Err(io::Error::other(refused));
                }
                // It was waited for as long as a batch may be; the rest would fare no better.
                Err(away @ Failure::Away(_)) => return Err(io::Error::other(away)),
            }
        }
        result
    }

    fn why_lost(&mut self, lines: u64) -> Dropped {
        let rejected = mem::take(&mut self.rejected).min(lines);
        Dropped { rejected, unavailable: lines - rejected, ..Dropped::default() }
    }

    fn describe(&self) -> String {
        format!("over OTLP to {}", self.receiver)
    }
}

/// Nobody has so many cores that the best compression would pay: lines are alike, and the fastest finds that.
fn compressed(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory cannot fail.
    let _ = encoder.write_all(body);
    encoder.finish().unwrap_or_default()
}

fn runtime() -> Result<Runtime, Failure> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::Away(format!("the exporter cannot start: {error}")))
}

/// The lines of the next request, their number, and what is left.
fn request(text: &str) -> (&str, u64, &str) {
    let (mut end, mut count) = (0, 0);
    for line in text.split_inclusive('\n') {
        if count > 0 && (count == MOST_LINES || end + line.len() > MOST_BYTES) {
            break;
        }
        end += line.len();
        count += 1;
    }
    let (lines, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    (lines, count, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_cut_between_lines_by_number_and_by_size() {
        let short = "x\n".repeat(1_000);
        let (lines, count, rest) = request(&short);
        assert_eq!((lines.len(), count, rest.len()), (1_024, 512, 976));
        let long = format!("{}\n", "y".repeat(600 * 1024)).repeat(2);
        let (lines, count, rest) = request(&long);
        assert_eq!((lines.len(), count, rest.len()), (long.len() / 2, 1, long.len() / 2));
    }
}
