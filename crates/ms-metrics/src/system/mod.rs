//! The machine, or the container that stands for it.

mod cgroup;
mod cpu;
mod disk;
mod filesystem;
mod labelled;
mod load;
mod memory;
mod mountinfo;
mod network;

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sysinfo::MINIMUM_CPU_UPDATE_INTERVAL;

use self::cpu::Cpu;
use self::disk::RootDisk;
use self::filesystem::FileSystems;
use self::load::{Load, Uptime};
use self::memory::Memory;
use self::network::Network;
use crate::collect::{Collect, Pauses, Worker};
use crate::recorder::MetricsRecorder;
use crate::registry::Registry;

/// Threads that read the machine: CPU, memory, swap, load, network and uptime on one, disks on another, file systems that
/// may hang (NFS, FUSE and the like) on a third.
///
/// [`MetricsBuilder::system`](crate::MetricsBuilder::system) starts them for as long as the metrics last; started here
/// they last until this is dropped. A reading that cannot be had, and every one after the end, is no series rather than
/// 0. All are there at once but for the CPU, whose reading takes 200 ms.
///
/// ```
/// use ms_metrics::{Metrics, SystemMetrics};
///
/// let metrics = Metrics::builder().build()?;
/// let system = SystemMetrics::start(&metrics.recorder(), SystemMetrics::INTERVAL)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "the threads end when this is dropped"]
pub struct SystemMetrics {
    _workers: Vec<Worker>,
}

impl SystemMetrics {
    /// How often the machine is read by default: 15 s, as Prometheus does.
    pub const INTERVAL: Duration = Duration::from_secs(15);

    /// Starts the threads; they read every `interval`, at least every 200 ms.
    ///
    /// # Errors
    ///
    /// The system's, if it gives no thread.
    pub fn start(recorder: &MetricsRecorder, interval: Duration) -> io::Result<Self> {
        Self::spawn(&recorder.0, interval)
    }

    pub(crate) fn spawn(registry: &Arc<Registry>, interval: Duration) -> io::Result<Self> {
        // The CPU's first reading is since boot and is not shown; the pause behind it makes the second one true.
        let pauses =
            Pauses { first: MINIMUM_CPU_UPDATE_INTERVAL, then: interval.max(MINIMUM_CPU_UPDATE_INTERVAL) };
        let root = Path::new("/");
        let mut machine: Vec<(&str, Box<dyn Collect>)> = vec![
            ("cpu", Box::new(Cpu::new(registry, root))),
            ("memory", Box::new(Memory::new(registry, root))),
            ("load", Box::new(Load::new(registry))),
            ("uptime", Box::new(Uptime::new(registry))),
        ];
        let mut disks: Vec<(&str, Box<dyn Collect>)> = vec![("disk", Box::new(RootDisk::new(registry)))];
        let mut remote: Vec<(&str, Box<dyn Collect>)> = Vec::new();
        // Elsewhere there is no list of them that can be had without asking each one.
        if cfg!(target_os = "linux") {
            machine.push(("network", Box::new(Network::new(registry, root))));
            disks.push(("filesystem", Box::new(FileSystems::local(registry, root))));
            remote.push(("filesystem_remote", Box::new(FileSystems::remote(registry, root))));
        }
        let threads = [("ms-metrics-sys", machine), ("ms-metrics-dsk", disks), ("ms-metrics-rem", remote)];
        let threads = threads.into_iter().filter(|(_, collectors)| !collectors.is_empty());
        let spawn = |(thread, collectors)| Worker::spawn(thread, pauses, registry, collectors);
        Ok(Self { _workers: threads.map(spawn).collect::<io::Result<_>>()? })
    }
}

impl fmt::Debug for SystemMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SystemMetrics").finish_non_exhaustive()
    }
}

fn percent(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| (part as f64 / whole as f64 * 100.0).min(100.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_nothing_is_missing_and_none_is_more_than_all() {
        assert_eq!(percent(1, 4), Some(25.0));
        assert_eq!(percent(0, 0), None);
        assert_eq!(percent(5, 4), Some(100.0));
    }
}
