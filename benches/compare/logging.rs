//! ms-logging beside tracing-subscriber's JSON formatter over tracing-appender, both without loss.

use std::time::Duration;

use ms_logging::{Logging, WhenFull};
use tempfile::TempDir;
use tracing::{Dispatch, dispatcher, info};
use tracing_appender::non_blocking::NonBlockingBuilder;

use crate::claim::{Claim, Pair};
use crate::cpu;

const AREA: &str = "logging";
const EVENTS: u64 = 100_000;
const ROUNDS: usize = 9;

pub fn claims() -> Vec<Claim> {
    let rounds: Vec<_> = (0..ROUNDS).map(|_| (ours(), theirs())).collect();
    let pair = Pair::of_rounds(&rounds);
    vec![Claim::new(
        AREA,
        "JSON event, 5 fields, to a file",
        "CPU ns/event",
        pair,
        "tracing-appender",
        1.0 / 3.5,
    )]
}

/// CPU time of the whole process for an event, the writer thread and the last flush included.
fn ours() -> f64 {
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join("events.jsonl");
    let (layer, guard) = Logging::builder()
        .no_file()
        .console(false)
        .json_file(&path)
        .max_bytes(1 << 30)
        .backups(1)
        .when_full(WhenFull::Block(Duration::from_secs(60)))
        .layer()
        .expect("a layer");
    let dispatch =
        Dispatch::new(tracing_subscriber::layer::SubscriberExt::with(tracing_subscriber::registry(), layer));
    let spent = cpu::nanoseconds(|| {
        emit(&dispatch);
        assert_eq!(guard.shutdown(Duration::from_secs(60)).abandoned, 0, "everything is written");
    });
    written(&path);
    spent / EVENTS as f64
}

fn theirs() -> f64 {
    let dir = TempDir::new().expect("a directory");
    let file = tracing_appender::rolling::never(dir.path(), "events.jsonl");
    let (writer, guard) = NonBlockingBuilder::default().lossy(false).finish(file);
    let subscriber = tracing_subscriber::fmt().json().with_writer(writer).finish();
    let dispatch = Dispatch::new(subscriber);
    let spent = cpu::nanoseconds(|| {
        emit(&dispatch);
        drop(guard);
    });
    written(&dir.path().join("events.jsonl"));
    spent / EVENTS as f64
}

fn emit(dispatch: &Dispatch) {
    dispatcher::with_default(dispatch, || {
        for id in 0..EVENTS {
            info!(
                shift = id,
                department = "Acil Servis",
                hours = 8.5,
                night = false,
                attempt = 1,
                "shift planned"
            );
        }
    });
}

/// A fast logger that loses lines would win for nothing.
fn written(path: &std::path::Path) {
    let lines = std::fs::read(path).expect("the file").iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(lines as u64, EVENTS, "every event is on disk");
}
