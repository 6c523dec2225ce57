//! A thread and what it reads.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Collect, Watch};
use crate::registry::Registry;

/// A thread that reads again and again, one collector after the other. If one hangs, the thread hangs with it and no
/// other is started in its place; so those that may hang have threads of their own.
pub(crate) struct Worker {
    /// Dropping it wakes and ends the thread, which is not waited for: it may hang.
    _running: Sender<()>,
    #[cfg_attr(not(test), expect(dead_code, reason = "tests wait for its end"))]
    thread: JoinHandle<()>,
}

/// How long a worker waits after its first reading, and after each further one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pauses {
    pub(crate) first: Duration,
    pub(crate) then: Duration,
}

impl Worker {
    /// Starts the thread, which reads at once. The collectors are dropped when it ends.
    pub(crate) fn spawn(
        thread: &str,
        pauses: Pauses,
        registry: &Registry,
        collectors: Vec<(&str, Box<dyn Collect>)>,
    ) -> io::Result<Self> {
        let (running, stopped) = channel::<()>();
        let watch = |name| Watch::new(registry, name, Instant::now());
        let mut watched: Vec<(Arc<Watch>, Box<dyn Collect>)> =
            collectors.into_iter().map(|(name, collector)| (watch(name), collector)).collect();
        let work = move || {
            // Counted from the end of a reading, so that one that hung is not followed by one too soon.
            for pause in std::iter::once(pauses.first).chain(std::iter::repeat(pauses.then)) {
                for (watch, collector) in &mut watched {
                    watch.read(pause, || collector.collect());
                }
                if stopped.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name(thread.to_owned()).spawn(work)?;
        Ok(Self { _running: running, thread })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::Receiver;

    use super::*;
    use crate::builder::Metrics;
    use crate::collect::{Outcome, Reading};

    impl<F: FnMut() -> Outcome + Send> Collect for F {
        fn collect(&mut self) -> Outcome {
            self()
        }
    }

    const SOON: Pauses = Pauses { first: Duration::ZERO, then: Duration::ZERO };

    fn value(metrics: &Metrics, series: &str) -> Option<f64> {
        let page = metrics.recorder().0.page();
        page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
    }

    /// Says that it has begun, and gives what it is sent when it is sent; the end of the channel is a panic.
    fn on_a_channel(reading: Reading) -> (Box<dyn Collect>, Receiver<()>, Sender<Option<f64>>) {
        let ((tell, begun), (answer, answers)) = (channel(), channel());
        let collector = move || {
            tell.send(()).unwrap();
            let value: Option<f64> = answers.recv().unwrap();
            reading.show(value);
            Outcome::of(value.as_ref())
        };
        (Box::new(collector), begun, answer)
    }

    #[test]
    fn one_that_hangs_keeps_its_value_and_holds_up_nobody() {
        let metrics = Metrics::builder().build().unwrap();
        let registry = metrics.recorder().0;
        let (nfs, nfs_begun, nfs_answer) = on_a_channel(Reading::gauge(&registry, "nfs_bytes"));
        let (cpu, cpu_begun, cpu_answer) = on_a_channel(Reading::gauge(&registry, "cpu_share"));
        let nfs = Worker::spawn("nfs", SOON, &registry, vec![("nfs", nfs)]).unwrap();
        let cpu = Worker::spawn("cpu", SOON, &registry, vec![("cpu", cpu)]).unwrap();
        nfs_begun.recv().unwrap();
        nfs_answer.send(Some(7.0)).unwrap();
        nfs_begun.recv().unwrap();
        // It hangs from here on; the other one reads a hundred times.
        for number in 0..100 {
            cpu_begun.recv().unwrap();
            cpu_answer.send(Some(f64::from(number))).unwrap();
        }
        cpu_begun.recv().unwrap();
        registry.refresh(Instant::now() + Duration::from_secs(3600));
        assert_eq!(value(&metrics, "nfs_bytes"), Some(7.0));
        assert_eq!(value(&metrics, "cpu_share"), Some(99.0));
        assert_eq!(value(&metrics, "ms_metrics_collector_up{collector=\"nfs\"}"), Some(0.0));
        let age = value(&metrics, "ms_metrics_collector_age_seconds{collector=\"nfs\"}").unwrap();
        assert!((3600.0..3700.0).contains(&age), "{age}");
        assert!(nfs_begun.try_recv().is_err(), "no second reading while one hangs");
        // It comes back.
        nfs_answer.send(Some(8.0)).unwrap();
        nfs_begun.recv().unwrap();
        registry.refresh(Instant::now());
        assert_eq!(value(&metrics, "nfs_bytes"), Some(8.0));
        assert_eq!(value(&metrics, "ms_metrics_collector_up{collector=\"nfs\"}"), Some(1.0));
        for (worker, answer) in [(nfs, nfs_answer), (cpu, cpu_answer)] {
            let Worker { _running, thread } = worker;
            drop(_running);
            answer.send(None).unwrap();
            thread.join().unwrap();
        }
        assert_eq!(value(&metrics, "nfs_bytes"), None, "no reading outlives its thread");
    }

    #[test]
    fn a_panic_is_counted_and_the_others_of_the_thread_go_on() {
        let metrics = Metrics::builder().build().unwrap();
        let registry = metrics.recorder().0;
        let (good, begun, answer) = on_a_channel(Reading::gauge(&registry, "good"));
        let lock = Arc::new(std::sync::Mutex::new(()));
        let poisoned = Arc::clone(&lock);
        let mut calls = 0;
        let bad: Box<dyn Collect> = Box::new(move || {
            let _guard = poisoned.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            calls += 1;
            assert_ne!(calls, 2, "the second reading panics with a lock held");
            Outcome::Read
        });
        let _worker = Worker::spawn("both", SOON, &registry, vec![("bad", bad), ("good", good)]).unwrap();
        let mut seen = Vec::new();
        for number in 0..3 {
            begun.recv().unwrap();
            registry.refresh(Instant::now());
            seen.push(["up", "panics_total"].map(|name| {
                value(&metrics, &format!("ms_metrics_collector_{name}{{collector=\"bad\"}}")).unwrap()
            }));
            assert_eq!(value(&metrics, "good"), (number > 0).then(|| f64::from(number - 1)));
            answer.send(Some(f64::from(number))).unwrap();
        }
        assert_eq!(seen, [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]);
        assert!(lock.is_poisoned());
    }

    #[test]
    fn a_sensor_that_is_missing_is_down_and_no_series() {
        let metrics = Metrics::builder().build().unwrap();
        let registry = metrics.recorder().0;
        let (sensor, begun, answer) = on_a_channel(Reading::gauge(&registry, "celsius"));
        let _worker = Worker::spawn("sensor", SOON, &registry, vec![("sensor", sensor)]).unwrap();
        for (value_sent, up) in [(Some(36.5), 1.0), (None, 0.0), (Some(0.0), 1.0)] {
            begun.recv().unwrap();
            answer.send(value_sent).unwrap();
            begun.recv().unwrap();
            registry.refresh(Instant::now());
            assert_eq!(value(&metrics, "celsius"), value_sent);
            assert_eq!(value(&metrics, "ms_metrics_collector_up{collector=\"sensor\"}"), Some(up));
            answer.send(value_sent).unwrap();
        }
    }
}
