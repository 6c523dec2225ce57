//! What goes over the network, from `/proc/net/dev`: one file, and no lock of a driver is waited for.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::labelled::Labelled;
use crate::catalog::machine::{
    NETWORK_RECEIVE_BYTES, NETWORK_RECEIVE_ERRORS, NETWORK_RECEIVE_PACKETS, NETWORK_TRANSMIT_BYTES,
    NETWORK_TRANSMIT_ERRORS, NETWORK_TRANSMIT_PACKETS,
};
use crate::collect::{Collect, Outcome};
use crate::registry::{Kind, Registry};

/// What stays on the machine, and what would be counted a second time: the near ends of the links into containers and
/// virtual machines, and what joins or wraps other interfaces.
const LEFT_OUT: &[&str] = &[
    "br-",
    "cali",
    "cilium",
    "cni",
    "docker",
    "dummy",
    "flannel",
    "fwbr",
    "fwln",
    "fwpr",
    "gre",
    "gretap",
    "ifb",
    "ip6tnl",
    "ip_vti",
    "ip6_vti",
    "kube-",
    "lxc",
    "lxd",
    "nodelocaldns",
    "podman",
    "sit",
    "tap",
    "teql",
    "tunl",
    "veth",
    "virbr",
    "vnet",
    "vxlan",
];

/// In the order of the metrics below, their places among the sixteen columns.
const COLUMNS: [usize; 6] = [0, 1, 2, 8, 9, 10];

pub(super) struct Network {
    root: PathBuf,
    series: Labelled<6>,
}

impl Network {
    pub(super) fn new(registry: &Arc<Registry>, root: &Path) -> Self {
        let metrics = [
            NETWORK_RECEIVE_BYTES,
            NETWORK_RECEIVE_PACKETS,
            NETWORK_RECEIVE_ERRORS,
            NETWORK_TRANSMIT_BYTES,
            NETWORK_TRANSMIT_PACKETS,
            NETWORK_TRANSMIT_ERRORS,
        ];
        Self { root: root.to_owned(), series: Labelled::new(registry, Kind::Counter, metrics, "device") }
    }
}

impl Collect for Network {
    fn collect(&mut self) -> Outcome {
        // The threads of a process may be in different namespaces; this is that of the thread that asks.
        let table = std::fs::read_to_string(self.root.join("proc/thread-self/net/dev")).ok();
        self.series.show(&table.iter().flat_map(|table| table.lines()).filter_map(device).collect());
        Outcome::of(table.as_ref())
    }
}

fn device(line: &str) -> Option<(String, [f64; 6])> {
    let (name, columns) = line.rsplit_once(':')?;
    let name = name.trim();
    if name == "lo" || LEFT_OUT.iter().any(|prefix| name.starts_with(prefix)) {
        return None;
    }
    let columns: Vec<u64> = columns.split_whitespace().map_while(|number| number.parse().ok()).collect();
    let mut values = [0.0; 6];
    for (value, column) in values.iter_mut().zip(COLUMNS) {
        *value = *columns.get(column)? as f64;
    }
    Some((name.to_owned(), values))
}

#[cfg(test)]
mod tests {
    use super::super::cgroup::tests::Files;
    use super::*;
    use crate::builder::Metrics;

    const TABLE: &str = "\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 12990079698 2746676    0    0    0     0          0         0 12990079698 2746676    0    0    0     0       0          0
  ifb0:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
  eth0: 761703735   25883    1    2    3     0          0         0  1615734   17992    4    0    0     0       0          0
veth1a:       7       7    0    0    0     0          0         0        7       7    0    0    0     0       0          0
eth0:1: 5 6 7 0 0 0 0 0 8 9 10 0 0 0 0 0
broken: 1 2
";

    fn lines(metrics: &Metrics) -> Vec<String> {
        let page = metrics.render();
        page.lines().filter(|line| line.starts_with("network_")).map(str::to_owned).collect()
    }

    #[test]
    fn devices_are_counted_by_name_and_those_inside_left_out() {
        let metrics = Metrics::builder().build().unwrap();
        let files = Files::new(&[("proc/thread-self/net/dev", TABLE)]);
        let mut network = Network::new(&metrics.recorder().0, files.root());
        assert_eq!(network.collect(), Outcome::Read);
        let eth0: Vec<_> = lines(&metrics).into_iter().filter(|line| line.contains("\"eth0\"")).collect();
        assert_eq!(
            eth0,
            [
                "network_receive_bytes_total{device=\"eth0\"} 761703735",
                "network_receive_errors_total{device=\"eth0\"} 1",
                "network_receive_packets_total{device=\"eth0\"} 25883",
                "network_transmit_bytes_total{device=\"eth0\"} 1615734",
                "network_transmit_errors_total{device=\"eth0\"} 4",
                "network_transmit_packets_total{device=\"eth0\"} 17992",
            ]
        );
        assert_eq!(lines(&metrics).len(), 12, "eth0:1 is the other one");
        assert!(metrics.render().contains("# TYPE network_receive_bytes_total counter\n"));
        std::fs::remove_file(files.root().join("proc/thread-self/net/dev")).unwrap();
        assert_eq!(network.collect(), Outcome::Missing);
        assert_eq!(lines(&metrics), [""; 0]);
    }

    proptest::proptest! {
        #[test]
        fn no_line_panics(line: String, numbers in proptest::collection::vec(proptest::num::u64::ANY, 0..20)) {
            let _ = device(&line);
            let columns: Vec<_> = numbers.iter().map(u64::to_string).collect();
            let seen = device(&format!("eth0: {}", columns.join(" ")));
            proptest::prop_assert_eq!(seen.is_some(), numbers.len() > 10);
        }
    }
}
