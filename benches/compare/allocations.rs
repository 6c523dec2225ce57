//! Counts what is allocated, while somebody asks.
#![expect(unsafe_code, reason = "an allocator cannot be written without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

static WATCHED: AtomicBool = AtomicBool::new(false);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
/// Bytes held beyond those at the beginning, and the most there were.
static HELD: AtomicI64 = AtomicI64::new(0);
static PEAK: AtomicI64 = AtomicI64::new(0);

/// The system's allocator. While nobody asks it costs one load, on both sides of every comparison.
pub struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

/// What was allocated during a piece of work.
#[derive(Clone, Copy, Debug)]
pub struct Spent {
    pub allocations: u64,
    pub peak_bytes: i64,
    /// What was not given back by the end.
    pub held_bytes: i64,
}

/// Runs `work` and tells what all threads allocated meanwhile.
pub fn of(work: impl FnOnce()) -> Spent {
    for figure in [&HELD, &PEAK] {
        figure.store(0, Ordering::Relaxed);
    }
    ALLOCATIONS.store(0, Ordering::Relaxed);
    WATCHED.store(true, Ordering::Relaxed);
    work();
    WATCHED.store(false, Ordering::Relaxed);
    Spent {
        allocations: ALLOCATIONS.load(Ordering::Relaxed),
        peak_bytes: PEAK.load(Ordering::Relaxed),
        held_bytes: HELD.load(Ordering::Relaxed),
    }
}

fn hold(allocations: u64, bytes: i64) {
    if WATCHED.load(Ordering::Relaxed) {
        ALLOCATIONS.fetch_add(allocations, Ordering::Relaxed);
        let held = HELD.fetch_add(bytes, Ordering::Relaxed) + bytes;
        PEAK.fetch_max(held, Ordering::Relaxed);
    }
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        hold(1, layout.size() as i64);
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        hold(1, layout.size() as i64);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        hold(0, -(layout.size() as i64));
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        hold(1, size as i64 - layout.size() as i64);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
