//! Usage, saturation and errors of the machine and the container.

use super::model::Panel;
use super::query::{rate, series};
use super::unit;
use crate::catalog::Catalog;
use crate::catalog::machine::{
    CPU_LIMIT, CPU_PERIODS, CPU_THROTTLED_PERIODS, CPU_THROTTLED_SECONDS, CPU_USAGE, DISK_USAGE,
    FILESYSTEM_AVAILABLE, FILESYSTEM_USAGE, LOAD_1, LOAD_5, LOAD_15, MEMORY_AVAILABLE, MEMORY_TOTAL,
    MEMORY_USAGE, MEMORY_USAGE_PERCENT, NETWORK_RECEIVE_BYTES, NETWORK_RECEIVE_ERRORS,
    NETWORK_TRANSMIT_BYTES, NETWORK_TRANSMIT_ERRORS, SWAP_USAGE,
};

pub(super) fn panels(catalog: &Catalog) -> Vec<Panel> {
    let panel = |title: &str, name: &str| {
        let metric = catalog.get(name);
        let help = metric.map_or("", |metric| metric.help);
        Panel::lines(title, help, Some(unit::of(metric.and_then(|metric| metric.unit))))
    };
    let cpu =
        panel("CPU", CPU_USAGE).query(series(CPU_USAGE), "{{instance}}").max(100.0).thresholds(75.0, 90.0);
    let load = panel("Load", LOAD_1)
        .query(series(LOAD_1), "{{instance}} 1 min")
        .query(series(LOAD_5), "{{instance}} 5 min")
        .query(series(LOAD_15), "{{instance}} 15 min");
    let memory = panel("Memory", MEMORY_USAGE)
        .query(series(MEMORY_USAGE), "{{instance}} used")
        .query(series(MEMORY_AVAILABLE), "{{instance}} available")
        .query(series(MEMORY_TOTAL), "{{instance}} total")
        .query(series(SWAP_USAGE), "{{instance}} swap");
    let memory_share = panel("Memory, share", MEMORY_USAGE_PERCENT)
        .query(series(MEMORY_USAGE_PERCENT), "{{instance}}")
        .max(100.0)
        .thresholds(80.0, 90.0);
    let disk = panel("Disks", FILESYSTEM_USAGE)
        .query(series(DISK_USAGE), "{{instance}} root")
        .query(series(FILESYSTEM_USAGE), "{{instance}} {{mount}}")
        .max(100.0)
        .thresholds(80.0, 90.0);
    let room = panel("Disks, room left", FILESYSTEM_AVAILABLE)
        .query(series(FILESYSTEM_AVAILABLE), "{{instance}} {{mount}}");
    let bytes = catalog.get(NETWORK_RECEIVE_BYTES).and_then(|metric| metric.unit);
    let network = Panel::lines("Network", "Bytes received and sent.", Some(unit::per_second(bytes)))
        .query(rate(&series(NETWORK_RECEIVE_BYTES)), "{{instance}} {{device}} in")
        .query(rate(&series(NETWORK_TRANSMIT_BYTES)), "{{instance}} {{device}} out");
    let errors = Panel::lines("Network errors", "Packets received or not sent with an error.", Some("pps"))
        .query(rate(&series(NETWORK_RECEIVE_ERRORS)), "{{instance}} {{device}} in")
        .query(rate(&series(NETWORK_TRANSMIT_ERRORS)), "{{instance}} {{device}} out")
        .thresholds(1.0, 10.0);
    vec![cpu, load, memory, memory_share, disk, room, network, errors]
}

pub(super) fn container(catalog: &Catalog) -> Vec<Panel> {
    let help = |name: &str| catalog.get(name).map_or("", |metric| metric.help);
    let quota =
        Panel::lines("CPU quota", help(CPU_LIMIT), Some("short")).query(series(CPU_LIMIT), "{{instance}}");
    let (throttled, periods) = (rate(&series(CPU_THROTTLED_PERIODS)), rate(&series(CPU_PERIODS)));
    let share = Panel::lines("Periods throttled", help(CPU_THROTTLED_PERIODS), Some("percentunit"))
        .query(format!("{throttled} / ({periods} > 0)"), "{{instance}}")
        .max(1.0)
        .thresholds(0.05, 0.25);
    let time = Panel::lines("Threads held back", help(CPU_THROTTLED_SECONDS), Some("short"))
        .query(rate(&series(CPU_THROTTLED_SECONDS)), "{{instance}}");
    vec![quota, share, time]
}
