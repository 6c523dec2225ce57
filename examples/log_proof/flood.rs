//! Many threads that log numbered lines.

use std::io::{self, Write as _};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use flate2::Crc;

/// Of every line.
pub const MESSAGE: &str = "proof of a line that is neither torn nor forged";

/// Logs `lines` lines, shared out to the threads.
pub fn run(lines: u64, threads: u64, pause: Duration) {
    let halfway = Barrier::new(usize::try_from(threads).unwrap_or(1));
    thread::scope(|scope| {
        for thread in 0..threads {
            let own = lines / threads + u64::from(thread < lines % threads);
            let halfway = &halfway;
            scope.spawn(move || {
                (0..own / 2).for_each(|line| log(thread, line));
                if !pause.is_zero() {
                    if halfway.wait().is_leader() {
                        let _ = writeln!(io::stderr(), "half of the lines are logged: going on in {pause:?}");
                    }
                    thread::sleep(pause);
                }
                (own / 2..own).for_each(|line| log(thread, line));
            });
        }
    });
}

fn log(thread: u64, line: u64) {
    tracing::info!(thread, line, crc = crc(thread, line), "{MESSAGE}");
}

/// The sum of a line's numbers.
pub fn crc(thread: u64, line: u64) -> u32 {
    let mut crc = Crc::new();
    crc.update(&thread.to_le_bytes());
    crc.update(&line.to_le_bytes());
    crc.sum()
}
