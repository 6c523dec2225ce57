//! CPU time of this process, all threads: what a writer thread costs does not hide behind a second core.

use rustix::time::{ClockId, clock_gettime};

/// Runs `work` and gives the CPU time it took, in nanoseconds.
pub fn nanoseconds(work: impl FnOnce()) -> f64 {
    let before = process();
    work();
    process() - before
}

/// Nanoseconds that this process has spent so far.
pub fn process() -> f64 {
    spent(ClockId::ProcessCPUTime)
}

/// Nanoseconds that this thread has spent so far.
pub fn thread() -> f64 {
    spent(ClockId::ThreadCPUTime)
}

fn spent(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}
