//! CPU time of this process, all threads: what a writer thread costs does not hide behind a second core.

use rustix::time::{ClockId, clock_gettime};

/// Runs `work` and gives the CPU time it took, in nanoseconds.
pub fn nanoseconds(work: impl FnOnce()) -> f64 {
    let before = spent();
    work();
    spent() - before
}

fn spent() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}
