//! The machine beside what Prometheus' own exporter reads of it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use ms_metrics::Metrics;

use crate::page::{eventually, lines, value};
use crate::system::{COLLECTORS, told};

/// What the exporter of the machine's values says of them.
fn read_by_node_exporter() -> BTreeMap<String, f64> {
    let mut exporter = Command::new("prometheus-node-exporter")
        .args(["--web.listen-address=127.0.0.1:0", "--collector.disable-defaults"])
        .args([
            "--collector.filesystem.fs-types-exclude=^proc$",
            "--collector.filesystem.mount-points-exclude=^$",
        ])
        .args(
            ["meminfo", "loadavg", "netdev", "stat", "filesystem", "time"]
                .map(|name| format!("--collector.{name}")),
        )
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("apt-get install prometheus-node-exporter: {error}"));
    let mut log = BufReader::new(exporter.stderr.take().unwrap()).lines().map(Result::unwrap);
    let port = log.find_map(|line| {
        let (_, address) = line.split_once("address=")?;
        address.split_whitespace().next()?.rsplit_once(':')?.1.trim_matches('"').parse::<u16>().ok()
    });
    let mut page = String::new();
    let mut socket = TcpStream::connect(("127.0.0.1", port.expect("it tells its port"))).unwrap();
    socket.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").unwrap();
    socket.read_to_string(&mut page).unwrap();
    exporter.kill().unwrap();
    exporter.wait().unwrap();
    let samples = page.lines().filter(|line| line.starts_with("node_"));
    samples
        .map(|line| line.rsplit_once(' ').unwrap())
        .map(|(n, v)| (n.to_owned(), v.parse().unwrap()))
        .collect()
}

/// The label's value and the number of each series of a metric.
fn by_label(metrics: &Metrics, name: &str) -> Vec<(String, f64)> {
    let split = |line: String| {
        let (series, number) = line.rsplit_once(' ').unwrap();
        (series.split('"').nth(1).unwrap().to_owned(), number.parse().unwrap())
    };
    lines(metrics, name).into_iter().map(split).collect()
}

#[tokio::test]
async fn the_machine_is_as_node_exporter_sees_it() {
    let metrics = Metrics::builder().system().build().unwrap();
    eventually(|| COLLECTORS.iter().all(|collector| told(&metrics, "up", collector) == Some(1.0))).await;
    let ours = |name| value(&metrics, name).unwrap();
    let theirs = read_by_node_exporter();
    // Less if the tests run in a container with a limit.
    assert!(ours("memory_total_bytes") <= theirs["node_memory_MemTotal_bytes"]);
    assert_eq!(ours("swap_total_bytes"), theirs["node_memory_SwapTotal_bytes"]);
    assert_eq!(ours("boot_time_seconds"), theirs["node_boot_time_seconds"]);
    assert!((ours("load_average_15m") - theirs["node_load15"]).abs() < 1.0);
    let mounts = by_label(&metrics, "filesystem_total_bytes");
    assert!(mounts.iter().any(|(mount, _)| mount == "/"), "{mounts:?}");
    for (mount, size) in mounts {
        let is_it = |name: &String| {
            name.starts_with("node_filesystem_size_bytes{")
                && name.contains(&format!("mountpoint=\"{mount}\""))
        };
        let (_, their_size) = theirs.iter().find(|(name, _)| is_it(name)).expect("a mount of theirs");
        assert_eq!(size, *their_size, "{mount}");
    }
    for (name, their_name) in [
        ("network_receive_bytes_total", "node_network_receive_bytes_total"),
        ("network_receive_packets_total", "node_network_receive_packets_total"),
        ("network_receive_errors_total", "node_network_receive_errs_total"),
        ("network_transmit_bytes_total", "node_network_transmit_bytes_total"),
        ("network_transmit_packets_total", "node_network_transmit_packets_total"),
        ("network_transmit_errors_total", "node_network_transmit_errs_total"),
    ] {
        for (device, count) in by_label(&metrics, name) {
            let their_count = theirs[&format!("{their_name}{{device=\"{device}\"}}")];
            // They have looked a moment later.
            assert!((count..count + 1e9).contains(&their_count), "{name} {device}: {count} {their_count}");
        }
    }
}
