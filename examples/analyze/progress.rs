//! How far reading has come, in one line on a terminal.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Read, Write};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Files that take less than this are not worth a line.
const LONG: Duration = Duration::from_millis(500);
const BETWEEN: Duration = Duration::from_millis(100);
const WIDTH: usize = 24;

/// A handle to the line; there is none where standard error is no terminal.
#[derive(Clone, Debug)]
pub struct Progress(Option<Rc<RefCell<Bar<io::Stderr>>>>);

impl Progress {
    pub fn on_terminal() -> Self {
        let stderr = io::stderr();
        Self(stderr.is_terminal().then(|| Rc::new(RefCell::new(Bar::new(stderr)))))
    }

    /// Starts anew, for another file of this length, in bytes or rows.
    pub fn start(&self, name: &str, total: Option<u64>, unit: Unit) {
        if let Some(bar) = &self.0 {
            bar.borrow_mut().start(name, total, unit, Instant::now());
        }
    }

    pub fn advance(&self, by: u64) {
        if let Some(bar) = &self.0 {
            bar.borrow_mut().advance(by, Instant::now);
        }
    }

    /// Takes the line away: something else is to be written.
    pub fn clear(&self) {
        if let Some(bar) = &self.0 {
            bar.borrow_mut().clear();
        }
    }

    /// Counts what is read.
    pub fn of<R: Read>(&self, source: R) -> Counted<R> {
        Counted { source, progress: self.clone() }
    }
}

/// A source whose bytes are counted.
#[derive(Debug)]
pub struct Counted<R> {
    source: R,
    progress: Progress,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        self.progress.advance(length as u64);
        Ok(length)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Bytes,
    #[cfg_attr(
        not(feature = "parquet"),
        allow(dead_code, reason = "Parquet alone tells its rows beforehand")
    )]
    Rows,
}

impl Unit {
    /// How often the clock is looked at.
    fn step(self) -> u64 {
        match self {
            Self::Bytes => 1,
            Self::Rows => 1024,
        }
    }

    fn amount(self, count: f64) -> String {
        let (count, million, thousand) = match self {
            Self::Bytes => (count, "MB", "kB"),
            Self::Rows => (count, "M rows", "k rows"),
        };
        if count >= 1e6 {
            format!("{:.1} {million}", count / 1e6)
        } else {
            format!("{:.0} {thousand}", count / 1e3)
        }
    }
}

#[derive(Debug)]
struct Bar<W> {
    out: W,
    name: String,
    total: Option<u64>,
    unit: Unit,
    done: u64,
    looked: u64,
    started: Option<Instant>,
    drawn: Option<Instant>,
    is_shown: bool,
}

impl<W: Write> Bar<W> {
    fn new(out: W) -> Self {
        let (name, total, unit) = (String::new(), None, Unit::Bytes);
        Self { out, name, total, unit, done: 0, looked: 0, started: None, drawn: None, is_shown: false }
    }

    fn start(&mut self, name: &str, total: Option<u64>, unit: Unit, now: Instant) {
        self.clear();
        // A name may hold what a terminal obeys.
        self.name = name.chars().filter(|one| !one.is_control()).collect();
        (self.total, self.unit) = (total.filter(|total| *total > 0), unit);
        (self.done, self.looked, self.started, self.drawn) = (0, 0, Some(now), None);
    }

    fn advance(&mut self, by: u64, now: impl FnOnce() -> Instant) {
        self.done += by;
        if self.done - self.looked < self.unit.step() {
            return;
        }
        self.looked = self.done;
        let Some(started) = self.started else { return };
        let now = now();
        let is_due = match self.drawn {
            None => now.duration_since(started) >= LONG,
            Some(drawn) => now.duration_since(drawn) >= BETWEEN,
        };
        if is_due {
            self.drawn = Some(now);
            self.draw(now.duration_since(started));
        }
    }

    fn draw(&mut self, spent: Duration) {
        let rate = self.done as f64 / spent.as_secs_f64();
        let mut line = format!("\r\x1b[2K{}  ", self.name);
        if let Some(total) = self.total {
            // A file that grows while it is read is never more than all of it.
            let share = (self.done as f64 / total as f64).min(1.0);
            let full = (share * WIDTH as f64) as usize;
            let _ = write!(
                line,
                "{}{} {:3.0} %  ",
                "█".repeat(full),
                "░".repeat(WIDTH - full),
                (share * 100.0).floor()
            );
            let left = (total.saturating_sub(self.done) as f64 / rate).ceil() as u64;
            let _ = write!(line, "{}/s  {}:{:02} left", self.unit.amount(rate), left / 60, left % 60);
        } else {
            let _ = write!(line, "{}  {}/s", self.unit.amount(self.done as f64), self.unit.amount(rate));
        }
        // Without wrapping, or the line could not be taken away.
        self.tell(&format!("\x1b[?7l{line}\x1b[?7h"));
        self.is_shown = true;
    }

    fn clear(&mut self) {
        if self.is_shown {
            self.tell("\r\x1b[2K");
            self.is_shown = false;
        }
    }

    fn tell(&mut self, text: &str) {
        // There is nobody left to tell that the terminal is gone.
        let _ = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bar: &mut Bar<Vec<u8>>) -> String {
        String::from_utf8(std::mem::take(&mut bar.out)).expect("UTF-8")
    }

    #[test]
    fn a_long_file_tells_share_rate_and_time_left() {
        let (mut bar, start) = (Bar::new(Vec::new()), Instant::now());
        bar.start("roster.csv", Some(100_000_000), Unit::Bytes, start);
        bar.advance(10_000_000, || start + Duration::from_millis(499));
        assert_eq!(shown(&mut bar), "", "a short file shows nothing");
        bar.advance(15_000_000, || start + Duration::from_secs(1));
        let line = shown(&mut bar);
        assert!(
            line.contains("roster.csv  ██████░░░░░░░░░░░░░░░░░░  25 %  25.0 MB/s  0:03 left"),
            "{line:?}"
        );
        bar.advance(1, || start + Duration::from_millis(1050));
        assert_eq!(shown(&mut bar), "", "not more often than a tenth of a second");
        bar.advance(80_000_000, || start + Duration::from_secs(2));
        assert!(shown(&mut bar).contains("100 %  52.5 MB/s  0:00 left"), "a file that grew");
        bar.clear();
        bar.clear();
        assert_eq!(shown(&mut bar), "\r\x1b[2K");
    }

    #[test]
    fn a_stream_tells_how_much_came() {
        let (mut bar, start) = (Bar::new(Vec::new()), Instant::now());
        bar.start("-\x1b]0;x\x07", None, Unit::Bytes, start);
        bar.advance(300_000, || start + Duration::from_secs(2));
        let line = shown(&mut bar);
        assert!(line.contains("-]0;x  300 kB  150 kB/s"), "{line:?}");
        bar.start("b.parquet", Some(4_000_000), Unit::Rows, start);
        assert_eq!(shown(&mut bar), "\r\x1b[2K", "the line before is taken away");
        for _ in 0..1023 {
            bar.advance(1, || panic!("a look at the clock a row is too much"));
        }
        bar.advance(999_977, || start + Duration::from_secs(1));
        assert!(shown(&mut bar).contains("25 %  1.0 M rows/s  0:03 left"));
        bar.clear();
    }
}
