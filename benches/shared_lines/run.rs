//! What is traced: two threads that serve requests in turns.

use std::io::Write;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use peers::http::{PATHS, Stack, serve};

/// Requests a turn.
pub const REQUESTS: u64 = 50;

/// Where the beginning and the end of a turn are written to, alone on its lines.
#[repr(align(128))]
struct Mark(AtomicU64);
static MARK: Mark = Mark(AtomicU64::new(0));

/// Whether the threads ask for the same route.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Routes {
    One,
    Two,
}

impl Routes {
    pub fn name(self) -> &'static str {
        match self {
            Self::One => "both on one route",
            Self::Two => "each on its own route",
        }
    }

    pub fn named(name: &str) -> Self {
        [Self::One, Self::Two].into_iter().find(|routes| routes.name() == name).expect("one or two routes")
    }
}

/// What the line begins with that tells where the turns are marked, and by which function.
pub const START: &str = "turns: ";

/// Serves, and tells the trace where the turns are marked.
pub fn take_turns(stack: Stack, routes: Routes) {
    let (mark, turn_at) = (&raw const MARK.0 as usize, turn as fn(&mut Router, &str) as usize);
    // Into the trace itself, in one piece: it goes on while this is written.
    let line = format!("{START}{mark:x} {turn_at:x}\n");
    std::io::stderr().write_all(line.as_bytes()).expect("a trace");
    let app = stack.app();
    // On one thread, so that what is made for one route may lie beside what is made for the other.
    for path in PATHS {
        serve(&mut app.router(), path);
    }
    let barrier = Barrier::new(2);
    std::thread::scope(|scope| {
        for (number, path) in PATHS.into_iter().enumerate() {
            let path = if routes == Routes::Two { path } else { PATHS[0] };
            let (mut router, barrier) = (app.router(), &barrier);
            scope.spawn(move || {
                for _ in 0..10 {
                    serve(&mut router, path);
                }
                for whose in 0..2 {
                    barrier.wait();
                    if whose == number {
                        turn(&mut router, path);
                    }
                }
                barrier.wait();
            });
        }
    });
}

/// The mark is written before and after.
#[inline(never)]
fn turn(router: &mut Router, path: &str) {
    MARK.0.fetch_add(1, Ordering::SeqCst);
    for _ in 0..REQUESTS {
        serve(router, path);
    }
    MARK.0.fetch_add(1, Ordering::SeqCst);
}
