//! The machine: CPU, memory, disk.

mod meter;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use metrics::GaugeFn;
use sysinfo::MINIMUM_CPU_UPDATE_INTERVAL;

use self::meter::Meter;
use crate::catalog::{CPU_USAGE, DISK_USAGE, MEMORY_USAGE};
use crate::cells::GaugeCell;
use crate::recorder::MetricsRecorder;
use crate::registry::Registry;

/// A thread that reads the machine into `cpu_usage_percent`, `memory_usage_bytes` and `disk_usage_percent`.
///
/// [`MetricsBuilder::system`](crate::MetricsBuilder::system) starts one that lasts as long as the metrics; started here
/// it lasts until it is dropped. A reading that cannot be had, and every one after the end, is no series rather than 0.
/// Memory and disk are there at once, the CPU after the 200 ms that a reading takes.
///
/// ```
/// use ms_metrics::{Metrics, SystemMetrics};
///
/// let metrics = Metrics::builder().build()?;
/// let system = SystemMetrics::start(&metrics.recorder(), SystemMetrics::INTERVAL)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "the thread ends when this is dropped"]
pub struct SystemMetrics {
    /// Dropping it wakes and ends the thread, which is not waited for: it may hang on a disk.
    _running: Sender<()>,
    #[cfg_attr(not(test), expect(dead_code, reason = "tests wait for its end"))]
    thread: JoinHandle<()>,
}

impl SystemMetrics {
    /// How often the machine is read by default: 15 s, as Prometheus does.
    pub const INTERVAL: Duration = Duration::from_secs(15);

    /// Starts the thread; it reads every `interval`, at least every 200 ms.
    ///
    /// # Errors
    ///
    /// The system's, if it gives no thread.
    pub fn start(recorder: &MetricsRecorder, interval: Duration) -> io::Result<Self> {
        Self::spawn(&recorder.0, interval)
    }

    pub(crate) fn spawn(registry: &Arc<Registry>, interval: Duration) -> io::Result<Self> {
        let gauges = Gauges::new(registry);
        let (running, stopped) = channel();
        let interval = interval.max(MINIMUM_CPU_UPDATE_INTERVAL);
        let collect = move || gauges.collect(&mut Meter::new(), interval, &stopped);
        let thread = std::thread::Builder::new().name("ms-metrics-sys".to_owned()).spawn(collect)?;
        Ok(Self { _running: running, thread })
    }
}

impl fmt::Debug for SystemMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SystemMetrics").finish_non_exhaustive()
    }
}

struct Gauges {
    cpu: Arc<GaugeCell>,
    memory: Arc<GaugeCell>,
    disk: Arc<GaugeCell>,
}

/// What is read of a machine.
trait Machine {
    /// The busy share of all cores since the reading before, in per cent.
    fn cpu(&mut self) -> Option<f64>;
    /// Bytes.
    fn memory(&mut self) -> Option<f64>;
    /// Per cent.
    fn disk(&mut self) -> Option<f64>;
}

impl Gauges {
    fn new(registry: &Registry) -> Self {
        let hidden = |name| {
            let gauge = registry.own_gauge(name);
            gauge.hide();
            gauge
        };
        Self { cpu: hidden(CPU_USAGE), memory: hidden(MEMORY_USAGE), disk: hidden(DISK_USAGE) }
    }

    fn collect(&self, machine: &mut impl Machine, interval: Duration, stopped: &Receiver<()>) {
        // The first reading is since boot and is thrown away; the span behind it makes the second one true.
        machine.cpu();
        let mut span = MINIMUM_CPU_UPDATE_INTERVAL;
        show(&self.memory, machine.memory());
        show(&self.disk, machine.disk());
        while stopped.recv_timeout(span) == Err(RecvTimeoutError::Timeout) {
            show(&self.cpu, machine.cpu());
            show(&self.memory, machine.memory());
            show(&self.disk, machine.disk());
            // Counted from here, so that a reading that hung is not followed by one too soon.
            span = interval;
        }
    }
}

impl Drop for Gauges {
    fn drop(&mut self) {
        for gauge in [&self.cpu, &self.memory, &self.disk] {
            gauge.hide();
        }
    }
}

fn show(gauge: &GaugeCell, reading: Option<f64>) {
    match reading.filter(|value| value.is_finite()) {
        Some(value) => gauge.set(value),
        None => gauge.hide(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::builder::Metrics;

    /// Tells when the CPU is read, waits until the test has looked, and has no disk at first, then no memory.
    struct Fake {
        read: Sender<Instant>,
        looked: Receiver<()>,
        readings: u32,
    }

    impl Machine for Fake {
        fn cpu(&mut self) -> Option<f64> {
            self.readings += 1;
            self.read.send(Instant::now()).ok()?;
            self.looked.recv().ok()?;
            Some(f64::from(self.readings))
        }

        fn memory(&mut self) -> Option<f64> {
            (self.readings < 2).then_some(1024.0)
        }

        fn disk(&mut self) -> Option<f64> {
            (self.readings >= 2).then_some(f64::from(self.readings) / 4.0)
        }
    }

    fn usage(metrics: &Metrics) -> Vec<String> {
        let page = metrics.render();
        let lines =
            page.lines().filter(|line| ["cpu", "mem", "dis"].iter().any(|name| line.starts_with(name)));
        lines.map(str::to_owned).collect()
    }

    #[test]
    fn a_missing_reading_is_no_series_and_the_first_cpu_value_has_a_span() {
        let metrics = Metrics::builder().build().unwrap();
        let ((read, reads), (looked, wait), (running, stopped)) = (channel(), channel(), channel());
        let gauges = Gauges::new(&metrics.recorder().0);
        let thread = std::thread::spawn(move || {
            gauges.collect(&mut Fake { read, looked: wait, readings: 0 }, Duration::ZERO, &stopped);
        });
        let first = reads.recv().unwrap();
        looked.send(()).unwrap();
        let second = reads.recv().unwrap();
        assert!(second - first >= MINIMUM_CPU_UPDATE_INTERVAL);
        assert_eq!(usage(&metrics), ["memory_usage_bytes 1024"], "the CPU's first reading is since boot");
        looked.send(()).unwrap();
        reads.recv().unwrap();
        assert_eq!(usage(&metrics), ["cpu_usage_percent 2", "disk_usage_percent 0.5"]);
        looked.send(()).unwrap();
        drop((running, reads, looked));
        thread.join().unwrap();
        assert_eq!(usage(&metrics), [""; 0], "no reading outlives the thread");
    }

    #[test]
    fn the_thread_ends_when_the_guard_is_dropped() {
        let metrics = Metrics::builder().build().unwrap();
        let SystemMetrics { _running, thread } =
            SystemMetrics::start(&metrics.recorder(), Duration::MAX).unwrap();
        drop(_running);
        thread.join().unwrap();
    }
}
