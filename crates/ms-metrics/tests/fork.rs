//! A child that is forked off has none of the threads, so counting in it is not supported; it must still come to its end.
#![cfg(unix)]
#![allow(clippy::unwrap_used, missing_docs, reason = "tests assert by panicking")]

use std::time::{Duration, Instant};

use ms_metrics::Metrics;

#[test]
#[allow(unsafe_code, reason = "the system has no other fork")]
fn a_forked_child_comes_to_its_end() {
    let metrics = Metrics::builder().system().install().unwrap();
    metrics::counter!("forks_total").increment(1);
    // SAFETY: the child calls nothing but `exit`.
    let child = unsafe { libc::fork() };
    if child == 0 {
        std::process::exit(0);
    }
    assert!(child > 0, "no child");
    let start = Instant::now();
    let mut status = -1;
    // SAFETY: `status` is a number that outlives the call.
    while unsafe { libc::waitpid(child, &raw mut status, libc::WNOHANG) } == 0 {
        assert!(start.elapsed() < Duration::from_secs(20), "the child hangs");
        std::thread::yield_now();
    }
    assert_eq!(status, 0);
    assert!(metrics.render().contains("forks_total 1\n"), "the parent goes on");
}
