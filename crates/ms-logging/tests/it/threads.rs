//! Many threads through many rotations: nothing is lost, torn, doubled or out of order.

use std::thread;
use std::time::Duration;

use ms_logging::{Reason, WhenFull};
use serde_json::Value;
use tracing::info;

use crate::logger::{LIMIT, Logger, all_lines};

const THREADS: u64 = 8;
const LINES: u64 = 4_000;

#[test]
fn eight_threads_through_hundreds_of_rotations_lose_nothing() {
    let logger = Logger::with(|builder| {
        builder.max_bytes(16 * 1024).backups(2_000).when_full(WhenFull::Block(Duration::from_secs(60)))
    });
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let logger = &logger;
            scope.spawn(move || {
                logger.log(|| {
                    (0..LINES).for_each(|line| info!(thread, line, check = thread * 31 + line, "flood"))
                });
            });
        }
    });
    assert_eq!(logger.guard.shutdown(LIMIT).abandoned, 0);
    let lines = all_lines(&logger.path("app.jsonl"));
    assert!(crate::logger::files(&logger.path("app.jsonl")).len() > 200);
    let mut next = [0; THREADS as usize];
    for line in &lines {
        let line: Value = serde_json::from_str(line).unwrap();
        let field = |name: &str| line["data"]["fields"][name].as_u64().unwrap();
        let (thread, number) = (field("thread"), field("line"));
        assert_eq!(field("check"), thread * 31 + number);
        assert_eq!(number, next[thread as usize], "thread {thread} is in order");
        next[thread as usize] += 1;
    }
    assert_eq!(next, [LINES; THREADS as usize]);
    assert_eq!(all_lines(&logger.path("app.log")).len() as u64, THREADS * LINES);
    for account in logger.guard.accounts() {
        assert_eq!((account.passed(), account.written()), (THREADS * LINES, THREADS * LINES));
    }
}

#[test]
fn lines_after_the_shutdown_are_counted() {
    let logger = Logger::start();
    let stop = std::sync::atomic::AtomicBool::new(false);
    let (started, begun) = std::sync::mpsc::channel();
    let sent = thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let (logger, stop, started) = (&logger, &stop, started.clone());
                scope.spawn(move || {
                    let mut sent = 0;
                    logger.log(|| {
                        while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                            info!("line");
                            sent += 1;
                            if sent == 100 {
                                started.send(()).unwrap();
                            }
                        }
                    });
                    sent
                })
            })
            .collect();
        (0..4).for_each(|_| begun.recv().unwrap());
        logger.guard.shutdown(LIMIT);
        logger.log(|| info!("late"));
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        threads.into_iter().map(|thread| thread.join().unwrap()).sum::<u64>() + 1
    });
    let account = logger.guard.accounts()[0];
    assert!(account.dropped(Reason::AfterShutdown) >= 1);
    assert_eq!(account.passed(), sent);
    assert_eq!(account.written() + account.dropped_total(), sent);
    assert_eq!(crate::logger::lines(&logger.path("app.log")).len() as u64, account.written());
}
