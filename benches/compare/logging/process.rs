//! One logger measured in a process of its own, which prints what it found.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use clap::Args;
use rustix::thread::{CpuSet, sched_setaffinity};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::subject::{self, Subject};
use crate::{allocations, cpu};

/// Events and spans whose allocations are counted.
const FEW: u64 = 1_000;

/// What a child is told; nothing for people.
#[derive(Args, Debug, Clone, Copy)]
pub struct Options {
    #[arg(long = "log", value_enum, hide = true)]
    subject: Option<Subject>,
    #[arg(long, hide = true)]
    in_span: bool,
    /// More than one are not pinned to a core.
    #[arg(long, hide = true, default_value_t = 1)]
    threads: u64,
    #[arg(long, hide = true, default_value_t = 0)]
    events: u64,
    /// Runs under valgrind, where rustix finds no clock.
    #[arg(long, hide = true)]
    counted: bool,
}

/// What an event costs.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Cost {
    /// CPU time of the thread that logs, in nanoseconds.
    pub caller: f64,
    /// CPU time of the process until everything is written, in nanoseconds.
    pub process: f64,
    /// Time on the wall, in nanoseconds.
    pub wall: f64,
    /// Made by all threads, once the first events are over.
    pub allocations: f64,
    /// Of a span, opened and closed.
    pub span_allocations: f64,
}

/// What to measure.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Run {
    pub subject: Subject,
    pub in_span: bool,
    pub threads: u64,
    pub events: u64,
}

impl Run {
    pub fn of(subject: Subject) -> Self {
        Self { subject, in_span: false, threads: 1, events: 200_000 }
    }

    pub fn in_span(self) -> Self {
        Self { in_span: true, ..self }
    }

    /// Callers that are not pinned to a core.
    pub fn on_threads(self, threads: u64) -> Self {
        Self { threads, ..self }
    }

    pub fn cost(self) -> Cost {
        let program = std::env::current_exe().expect("this program");
        let output = Command::new(program).args(self.arguments()).output().expect("this program again");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{:?} failed: {errors}", self.subject);
        serde_json::from_slice(&output.stdout).expect("a cost")
    }

    /// Counts the instructions of the thread that logs.
    pub fn instructions(self) -> f64 {
        let run = Self { events: 2_000, ..self };
        let program = std::env::current_exe().expect("this program");
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*emit_counted*"])
            .arg(program)
            .args(run.arguments())
            .arg("--counted")
            .output()
            .expect("valgrind; install it with: apt-get install valgrind");
        let report = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "valgrind failed: {report}");
        crate::instructions::collected(&report) / run.events as f64
    }

    fn arguments(self) -> Vec<String> {
        let mut arguments = vec!["--log".to_owned(), self.subject.name()];
        arguments.extend(["--events".to_owned(), self.events.to_string()]);
        arguments.extend(["--threads".to_owned(), self.threads.to_string()]);
        arguments.extend(self.in_span.then(|| "--in-span".to_owned()));
        arguments
    }
}

impl Options {
    /// Does what was asked of this process, if it is a child.
    pub fn run(self) -> bool {
        let Self { subject, in_span, threads, events, counted } = self;
        let Some(run) = subject.map(|subject| Run { subject, in_span, threads, events }) else {
            return false;
        };
        if counted {
            run.count();
        } else {
            println!("{}", serde_json::json!(run.measure()));
        }
        true
    }
}

impl Run {
    fn measure(self) -> Cost {
        let Self { subject, in_span, threads, events } = self;
        if threads == 1 {
            pin();
        }
        let dir = TempDir::new().expect("a directory");
        let logger = subject.start(dir.path());
        let emit = logger.emit;
        let _entered = in_span.then(subject::enter_span);
        // The buffers have their size after the first events; the others fit into the first file.
        emit(events / 10);
        let allocations = allocations::of(|| emit(FEW)).allocations;
        // The crate `log` would be told of them.
        let spans = if subject.is_of_log() { 0 } else { FEW };
        subject::open_spans(spans);
        let span_allocations = allocations::of(|| subject::open_spans(spans)).allocations;
        let started = Instant::now();
        let process = cpu::process();
        let thread = cpu::thread();
        emit_counted(&*emit, threads, events);
        let caller = cpu::thread() - thread;
        (logger.finish)();
        let process = cpu::process() - process;
        let wall = started.elapsed().as_secs_f64() * 1e9;
        check(dir.path(), (events / 10 + FEW + threads * events) * subject.files());
        let each = |cost: f64| cost / (threads * events) as f64;
        Cost {
            caller: each(caller),
            process: each(process),
            wall: each(wall),
            allocations: allocations as f64 / FEW as f64,
            span_allocations: span_allocations as f64 / FEW as f64,
        }
    }

    fn count(self) {
        let dir = TempDir::new().expect("a directory");
        let logger = self.subject.start(dir.path());
        let emit = logger.emit;
        let _entered = self.in_span.then(subject::enter_span);
        emit(1);
        emit_counted(&*emit, self.threads, self.events);
        (logger.finish)();
        check(dir.path(), (1 + self.events) * self.subject.files());
    }
}

#[inline(never)]
fn emit_counted(emit: &(dyn Fn(u64) + Sync), threads: u64, events: u64) {
    if threads == 1 {
        // Not a tail call, which valgrind would take for the end of this function.
        emit(events);
        return std::hint::black_box(());
    }
    std::thread::scope(|scope| {
        (0..threads).for_each(|_| drop(scope.spawn(move || emit(events))));
    });
}

/// On one core the thread that logs pays for every other thread, and what it costs does not depend on where they run.
fn pin() {
    let mut cores = CpuSet::new();
    let core = (0..CpuSet::MAX_CPU)
        .find(|core| rustix::thread::sched_getaffinity(None).is_ok_and(|all| all.is_set(*core)));
    cores.set(core.expect("a core to run on"));
    sched_setaffinity(None, &cores).expect("a core of our own");
}

/// A fast logger that loses lines would win for nothing.
fn check(dir: &Path, events: u64) {
    let files = std::fs::read_dir(dir).expect("the directory").map(|entry| entry.expect("a file").path());
    let newlines = |path| std::fs::read(path).expect("a file").iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(files.map(newlines).sum::<usize>() as u64, events, "every event is on disk");
}
