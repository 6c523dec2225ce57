//! Each line of an interval log is used or refused, and tells a line that exists.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ms_analytics::read::hlog;

fuzz_target!(|bytes: &[u8]| {
    let lines = 1 + bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
    let read = hlog(bytes, |line, row| {
        assert!((1..=lines).contains(&line));
        if let Ok(interval) = row {
            assert!(interval.length >= 0.0 && interval.start.is_finite());
        }
    });
    assert!(read.is_ok());
});
