//! The process and its runtime.

use super::model::Panel;
use super::query::{rate, series};
use super::unit;
use crate::catalog::Catalog;
use crate::catalog::machine::{
    PROCESS_CPU_SECONDS, PROCESS_MAX_FDS, PROCESS_OPEN_FDS, PROCESS_RESIDENT_MEMORY, PROCESS_THREADS,
    TOKIO_BUSY_SECONDS, TOKIO_GLOBAL_QUEUE_DEPTH, TOKIO_LIVE_TASKS, TOKIO_PARKS, TOKIO_WORKERS,
};

const INSTANCE: &str = "{{instance}}";

pub(super) fn panels(catalog: &Catalog) -> Vec<Panel> {
    let cpu = Panel::lines("CPU of the process", "Cores in use.", Some("short"))
        .query(rate(&series(PROCESS_CPU_SECONDS)), INSTANCE);
    let (open, most) = (series(PROCESS_OPEN_FDS), series(PROCESS_MAX_FDS));
    let files = Panel::lines("File descriptors", "Share of those it may open.", Some("percentunit"))
        .query(format!("{open} / {most}"), INSTANCE)
        .thresholds(0.7, 0.9);
    let memory = of(catalog, "Resident memory", PROCESS_RESIDENT_MEMORY);
    vec![cpu, memory, files, of(catalog, "Threads", PROCESS_THREADS)]
}

pub(super) fn runtime(catalog: &Catalog) -> Vec<Panel> {
    let (busy, workers) = (rate(&series(TOKIO_BUSY_SECONDS)), series(TOKIO_WORKERS));
    let share = Panel::lines("Workers busy", "Share of the workers' time.", Some("percentunit"))
        .query(format!("{busy} / {workers}"), INSTANCE)
        .thresholds(0.7, 0.9);
    let parks = Panel::lines("Workers parked", "Times a second that one had nothing to do.", Some("cps"))
        .query(rate(&series(TOKIO_PARKS)), INSTANCE);
    let queue = of(catalog, "Tasks waiting", TOKIO_GLOBAL_QUEUE_DEPTH);
    vec![share, of(catalog, "Tasks alive", TOKIO_LIVE_TASKS), queue, parks]
}

/// A gauge as it is.
fn of(catalog: &Catalog, title: &str, name: &str) -> Panel {
    let metric = catalog.get(name);
    let help = metric.map_or("", |metric| metric.help);
    Panel::lines(title, help, Some(unit::of(metric.and_then(|metric| metric.unit))))
        .query(series(name), INSTANCE)
}
