//! The machine that the tests run on.

use std::time::Duration;

use ms_metrics::{Metrics, SystemMetrics};

use crate::page::{built, eventually, lines, value};

const NAMES: [&str; 3] = ["cpu_usage_percent", "memory_usage_bytes", "disk_usage_percent"];

fn readings(metrics: &Metrics) -> [Option<f64>; 3] {
    NAMES.map(|name| value(metrics, name))
}

#[tokio::test]
async fn the_readings_come_and_are_plausible() {
    let metrics = Metrics::builder().system().build().unwrap();
    eventually(|| readings(&metrics).iter().all(Option::is_some)).await;
    let [cpu, memory, disk] = readings(&metrics).map(Option::unwrap);
    assert!((0.0..=100.0).contains(&cpu), "{cpu}");
    assert!((0.0..=100.0).contains(&disk), "{disk}");
    assert!(memory > 0.0, "{memory}");
    #[cfg(target_os = "linux")]
    {
        let text = std::fs::read_to_string("/proc/meminfo").unwrap();
        let total = text.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() * 1024.0;
        assert!(memory < total, "{memory} of {total}");
    }
}

#[tokio::test]
async fn a_busy_machine_is_seen_at_the_first_reading() {
    let cores = std::thread::available_parallelism().unwrap().get();
    let stop = std::sync::atomic::AtomicBool::new(false);
    let metrics = Metrics::builder().system_interval(Duration::MAX).build().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let (begun, mut cpu) = (std::time::Instant::now(), None);
        while cpu.is_none() && begun.elapsed() < Duration::from_secs(20) {
            cpu = value(&metrics, NAMES[0]);
            std::thread::yield_now();
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        // A first reading since boot would be far lower.
        assert!(cpu.is_some_and(|cpu| cpu > 60.0), "{cpu:?}");
    });
}

#[tokio::test]
async fn no_reading_outlives_its_thread() {
    let metrics = built();
    assert_eq!(readings(&metrics), [None; 3], "off by default");
    let system = SystemMetrics::start(&metrics.recorder(), SystemMetrics::INTERVAL).unwrap();
    eventually(|| readings(&metrics).iter().all(Option::is_some)).await;
    drop(system);
    eventually(|| readings(&metrics) == [None; 3]).await;
}

/// The threads of this process that read the machine: three while they do.
#[cfg(target_os = "linux")]
pub(crate) fn threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).ok());
    names
        .filter(|name| ["ms-metrics-sys", "ms-metrics-dsk", "ms-metrics-rem"].contains(&name.trim_end()))
        .count()
}

/// In a process of its own under nextest, and after the others' threads have ended under `cargo test`.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_last_clone_ends_the_thread() {
    let metrics = Metrics::builder().system().build().unwrap();
    let (clone, layer, business) = (metrics.clone(), metrics.http_layer(), metrics.business());
    drop(metrics);
    eventually(|| readings(&clone).iter().all(Option::is_some)).await;
    assert!(threads() >= 3);
    drop(clone);
    eventually(|| threads() == 0).await;
    drop((layer, business));
}

/// The collectors of the machine.
pub(crate) const COLLECTORS: [&str; 8] =
    ["cpu", "memory", "load", "uptime", "network", "disk", "filesystem", "filesystem_remote"];

pub(crate) fn told(metrics: &Metrics, what: &str, collector: &str) -> Option<f64> {
    value(metrics, &format!("ms_metrics_collector_{what}{{collector=\"{collector}\"}}"))
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn every_collector_is_up_and_tells_its_age() {
    let metrics = Metrics::builder().system().build().unwrap();
    let up = || COLLECTORS.map(|collector| told(&metrics, "up", collector));
    eventually(|| up().iter().all(Option::is_some)).await;
    assert_eq!(up(), [Some(1.0); COLLECTORS.len()]);
    for collector in COLLECTORS {
        let age = told(&metrics, "age_seconds", collector).unwrap();
        assert!((0.0..20.0).contains(&age), "{collector}: {age}");
        assert_eq!(told(&metrics, "panics_total", collector), Some(0.0));
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn amounts_fit_each_other() {
    let metrics = Metrics::builder().system().build().unwrap();
    eventually(|| COLLECTORS.iter().all(|collector| told(&metrics, "up", collector).is_some())).await;
    let read = |name: &str| value(&metrics, name).unwrap_or_else(|| panic!("no {name}"));
    let (total, used) = (read("memory_total_bytes"), read("memory_usage_bytes"));
    assert!((0.0..=total).contains(&used) && read("memory_available_bytes") <= total);
    assert!((read("memory_usage_percent") - used / total * 100.0).abs() < 1e-9);
    assert!(read("swap_usage_bytes") <= read("swap_total_bytes"));
    assert!(
        read("uptime_seconds") > 0.0 && read("boot_time_seconds") > 0.0 && read("load_average_15m") >= 0.0
    );
    for line in lines(&metrics, "filesystem_usage_percent") {
        let percent: f64 = line.rsplit_once(' ').unwrap().1.parse().unwrap();
        assert!((0.0..=100.0).contains(&percent), "{line}");
    }
    assert!(!metrics.render().contains("device=\"lo\""));
}
