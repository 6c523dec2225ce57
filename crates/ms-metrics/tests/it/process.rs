//! The process that the tests run in, beside what prometheus_client for Python reads of it.

use std::collections::BTreeMap;
use std::process::Command;

use ms_metrics::Metrics;

use crate::page::{eventually, value};

const COLLECTOR: &str = "
import sys
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
registry = CollectorRegistry()
ProcessCollector(pid=lambda: sys.argv[1], registry=registry)
sys.stdout.write(generate_latest(registry).decode())
";

fn read_by_python() -> BTreeMap<String, f64> {
    let pid = std::process::id().to_string();
    let python = Command::new("python3").args(["-c", COLLECTOR, &pid]).output().expect("python3 is needed");
    let page = String::from_utf8(python.stdout).unwrap();
    assert!(
        python.status.success(),
        "pip install prometheus_client: {}",
        String::from_utf8_lossy(&python.stderr)
    );
    let samples = page.lines().filter(|line| !line.starts_with('#'));
    samples
        .map(|line| line.split_once(' ').unwrap())
        .map(|(n, v)| (n.to_owned(), v.parse().unwrap()))
        .collect()
}

fn read(metrics: &Metrics, name: &str) -> f64 {
    value(metrics, name).unwrap_or_else(|| panic!("no {name} in {}", metrics.render()))
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_process_is_as_prometheus_client_sees_it() {
    let metrics = Metrics::builder().process().build().unwrap();
    eventually(|| value(&metrics, "process_cpu_seconds_total").is_some()).await;
    let theirs = read_by_python();
    let ours = |name| read(&metrics, name);
    let (our_start, their_start) = (ours("process_start_time_seconds"), theirs["process_start_time_seconds"]);
    // The crate leaves out the fraction.
    assert!((0.0..1.1).contains(&(their_start - our_start)), "{our_start} {their_start}");
    if theirs["process_max_fds"] < 1e15 {
        assert_eq!(ours("process_max_fds"), theirs["process_max_fds"]);
    }
    for name in ["process_virtual_memory_bytes", "process_resident_memory_bytes"] {
        let share = ours(name) / theirs[name];
        assert!((0.5..2.0).contains(&share), "{name}: {} {}", ours(name), theirs[name]);
    }
    // Under `cargo test` other tests open files meanwhile.
    assert!((3.0..theirs["process_max_fds"]).contains(&ours("process_open_fds")));
    assert!(ours("process_threads") >= 2.0);
    assert_eq!(value(&metrics, "ms_metrics_collector_up{collector=\"process\"}"), Some(1.0));
}

#[tokio::test]
async fn processor_time_is_counted_in_fractions() {
    let metrics = Metrics::builder().process().build().unwrap();
    let name = "process_cpu_seconds_total";
    eventually(|| value(&metrics, name).is_some()).await;
    let first = read(&metrics, name);
    // Waiting here is work enough.
    eventually(|| {
        let now = read(&metrics, name);
        assert!(now >= first);
        now > first && now.fract() != 0.0
    })
    .await;
    assert!(metrics.render().contains("# TYPE process_cpu_seconds_total counter\n"));
}

#[tokio::test]
async fn two_in_one_process_do_not_clash() {
    let both = [(); 2].map(|()| Metrics::builder().process().build().unwrap());
    eventually(|| both.iter().all(|metrics| value(metrics, "process_threads").is_some())).await;
    assert_eq!(value(&Metrics::builder().build().unwrap(), "process_threads"), None, "off by default");
}
