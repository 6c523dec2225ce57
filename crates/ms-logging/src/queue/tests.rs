//! The writer thread before a target that does as it is told.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use jiff::tz::TimeZone;

use super::*;
use crate::format::Style;

const LIMIT: Duration = Duration::from_secs(60);

#[derive(Debug, PartialEq, Eq)]
enum Did {
    Wrote(String),
    Synced,
}

/// Tells of each call and does then what it is told; takes everything if nobody is left to tell it.
struct Told {
    did: Sender<Did>,
    result: Receiver<io::Result<()>>,
}

impl Told {
    fn pair() -> (Box<Self>, Receiver<Did>, Sender<io::Result<()>>) {
        let ((did, seen), (tell, result)) = (channel(), channel());
        (Box::new(Self { did, result }), seen, tell)
    }

    fn call(&mut self, did: Did) -> io::Result<()> {
        let _ = self.did.send(did);
        self.result.recv().unwrap_or(Ok(()))
    }
}

impl Target for Told {
    fn write(&mut self, batch: &[u8], lines: u64, written: &mut dyn FnMut(u64)) -> io::Result<()> {
        let result = self.call(Did::Wrote(String::from_utf8(batch.to_vec()).unwrap()));
        match &result {
            Ok(()) => written(lines),
            // A disk that is full after the first line.
            Err(error) if error.kind() == io::ErrorKind::StorageFull => written(1),
            Err(_) => {}
        }
        result
    }

    fn sync(&mut self) -> io::Result<()> {
        self.call(Did::Synced)
    }

    fn describe(&self) -> String {
        "a test".to_owned()
    }
}

fn start(durable: bool, target: Box<dyn Target>, fallback: Option<Box<dyn Target>>) -> Arc<Queue> {
    start_with(WhenFull::Drop, durable, target, fallback)
}

fn start_with(
    when_full: WhenFull,
    durable: bool,
    target: Box<dyn Target>,
    fallback: Option<Box<dyn Target>>,
) -> Arc<Queue> {
    let options = Options { capacity: SMALLEST, when_full, durable, counts_events: false, linger: LINGER };
    let loss_line = LossLine { style: Style::Json, name: Vec::new(), zone: TimeZone::UTC };
    Queue::start("file", options, Outlet { target, fallback, loss_line }).unwrap()
}

fn wrote(text: &str) -> Did {
    Did::Wrote(text.to_owned())
}

#[test]
fn what_a_target_does_not_take_goes_to_the_fallback() {
    let (target, seen, tell) = Told::pair();
    let (fallback, fallen, tell_fallback) = Told::pair();
    let queue = start(false, target, Some(fallback));
    queue.push(b"one\n", Level::INFO);
    assert_eq!(seen.recv().unwrap(), wrote("one\n"));
    // Gathered while the first one is being written.
    for line in ["two\n", "three\n", "four\n"] {
        queue.push(line.as_bytes(), Level::INFO);
    }
    tell.send(Ok(())).unwrap();
    assert_eq!(seen.recv().unwrap(), wrote("two\nthree\nfour\n"));
    tell.send(Err(io::ErrorKind::StorageFull.into())).unwrap();
    assert_eq!(fallen.recv().unwrap(), wrote("three\nfour\n"));
    tell_fallback.send(Ok(())).unwrap();
    assert!(queue.flush(deadline(LIMIT)));
    let account = queue.account();
    assert_eq!((account.written, account.diverted, account.dropped.total()), (2, 2, 0));
    // Neither takes it.
    queue.push(b"five\n", Level::INFO);
    assert_eq!(seen.recv().unwrap(), wrote("five\n"));
    tell.send(Err(io::ErrorKind::NotFound.into())).unwrap();
    assert_eq!(fallen.recv().unwrap(), wrote("five\n"));
    tell_fallback.send(Err(io::ErrorKind::NotFound.into())).unwrap();
    assert!(queue.flush(deadline(LIMIT)));
    let account = queue.account();
    assert_eq!((account.passed, account.written, account.diverted, account.dropped.io_error), (5, 2, 2, 1));
    drop((tell, tell_fallback));
    queue.close();
    assert_eq!(queue.join(deadline(LIMIT)), 0);
}

#[test]
fn the_log_tells_of_lost_lines_as_soon_as_it_can() {
    let (target, seen, tell) = Told::pair();
    let queue = start(false, target, None);
    queue.push(b"lost\n", Level::INFO);
    assert_eq!(seen.recv().unwrap(), wrote("lost\n"));
    tell.send(Err(io::ErrorKind::NotFound.into())).unwrap();
    let mut tried = 0;
    // Without any further line; it is tried until it is taken.
    let line = loop {
        let Did::Wrote(line) = seen.recv_timeout(LIMIT).unwrap() else { panic!("nothing is durable") };
        tried += 1;
        let result = if tried < 2 { Err(io::ErrorKind::NotFound.into()) } else { Ok(()) };
        let done = result.is_ok();
        tell.send(result).unwrap();
        if done {
            break line;
        }
    };
    let line: serde_json::Value = serde_json::from_str(line.trim_end()).unwrap();
    let data = &line["data"];
    assert_eq!(
        (&line["event_type"], &data["lines"], &data["io_error"]),
        (&"lines_lost".into(), &1.into(), &1.into())
    );
    assert!(data.get("queue_full").is_none() && data["from"] == data["to"], "{data}");
    queue.push(b"next\n", Level::INFO);
    assert_eq!(seen.recv().unwrap(), wrote("next\n"), "it is told once");
    drop(tell);
    queue.close();
    assert_eq!(queue.join(deadline(LIMIT)), 0);
    let account = queue.account();
    assert_eq!((account.passed, account.written, account.loss_lines), (2, 1, 1));
}

#[test]
fn errors_and_what_is_flushed_are_kept_by_the_disk() {
    let (target, seen, tell) = Told::pair();
    drop(tell);
    let queue = start(true, target, None);
    queue.push(b"harmless\n", Level::INFO);
    assert_eq!(seen.recv().unwrap(), wrote("harmless\n"));
    queue.push(b"grave\n", Level::ERROR);
    assert_eq!(seen.recv().unwrap(), wrote("grave\n"));
    let since = Instant::now();
    assert_eq!(seen.recv_timeout(LIMIT).unwrap(), Did::Synced, "unasked");
    // What the test can tell of half a second on a busy machine.
    assert!(since.elapsed() < Duration::from_secs(30));
    queue.push(b"flushed\n", Level::INFO);
    assert!(queue.flush(deadline(LIMIT)));
    assert_eq!([seen.recv().unwrap(), seen.recv().unwrap()], [wrote("flushed\n"), Did::Synced]);
    assert!(queue.flush(deadline(LIMIT)));
    queue.push(b"last\n", Level::INFO);
    queue.close();
    assert_eq!(queue.join(deadline(LIMIT)), 0);
    assert_eq!(seen.iter().collect::<Vec<_>>(), [wrote("last\n"), Did::Synced], "nothing twice");
}

#[test]
fn no_error_is_lost_to_a_flood_of_others_before_a_stopped_disk() {
    let (target, seen, tell) = Told::pair();
    let queue = start(false, target, None);
    queue.push(b"first\n", Level::INFO);
    // The writer stands still from here on.
    assert_eq!(seen.recv().unwrap(), wrote("first\n"));
    let line = [b"x".repeat(99).as_slice(), b"\n"].concat();
    for number in 0..1_000_000_u32 {
        queue.push(&line, Level::INFO);
        if number % 1_000 == 0 {
            queue.push(b"grave\n", Level::ERROR);
        }
    }
    let account = queue.account();
    assert_eq!(account.passed, 1_001_001);
    assert_eq!(account.passed, account.queued + account.dropped.queue_full);
    drop(tell);
    let mut errors = 0;
    queue.close();
    assert_eq!(queue.join(deadline(LIMIT)), 0);
    for did in seen.iter() {
        let Did::Wrote(text) = did else { panic!("nothing is durable") };
        errors += text.lines().filter(|line| *line == "grave").count();
    }
    assert_eq!(errors, 1_000);
}

#[test]
fn the_account_is_exact_while_a_caller_waits() {
    let (target, seen, tell) = Told::pair();
    let options = Options {
        capacity: SMALLEST,
        when_full: WhenFull::Block(LIMIT),
        durable: false,
        counts_events: false,
        linger: LINGER,
    };
    let loss_line = LossLine { style: Style::Json, name: Vec::new(), zone: TimeZone::UTC };
    let queue = Queue::start("file", options, Outlet { target, fallback: None, loss_line }).unwrap();
    let line = [b"x".repeat(SMALLEST - 1).as_slice(), b"\n"].concat();
    queue.push(&line, Level::INFO);
    drop(seen.recv().unwrap());
    thread::scope(|scope| {
        scope.spawn(|| queue.push(b"waits\n", Level::INFO));
        // Said before the wait begins.
        while !queue.state.lock().urgent {
            thread::yield_now();
        }
        let account = queue.account();
        assert_eq!((account.passed, account.queued), (1, 1));
        drop(tell);
    });
    assert!(queue.flush(deadline(LIMIT)));
    assert_eq!((queue.account().passed, queue.account().written), (2, 2));
    queue.close();
    assert_eq!(queue.join(deadline(LIMIT)), 0);
}

/// A recorder that fills the queue when it is told of its account.
struct Filling(Arc<Queue>);

impl metrics::Recorder for Filling {
    fn describe_counter(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}
    fn describe_gauge(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}
    fn describe_histogram(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}

    fn register_counter(&self, _: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Counter {
        let line = vec![b'x'; SMALLEST / 4];
        (0..5).for_each(|_| self.0.push(&line, Level::INFO));
        metrics::Counter::noop()
    }

    fn register_gauge(&self, _: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Gauge {
        metrics::Gauge::noop()
    }

    fn register_histogram(&self, _: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Histogram {
        metrics::Histogram::noop()
    }
}

#[test]
fn a_recorder_that_logs_does_not_wait_for_room() {
    let (target, seen, tell) = Told::pair();
    let queue = start_with(WhenFull::Block(Duration::MAX), false, target, None);
    queue.push(b"one\n", Level::INFO);
    assert_eq!(seen.recv().unwrap(), wrote("one\n"));
    tell.send(Ok(())).unwrap();
    let flushing = Arc::clone(&queue);
    let (done, flushed) = channel();
    thread::spawn(move || {
        metrics::with_local_recorder(&Filling(Arc::clone(&flushing)), || {
            done.send(flushing.flush(deadline(LIMIT))).unwrap();
        });
    });
    assert!(flushed.recv_timeout(LIMIT).expect("nobody waits for the target"));
    assert!(queue.account().dropped.queue_full > 0);
    drop(tell);
    queue.close();
    assert_eq!(queue.join(deadline(LIMIT)), 0);
}

#[test]
fn a_caller_in_a_hurry_waits_no_longer_than_that() {
    let (target, seen, tell) = Told::pair();
    let queue = start_with(WhenFull::Block(Duration::MAX), false, target, None);
    queue.push(&vec![b'x'; SMALLEST], Level::INFO);
    drop(seen.recv().unwrap());
    // It would wait for ever: the target does nothing until it is told.
    let until = Instant::now() + Duration::from_millis(50);
    hurry(until, || queue.push(b"panic\n", Level::ERROR));
    assert!(Instant::now() >= until);
    assert_eq!((HURRY.get(), queue.account().dropped.queue_full), (None, 1));
    drop(tell);
    queue.close();
    assert_eq!(queue.join(deadline(LIMIT)), 0);
}

#[test]
fn a_flush_does_not_hide_that_the_disk_keeps_nothing() {
    let (target, seen, tell) = Told::pair();
    let queue = start(true, target, None);
    queue.push(b"grave\n", Level::ERROR);
    assert_eq!(seen.recv().unwrap(), wrote("grave\n"));
    tell.send(Ok(())).unwrap();
    assert_eq!(seen.recv_timeout(LIMIT).unwrap(), Did::Synced, "unasked");
    tell.send(Err(io::Error::other("the disk is broken"))).unwrap();
    drop(tell);
    assert!(!queue.flush(deadline(LIMIT)));
    assert!(queue.flush(deadline(LIMIT)), "told once");
    assert_eq!(queue.state.lock().sync_failures, Some(1), "and counted");
    queue.close();
    assert_eq!(queue.join(deadline(LIMIT)), 0);
}
