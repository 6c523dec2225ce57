//! A process made by `fork` has no writer: nothing in it waits for one.

use std::process::{Command, id};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use ms_logging::{Logging, LoggingGuard, WhenFull};
use tracing::info;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::logger::{LIMIT, lines};

const CHILD: &str = "MS_LOGGING_TEST_FORKED";
const FORKS: u64 = 20;
/// More than the queue takes.
const LONG_LINES: u64 = 200;

#[test]
fn a_forked_process_waits_for_no_writer() {
    let name = "fork::a_forked_process_waits_for_no_writer";
    if let Some(path) = std::env::var_os(CHILD) {
        return fork_under_load(path.as_ref());
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.log");
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, &path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// Forks while other threads log, so that now and then the queue is locked.
fn fork_under_load(path: &std::path::Path) {
    let (layer, guard) = Logging::builder()
        .file(path)
        .console(false)
        .rust_log(false)
        .max_bytes(0)
        .queue_bytes(1 << 20)
        .redact(false)
        // Its locks are taken, and no line is over it.
        .rate_limit(u32::MAX)
        .when_full(WhenFull::Block(Duration::MAX))
        .layer()
        .unwrap();
    let dispatch = tracing::Dispatch::new(tracing_subscriber::registry().with(layer));
    let (stop, logged) = (AtomicBool::new(false), AtomicU64::new(0));
    let line = |text: &str| {
        tracing::dispatcher::with_default(&dispatch, || info!(text));
        logged.fetch_add(1, Ordering::Relaxed);
    };
    line("before");
    thread::scope(|scope| {
        (0..2).for_each(|_| {
            scope.spawn(|| {
                // Too long, so that the lock of the count of such lines is taken too.
                let cut = "x".repeat(70_000);
                while !stop.load(Ordering::Relaxed) {
                    line("meanwhile");
                    line(&cut);
                }
            });
        });
        let ended: Vec<i32> = (0..FORKS).map(|_| forked(&guard, &line)).collect();
        stop.store(true, Ordering::Relaxed);
        assert_eq!(ended, vec![0; ended.len()], "0 is a child that came to its end, 14 one that hung");
    });
    assert!(guard.flush(LIMIT), "the parent goes on");
    assert_eq!(guard.shutdown(LIMIT).abandoned, 0);
    // No child has written what it had a copy of.
    assert_eq!(lines(path).len() as u64, logged.load(Ordering::Relaxed));
}

/// Does in a child what may wait, and gives how the child ended.
#[allow(unsafe_code, reason = "there is no safe way to fork")]
fn forked(guard: &LoggingGuard, line: &impl Fn(&str)) -> i32 {
    let parent = id();
    // SAFETY: the child allocates and logs, which is what is tested, and ends without running anybody's destructors.
    unsafe {
        let child = libc::fork();
        if child == 0 {
            // One that hangs is ended by the system.
            libc::alarm(20);
            line("short");
            let flushed = guard.flush(Duration::MAX);
            let long = "x".repeat(8_000);
            (0..LONG_LINES).for_each(|_| line(&long));
            line(&"x".repeat(70_000));
            guard.shutdown(Duration::MAX);
            line("late");
            let account = guard.accounts()[0];
            let exact = account.passed() == account.written() + account.dropped_total() + account.queued();
            libc::_exit(i32::from(flushed || !exact || id() == parent));
        }
        let mut status = -1;
        assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
        status
    }
}

#[test]
#[allow(unsafe_code, reason = "there is no safe way to fork")]
fn a_process_forked_while_levels_change_waits_for_none() {
    let name = "fork::a_process_forked_while_levels_change_waits_for_none";
    if std::env::var_os(CHILD).is_none() {
        let mut again = Command::new(std::env::current_exe().unwrap());
        let output = again.args(["--exact", name, "--nocapture"]).env(CHILD, "1").output().unwrap();
        assert!(output.status.success(), "{output:?}");
        return;
    }
    let logger = crate::logger::Logger::with(|builder| builder.filter("info,ward=warn"));
    let levels = logger.guard.levels();
    let stop = AtomicBool::new(false);
    let rounds = AtomicU64::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                levels.set("ward", tracing::Level::DEBUG).unwrap();
                levels.revert("ward");
                rounds.fetch_add(1, Ordering::Relaxed);
            }
        });
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                levels.changes();
                levels.directives();
            }
        });
        let ended: Vec<i32> = (0..10 * FORKS)
            .map(|_| {
                let before = rounds.load(Ordering::Relaxed);
                while rounds.load(Ordering::Relaxed) == before {
                    thread::yield_now();
                }
                // SAFETY: the child asks for levels and logs, which is what is tested, and ends without running anybody's destructors.
                unsafe {
                    let child = libc::fork();
                    if child == 0 {
                        // One that hangs is ended by the system.
                        libc::alarm(20);
                        libc::_exit(i32::from(!asks_for_levels(&logger)));
                    }
                    let mut status = -1;
                    assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
                    status
                }
            })
            .collect();
        stop.store(true, Ordering::Relaxed);
        assert_eq!(ended, vec![0; ended.len()], "0 is a child that came to its end, 14 one that hung");
    });
    levels.set("ward", tracing::Level::DEBUG).unwrap();
    assert_eq!(levels.directives(), "ward=debug,info", "the parent goes on");
}

/// Whether the levels are one of the two, and stay it.
fn asks_for_levels(logger: &crate::logger::Logger) -> bool {
    let levels = logger.guard.levels();
    let held = levels.directives();
    logger.log(|| {
        info!("of the child");
        tracing::debug!(target: "ward", "of the child");
    });
    let changed = levels.set("ward", tracing::Level::TRACE);
    let timed = levels.set_for("ward", tracing::Level::TRACE, Duration::from_secs(1));
    let refused = |result| matches!(result, Err(ms_logging::LevelError::Forked));
    let reverted = levels.revert("ward");
    levels.revert_all();
    let told = levels.changes().len() <= 1 && levels.directives() == held;
    logger.guard.shutdown(Duration::MAX);
    let known = ["ward=debug,info", "ward=warn,info"].contains(&held.as_str());
    known && told && refused(changed) && refused(timed) && !reverted
}

/// Stops at the first counter, and says so.
struct Stopping(Sender<()>, Mutex<Receiver<()>>);

impl metrics::Recorder for Stopping {
    fn describe_counter(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}
    fn describe_gauge(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}
    fn describe_histogram(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}

    fn register_counter(&self, _: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Counter {
        let _ = self.0.send(());
        // Goes on for good as soon as nobody is left to say so.
        let _ = self.1.lock().unwrap().recv();
        metrics::Counter::noop()
    }

    fn register_gauge(&self, _: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Gauge {
        metrics::Gauge::noop()
    }

    fn register_histogram(&self, _: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Histogram {
        metrics::Histogram::noop()
    }
}

/// Workers are forked while the parent tells its metrics, and log for themselves.
#[test]
#[allow(unsafe_code, reason = "there is no safe way to fork")]
fn a_forked_process_has_a_logger_and_metrics_of_its_own() {
    let name = "fork::a_forked_process_has_a_logger_and_metrics_of_its_own";
    if std::env::var_os(CHILD).is_none() {
        let mut again = Command::new(std::env::current_exe().unwrap());
        let output = again.args(["--exact", name, "--nocapture"]).env(CHILD, "1").output().unwrap();
        assert!(output.status.success(), "{output:?}");
        return;
    }
    let logger = crate::logger::Logger::start();
    // Its threads have ended: what locks of other crates they would have had at the fork is not asked here.
    assert_eq!(logger.guard.shutdown(LIMIT).abandoned, 0);
    let ((stopped, stops), (go_on, going_on)) = (channel::<()>(), channel());
    let recorder = Stopping(stopped, Mutex::new(going_on));
    thread::scope(|scope| {
        scope.spawn(|| metrics::with_local_recorder(&recorder, || logger.guard.flush(LIMIT)));
        stops.recv().unwrap();
        // SAFETY: only this thread is in the child, which ends without running anybody's destructors.
        unsafe {
            let child = libc::fork();
            if child == 0 {
                libc::alarm(20);
                libc::_exit(i32::from(!logs_for_itself()));
            }
            let mut status = -1;
            assert_eq!((libc::waitpid(child, &raw mut status, 0), status), (child, 0));
        }
        drop(go_on);
    });
}

/// Whether a logger of its own writes, and tells a recorder so.
fn logs_for_itself() -> bool {
    let logger = crate::logger::Logger::start();
    logger.log(|| info!("of the child"));
    let ((told, tells), (_, going_on)) = (channel(), channel::<()>());
    let recorder = Stopping(told, Mutex::new(going_on));
    let flushed = metrics::with_local_recorder(&recorder, || logger.guard.flush(LIMIT));
    flushed && tells.try_recv().is_ok() && logger.finish().0.len() == 1
}

#[cfg(feature = "http")]
#[test]
#[allow(unsafe_code, reason = "there is no safe way to fork")]
fn a_forked_process_makes_ids_of_its_own() {
    use std::convert::Infallible;
    use std::io::{Read as _, Write as _};

    use ms_logging::TraceId;
    use tower::{Layer as _, Service as _};

    let logger = crate::logger::Logger::start();
    let answer = tower::service_fn(|_: http::Request<()>| async {
        Ok::<_, Infallible>(http::Response::new(String::new()))
    });
    let mut service = logger.guard.http_layer().trace_id_in_response().layer(answer);
    let mut id = || {
        let ready = service.call(http::Request::new(()));
        let mut ready = std::pin::pin!(ready);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let std::task::Poll::Ready(Ok(response)) = ready.as_mut().poll(&mut context) else {
            panic!("at once")
        };
        response.extensions().get::<TraceId>().unwrap().as_str().to_owned()
    };
    id();
    let (mut theirs, mut writer) = std::io::pipe().unwrap();
    // SAFETY: the child makes an id, writes it, and ends without running anybody's destructors.
    unsafe {
        let child = libc::fork();
        if child == 0 {
            libc::alarm(20);
            let written = writer.write_all(id().as_bytes());
            libc::_exit(i32::from(written.is_err()));
        }
        let mut status = -1;
        assert_eq!((libc::waitpid(child, &raw mut status, 0), status), (child, 0));
    }
    drop(writer);
    let mut told = String::new();
    theirs.read_to_string(&mut told).unwrap();
    assert_eq!(told.len(), 32);
    assert_ne!(told, id(), "the parent goes on from the same keys and the same count");
}
