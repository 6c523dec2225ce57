//! What collectors read: the machine, the process, the runtime, and how the collectors are.

use metrics::Unit;

use super::metric::Metric;

pub(crate) const CPU_USAGE: &str = "cpu_usage_percent";
pub(crate) const CPU_LIMIT: &str = "cpu_limit_cores";
pub(crate) const CPU_PERIODS: &str = "cpu_cfs_periods_total";
pub(crate) const CPU_THROTTLED_PERIODS: &str = "cpu_cfs_throttled_periods_total";
pub(crate) const CPU_THROTTLED_SECONDS: &str = "cpu_cfs_throttled_seconds_total";
pub(crate) const MEMORY_USAGE: &str = "memory_usage_bytes";
pub(crate) const MEMORY_AVAILABLE: &str = "memory_available_bytes";
pub(crate) const MEMORY_TOTAL: &str = "memory_total_bytes";
pub(crate) const MEMORY_USAGE_PERCENT: &str = "memory_usage_percent";
pub(crate) const SWAP_USAGE: &str = "swap_usage_bytes";
pub(crate) const SWAP_TOTAL: &str = "swap_total_bytes";
pub(crate) const DISK_USAGE: &str = "disk_usage_percent";
pub(crate) const FILESYSTEM_TOTAL: &str = "filesystem_total_bytes";
pub(crate) const FILESYSTEM_AVAILABLE: &str = "filesystem_available_bytes";
pub(crate) const FILESYSTEM_USAGE: &str = "filesystem_usage_percent";
pub(crate) const NETWORK_RECEIVE_BYTES: &str = "network_receive_bytes_total";
pub(crate) const NETWORK_RECEIVE_PACKETS: &str = "network_receive_packets_total";
pub(crate) const NETWORK_RECEIVE_ERRORS: &str = "network_receive_errors_total";
pub(crate) const NETWORK_TRANSMIT_BYTES: &str = "network_transmit_bytes_total";
pub(crate) const NETWORK_TRANSMIT_PACKETS: &str = "network_transmit_packets_total";
pub(crate) const NETWORK_TRANSMIT_ERRORS: &str = "network_transmit_errors_total";
pub(crate) const LOAD_1: &str = "load_average_1m";
pub(crate) const LOAD_5: &str = "load_average_5m";
pub(crate) const LOAD_15: &str = "load_average_15m";
pub(crate) const UPTIME: &str = "uptime_seconds";
pub(crate) const BOOT_TIME: &str = "boot_time_seconds";

pub(crate) const PROCESS_CPU_SECONDS: &str = "process_cpu_seconds_total";
pub(crate) const PROCESS_OPEN_FDS: &str = "process_open_fds";
pub(crate) const PROCESS_MAX_FDS: &str = "process_max_fds";
pub(crate) const PROCESS_VIRTUAL_MEMORY: &str = "process_virtual_memory_bytes";
pub(crate) const PROCESS_VIRTUAL_MEMORY_MAX: &str = "process_virtual_memory_max_bytes";
pub(crate) const PROCESS_RESIDENT_MEMORY: &str = "process_resident_memory_bytes";
pub(crate) const PROCESS_START_TIME: &str = "process_start_time_seconds";
pub(crate) const PROCESS_THREADS: &str = "process_threads";

pub(crate) const TOKIO_WORKERS: &str = "tokio_workers";
pub(crate) const TOKIO_LIVE_TASKS: &str = "tokio_live_tasks";
pub(crate) const TOKIO_GLOBAL_QUEUE_DEPTH: &str = "tokio_global_queue_depth";
pub(crate) const TOKIO_BUSY_SECONDS: &str = "tokio_busy_seconds_total";
pub(crate) const TOKIO_PARKS: &str = "tokio_parks_total";

pub(crate) const COLLECTOR_UP: &str = "ms_metrics_collector_up";
pub(crate) const COLLECTOR_AGE: &str = "ms_metrics_collector_age_seconds";
pub(crate) const COLLECTOR_PANICS: &str = "ms_metrics_collector_panics_total";

/// Whatever the features: the names are ours in any build.
pub(crate) const COLLECTED: &[Metric] = &[
    Metric::gauge(CPU_USAGE, "Busy share of all cores, or of the container's quota, in per cent.")
        .unit(Unit::Percent),
    Metric::gauge(CPU_LIMIT, "Quota of the container, in cores."),
    Metric::counter(CPU_PERIODS, "Periods of the container's quota, most often of 100 ms."),
    Metric::counter(CPU_THROTTLED_PERIODS, "Periods in which the container has used up its quota."),
    Metric::counter(CPU_THROTTLED_SECONDS, "Time that the container's threads were held back, in seconds.")
        .unit(Unit::Seconds),
    Metric::gauge(MEMORY_USAGE, "Memory in use on the machine or in the container, in bytes.")
        .unit(Unit::Bytes),
    Metric::gauge(MEMORY_AVAILABLE, "Memory that can be had, the page cache included, in bytes.")
        .unit(Unit::Bytes),
    Metric::gauge(MEMORY_TOTAL, "Memory of the machine, or the container's limit, in bytes.")
        .unit(Unit::Bytes),
    Metric::gauge(MEMORY_USAGE_PERCENT, "Share of the memory in use, in per cent.").unit(Unit::Percent),
    Metric::gauge(SWAP_USAGE, "Swap in use on the machine, in bytes.").unit(Unit::Bytes),
    Metric::gauge(SWAP_TOTAL, "Swap of the machine, in bytes.").unit(Unit::Bytes),
    Metric::gauge(DISK_USAGE, "Used share of the root file system, in per cent.").unit(Unit::Percent),
    Metric::gauge(FILESYSTEM_TOTAL, "Size of the file system, in bytes.")
        .unit(Unit::Bytes)
        .labels(&["mount"]),
    Metric::gauge(FILESYSTEM_AVAILABLE, "Room left to those who are not root, in bytes.")
        .unit(Unit::Bytes)
        .labels(&["mount"]),
    Metric::gauge(FILESYSTEM_USAGE, "Used share of the file system, in per cent.")
        .unit(Unit::Percent)
        .labels(&["mount"]),
    Metric::counter(NETWORK_RECEIVE_BYTES, "Bytes received.").unit(Unit::Bytes).labels(&["device"]),
    Metric::counter(NETWORK_RECEIVE_PACKETS, "Packets received.").labels(&["device"]),
    Metric::counter(NETWORK_RECEIVE_ERRORS, "Packets received with an error.").labels(&["device"]),
    Metric::counter(NETWORK_TRANSMIT_BYTES, "Bytes sent.").unit(Unit::Bytes).labels(&["device"]),
    Metric::counter(NETWORK_TRANSMIT_PACKETS, "Packets sent.").labels(&["device"]),
    Metric::counter(NETWORK_TRANSMIT_ERRORS, "Packets not sent for an error.").labels(&["device"]),
    Metric::gauge(LOAD_1, "Threads that run, wait for a core or for a disk, over 1 minute."),
    Metric::gauge(LOAD_5, "Threads that run, wait for a core or for a disk, over 5 minutes."),
    Metric::gauge(LOAD_15, "Threads that run, wait for a core or for a disk, over 15 minutes."),
    Metric::gauge(UPTIME, "Time since the machine was started, in seconds.").unit(Unit::Seconds),
    Metric::gauge(BOOT_TIME, "When the machine was started, in seconds since 1970.").unit(Unit::Seconds),
    Metric::counter(PROCESS_CPU_SECONDS, "Processor time of the process, user and system, in seconds.")
        .unit(Unit::Seconds),
    Metric::gauge(PROCESS_OPEN_FDS, "Open file descriptors."),
    Metric::gauge(PROCESS_MAX_FDS, "File descriptors that the process may open."),
    Metric::gauge(PROCESS_VIRTUAL_MEMORY, "Virtual memory of the process, in bytes.").unit(Unit::Bytes),
    Metric::gauge(PROCESS_VIRTUAL_MEMORY_MAX, "Virtual memory that the process may have, in bytes.")
        .unit(Unit::Bytes),
    Metric::gauge(PROCESS_RESIDENT_MEMORY, "Resident memory of the process, in bytes.").unit(Unit::Bytes),
    Metric::gauge(PROCESS_START_TIME, "When the process was started, in seconds since 1970.")
        .unit(Unit::Seconds),
    Metric::gauge(PROCESS_THREADS, "Threads of the process."),
    Metric::gauge(TOKIO_WORKERS, "Worker threads of the runtime."),
    Metric::gauge(TOKIO_LIVE_TASKS, "Tasks that have not ended."),
    Metric::gauge(TOKIO_GLOBAL_QUEUE_DEPTH, "Tasks that wait for any worker."),
    Metric::counter(TOKIO_BUSY_SECONDS, "Time that all workers were busy, in seconds.").unit(Unit::Seconds),
    Metric::counter(TOKIO_PARKS, "Times that a worker had nothing to do."),
    Metric::gauge(
        COLLECTOR_UP,
        "1, or 0 if the reading is 2 seconds late, panicked, failed or found nothing.",
    )
    .labels(&["collector"]),
    Metric::gauge(COLLECTOR_AGE, "Time since the last reading, in seconds.")
        .unit(Unit::Seconds)
        .labels(&["collector"]),
    Metric::counter(COLLECTOR_PANICS, "Panics of the collector.").labels(&["collector"]),
];
