//! Expositions, as files and served.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use ms_alerts::{Samples, SeriesStore, parse_exposition_bytes};

use crate::output::Failure;

/// How long a server may say nothing.
const PATIENCE: Duration = Duration::from_secs(10);
/// Of an exposition.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// The samples to look at, and the moment to look at them.
#[derive(Debug, Args)]
pub struct Given {
    /// Files in the Prometheus text format; - is standard input. Samples of one series may have times of their own.
    #[arg(long, required_unless_present = "url")]
    metrics: Vec<PathBuf>,
    /// Where an exposition is served, such as http://127.0.0.1:8000/metrics.
    #[arg(long)]
    url: Vec<String>,
    /// When: seconds since 1970, or a time like 2026-03-02T08:00:00Z. Samples without a time are of this moment. Default now.
    #[arg(long)]
    at: Option<String>,
}

impl Given {
    /// Reads them all.
    pub fn read(&self) -> Result<(SeriesStore, Timestamp), Failure> {
        let at = self.at.as_deref().map_or_else(|| Ok(Timestamp::now()), time)?;
        let mut store = SeriesStore::new();
        for path in &self.metrics {
            store.push_samples(&samples(path, &read(path)?)?, at);
        }
        for url in &self.url {
            let body = fetch(url).map_err(|source| Failure::Fetch { url: url.clone(), source })?;
            store.push_samples(&samples(Path::new(url), &body)?, at);
        }
        Ok((store, at))
    }
}

/// Reads a file, or standard input if it is `-`.
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(path)
    };
    read.map_err(|source| Failure::read(path, source))
}

/// Reads what a file held.
pub fn samples<'b>(path: &Path, bytes: &'b [u8]) -> Result<Samples<'b>, Failure> {
    parse_exposition_bytes(bytes).map_err(|source| Failure::Exposition { path: path.to_owned(), source })
}

/// Reads what is served at an address of plain HTTP; with HTTP 1.0, so that the body ends with the connection.
fn fetch(url: &str) -> io::Result<Vec<u8>> {
    let wrong = |why: &str| io::Error::new(io::ErrorKind::InvalidInput, why.to_owned());
    let address = url.strip_prefix("http://").ok_or_else(|| wrong("expected http://HOST[:PORT]/PATH"))?;
    let (host, path) = address.split_at(address.find('/').unwrap_or(address.len()));
    let has_port = host.rsplit(']').next().is_some_and(|behind| behind.contains(':'));
    let target = if has_port { host.to_owned() } else { format!("{host}:80") };
    let address = target.to_socket_addrs()?.next().ok_or_else(|| wrong("the host has no address"))?;
    let mut connection = TcpStream::connect_timeout(&address, PATIENCE)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    let path = if path.is_empty() { "/" } else { path };
    let request = format!("GET {path} HTTP/1.0\r\nHost: {host}\r\nAccept: text/plain\r\n\r\n");
    connection.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    connection.take(MOST_BYTES).read_to_end(&mut answer)?;
    let head =
        answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or_else(|| wrong("no answer of HTTP"))?;
    let body = answer.split_off(head + 4);
    let status = String::from_utf8_lossy(&answer);
    match status.split_whitespace().nth(1) {
        Some("200") => Ok(body),
        _ => Err(wrong(&format!("it answers {:?}", status.lines().next().unwrap_or_default()))),
    }
}

/// Reads seconds since 1970, or a date with a time.
fn time(text: &str) -> Result<Timestamp, Failure> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| seconds.is_finite());
    let moment = match seconds {
        Some(seconds) => Timestamp::from_millisecond((seconds * 1000.0).round() as i64).ok(),
        None => text.parse().ok(),
    };
    moment.ok_or_else(|| Failure::Time { text: text.to_owned() })
}
