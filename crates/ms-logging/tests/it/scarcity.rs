//! What a process runs out of, and a disk that hangs.

use std::fs::File;
use std::process::Command;
use std::time::{Duration, Instant};

use ms_logging::{Logging, Reason};
use tracing::info;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::logger::{LIMIT, Logger, all_lines, lines};

/// Descriptors are of the whole process, so the test runs itself in another.
#[test]
fn a_process_without_descriptors_loses_nothing() {
    const CHILD: &str = "MS_LOGGING_TEST_DESCRIPTORS";
    let name = "scarcity::a_process_without_descriptors_loses_nothing";
    if std::env::var_os(CHILD).is_none() {
        let script = format!("ulimit -n 64; exec \"$0\" --exact {name} --nocapture");
        let output = Command::new("sh")
            .args(["-c", &script])
            .arg(std::env::current_exe().unwrap())
            .env(CHILD, "1")
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        assert_eq!(stderr.matches("ms-logging: ").count(), 1, "one line in ten seconds: {stderr}");
        return;
    }
    let logger = Logger::with(|builder| builder.max_bytes(2_000).backups(100));
    let taken: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    assert!(!taken.is_empty());
    for id in 0..100 {
        logger.log(|| info!(id, "no new file can be opened"));
        assert!(logger.guard.flush(LIMIT));
    }
    drop(taken);
    logger.log(|| (100..200).for_each(|id| info!(id, "there are descriptors again")));
    assert_eq!(logger.guard.shutdown(LIMIT).abandoned, 0);
    let account = logger.guard.accounts()[0];
    assert_eq!((account.passed(), account.written(), account.dropped_total()), (200, 200, 0));
    assert_eq!(all_lines(&logger.path("app.log")).len(), 200);
}

#[test]
fn a_disk_that_hangs_stops_no_caller_and_is_accounted_for_at_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    // Both ends, so that opening does not wait; nothing is ever read.
    let pipe = File::options().read(true).write(true).open(&path).unwrap();
    let (layer, guard) =
        Logging::builder().file(&path).console(false).rust_log(false).queue_bytes(1 << 20).layer().unwrap();
    let text = "x".repeat(1_000);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        (0..5_000).for_each(|id| info!(text, id));
    });
    assert!(!guard.flush(Duration::ZERO));
    let abandoned = guard.shutdown(Duration::from_millis(100)).abandoned;
    let account = guard.accounts()[0];
    assert!(abandoned > 0 && account.dropped(Reason::QueueFull) > 0);
    assert_eq!(account.dropped(Reason::ShutdownTimeout), abandoned);
    assert_eq!((account.passed(), account.queued()), (5_000, 0));
    assert_eq!(account.passed(), account.written() + account.dropped_total());
    drop(pipe);
}

/// Of a hundred calls one may take longer, and on a busy machine more: the best of some rounds tells, since whoever waits for
/// a disk that hangs does so in each.
#[test]
fn callers_do_not_notice_a_disk_that_hangs() {
    const CALLS: usize = 5_000;
    const ROUNDS: usize = 10;
    // Without optimisation everything takes longer, but nothing takes as long as a wait for anybody.
    let most = Duration::from_micros(if cfg!(debug_assertions) { 1_000 } else { 50 });
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let pipe = File::options().read(true).write(true).open(&path).unwrap();
    let (layer, guard) =
        Logging::builder().file(&path).console(false).rust_log(false).queue_bytes(1 << 20).layer().unwrap();
    let dispatch = tracing::Dispatch::new(tracing_subscriber::registry().with(layer));
    let calls = || -> Vec<Duration> {
        let call = |id: usize| {
            let since = Instant::now();
            info!(id, department = "Acil Servis", hours = 8, night = false, "shift planned");
            since.elapsed()
        };
        tracing::dispatcher::with_default(&dispatch, || (0..CALLS).map(call).collect())
    };
    let p99 = |_| {
        let mut took = std::thread::scope(|scope| {
            let others = scope.spawn(calls);
            [calls(), others.join().unwrap()].concat()
        });
        took.sort_unstable();
        took[took.len() / 100 * 99]
    };
    let rounds: Vec<Duration> = (0..ROUNDS).map(p99).collect();
    assert!(rounds.iter().any(|p99| *p99 < most), "{rounds:?}");
    guard.shutdown(Duration::ZERO);
    let account = guard.accounts()[0];
    assert!(account.dropped(Reason::QueueFull) > 0 && account.dropped(Reason::ShutdownTimeout) > 0);
    assert_eq!((account.passed(), account.queued()), ((2 * ROUNDS * CALLS) as u64, 0));
    assert_eq!(account.passed(), account.written() + account.dropped_total());
    drop(pipe);
}

#[test]
fn a_line_of_a_hundred_megabytes_is_cut_and_marked() {
    let logger = Logger::start();
    let text = "words of a long line ".repeat(5_000_000);
    logger.log(|| {
        info!("{text}");
        info!(text, "in a field");
        info!("after");
    });
    let (text, json) = logger.finish();
    assert_eq!((text.len(), json.len()), (3, 3));
    assert!(text.iter().chain(&json).all(|line| line.len() < 64 * 1024));
    assert!(text[0].contains("truncated") && text[1].contains("truncated"));
    for line in &json[..2] {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            line["data"]["truncated"],
            true,
            "{:?}",
            line["data"].as_object().map(|data| data.keys().collect::<Vec<_>>())
        );
    }
}

/// The clock steps by an hour while lines come; what is rotated by age goes on, and nothing is overwritten.
#[test]
fn a_clock_that_is_set_loses_nothing() {
    const CHILD: &str = "MS_LOGGING_TEST_CLOCK";
    let name = "scarcity::a_clock_that_is_set_loses_nothing";
    let Some(clock) = std::env::var_os(CHILD) else {
        let directory = tempfile::tempdir().unwrap();
        let clock = directory.path().join("clock");
        std::fs::write(&clock, "+0").unwrap();
        let output = Command::new("faketime")
            // What it says itself would go before the file.
            .args(["-f", "+0", "env", "-u", "FAKETIME"])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(CHILD, &clock)
            .env("FAKETIME_TIMESTAMP_FILE", &clock)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .output()
            .expect("faketime is needed: apt-get install faketime");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        return;
    };
    let logger = Logger::with(|builder| builder.rotate_every(ms_logging::Every::Hour).backups(50));
    let mut years = Vec::new();
    for (id, step) in ["+0", "-1h", "+2h", "-1d", "+400d", "-30000d", "+0"].into_iter().enumerate() {
        std::fs::write(&clock, step).unwrap();
        logger.log(|| info!(id, "line"));
        assert!(logger.guard.flush(LIMIT));
        let last = lines(&logger.path("app.log")).pop().unwrap();
        years.push(last.get(..4).unwrap().to_owned());
    }
    assert!(
        years.iter().collect::<std::collections::BTreeSet<_>>().len() > 2,
        "the clock was set: {years:?}"
    );
    let account = logger.guard.accounts()[0];
    assert_eq!((account.written(), account.dropped_total()), (7, 0));
    let all = all_lines(&logger.path("app.log"));
    let ids: Vec<_> = all.iter().map(|line| line.rsplit_once(" id=").unwrap().1.to_owned()).collect();
    assert_eq!(ids, ["0", "1", "2", "3", "4", "5", "6"], "in the order in which they came");
}
