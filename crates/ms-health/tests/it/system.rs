//! The machine's values beside what others say of the same machine.

use std::collections::HashMap;
use std::process::Command;
use std::time::Duration;

use ms_health::{HealthCheck, Reason, Status, SystemCheck};

async fn usage(check: SystemCheck) -> (Status, HashMap<&'static str, f64>) {
    let health = HealthCheck::builder().system(check.deadline(Duration::from_secs(20))).build().unwrap();
    let report = health.report().await;
    let system = report.check("system").expect("the machine's check");
    (report.status(), system.readings().iter().filter_map(|r| Some((r.name, r.value?))).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_three_values_of_the_origin_come_first() {
    let health = HealthCheck::builder()
        .critical("database", || async { Ok::<_, String>(()) })
        .system(SystemCheck::new().deadline(Duration::from_secs(20)))
        .build()
        .unwrap();
    let report = health.report().await;
    assert_eq!(report.checks()[0].name(), "system");
    let json = serde_json::to_value(&report).unwrap();
    for key in ["cpu_usage", "memory_usage", "disk_usage"] {
        let value = json["system"][key].as_f64().unwrap_or_else(|| panic!("{key} in {json}"));
        assert!((0.0..=100.0).contains(&value), "{key} {value}");
    }
}

#[tokio::test]
async fn past_a_limit_the_service_is_degraded_and_never_down() {
    let (status, _) = usage(SystemCheck::new().disk_limit(-1.0).memory_limit(-1.0)).await;
    assert_eq!(status, Status::Degraded);
    let health =
        HealthCheck::builder().system(SystemCheck::new().disk("/no/such/directory")).build().unwrap();
    let report = health.report().await;
    let system = report.check("system").unwrap();
    assert_eq!((report.status(), system.reason()), (Status::Degraded, Some(Reason::Limit)));
    assert_eq!(serde_json::to_value(system).unwrap()["disk_usage"], serde_json::Value::Null);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn memory_is_what_proc_meminfo_says() {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap();
    let kilobytes = |key: &str| -> f64 {
        let line = text.lines().find(|line| line.starts_with(key)).expect("a line of /proc/meminfo");
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    let (_, ours) = usage(SystemCheck::new()).await;
    let total = kilobytes("MemTotal:");
    // With a limit on this process the share of the limit counts, not that of the host.
    if limits().all(|limit| limit >= total * 1024.0) {
        let expected = (total - kilobytes("MemAvailable:")) / total * 100.0;
        assert!((ours["memory_usage"] - expected).abs() < 10.0, "ours {ours:?}, /proc/meminfo {expected}");
    } else {
        assert!((0.0..=100.0).contains(&ours["memory_usage"]), "{ours:?}");
    }
}

/// The limits of the control groups that this process is in, of either version.
#[cfg(target_os = "linux")]
fn limits() -> impl Iterator<Item = f64> {
    let own = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let groups: Vec<_> = own.lines().filter_map(|line| Some(line.rsplit_once(':')?.1.to_owned())).collect();
    let files = ["memory.max", "memory/memory.limit_in_bytes"].into_iter().flat_map(move |name| {
        let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
        let root = std::path::Path::new("/sys/fs/cgroup").join(folder);
        let below = groups.clone().into_iter().map(move |group| root.join(group.trim_start_matches('/')));
        below.flat_map(move |group| group.ancestors().map(|group| group.join(file)).collect::<Vec<_>>())
    });
    files.filter_map(|file| std::fs::read_to_string(file).ok()?.trim().parse().ok())
}

#[cfg(unix)]
#[tokio::test]
async fn disk_is_what_df_says() {
    for directory in ["/", "/dev/shm", env!("CARGO_MANIFEST_DIR")] {
        let df = Command::new("df").args(["-P", directory]).output().expect("df, of coreutils");
        let text = String::from_utf8(df.stdout).unwrap();
        // `/dev/shm` is there on Linux only.
        let Some(line) = text.lines().nth(1) else { continue };
        let expected: f64 = line.split_whitespace().nth(4).unwrap().trim_end_matches('%').parse().unwrap();
        let (_, ours) = usage(SystemCheck::new().disk(directory)).await;
        // df rounds up to the next whole number.
        assert!((ours["disk_usage"] - expected).abs() <= 1.5, "{directory}: ours {ours:?}, df {expected}");
    }
}

/// A busy machine, as /proc/stat counts it over the same time.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_first_cpu_value_is_a_real_one() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    let stop = Arc::new(AtomicBool::new(false));
    let threads = std::thread::available_parallelism().unwrap().get();
    let busy: Vec<_> = (0..threads)
        .map(|_| {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    std::hint::spin_loop()
                }
            })
        })
        .collect();
    let (_, ours) = usage(SystemCheck::new()).await;
    stop.store(true, Ordering::Relaxed);
    busy.into_iter().for_each(|thread| thread.join().unwrap());
    assert!(ours["cpu_usage"] > 50.0, "every CPU was spinning: {ours:?}");
}
