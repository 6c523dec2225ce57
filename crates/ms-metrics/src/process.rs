//! The process itself, by the names that all Prometheus client libraries give.

use metrics_process::collector;

use crate::catalog::machine::{
    PROCESS_CPU_SECONDS, PROCESS_MAX_FDS, PROCESS_OPEN_FDS, PROCESS_RESIDENT_MEMORY, PROCESS_START_TIME,
    PROCESS_THREADS, PROCESS_VIRTUAL_MEMORY, PROCESS_VIRTUAL_MEMORY_MAX,
};
use crate::collect::{Collect, Outcome, Reading};
use crate::registry::Registry;

/// The crate's own way into the facade rounds CPU time down to whole seconds, so only its readings are taken.
pub(crate) struct Process {
    cpu_seconds: Reading,
    /// The largest so far: a counter must not fall.
    spent: f64,
    open_fds: Reading,
    max_fds: Reading,
    virtual_memory: Reading,
    virtual_memory_max: Reading,
    resident_memory: Reading,
    start_time: Reading,
    threads: Reading,
}

impl Process {
    pub(crate) fn new(registry: &Registry) -> Self {
        let gauge = |name| Reading::gauge(registry, name);
        Self {
            cpu_seconds: Reading::counter(registry, PROCESS_CPU_SECONDS),
            spent: 0.0,
            open_fds: gauge(PROCESS_OPEN_FDS),
            max_fds: gauge(PROCESS_MAX_FDS),
            virtual_memory: gauge(PROCESS_VIRTUAL_MEMORY),
            virtual_memory_max: gauge(PROCESS_VIRTUAL_MEMORY_MAX),
            resident_memory: gauge(PROCESS_RESIDENT_MEMORY),
            start_time: gauge(PROCESS_START_TIME),
            threads: gauge(PROCESS_THREADS),
        }
    }

    fn show(&mut self, seen: &collector::Metrics) -> Outcome {
        let number = |number: Option<u64>| number.map(|number| number as f64);
        // To the crate 0 is no limit; as a limit it would make every share of it infinite.
        let limit = |limit: Option<u64>| number(limit.filter(|limit| *limit > 0));
        if let Some(spent) = seen.cpu_seconds_total {
            self.spent = self.spent.max(spent);
        }
        self.cpu_seconds.show(seen.cpu_seconds_total.map(|_| self.spent));
        self.open_fds.show(number(seen.open_fds));
        self.max_fds.show(limit(seen.max_fds));
        self.virtual_memory.show(number(seen.virtual_memory_bytes));
        self.virtual_memory_max.show(limit(seen.virtual_memory_max_bytes));
        self.resident_memory.show(number(seen.resident_memory_bytes));
        self.start_time.show(number(seen.start_time_seconds));
        self.threads.show(number(seen.threads));
        Outcome::of(seen.cpu_seconds_total.as_ref())
    }
}

impl Collect for Process {
    fn collect(&mut self) -> Outcome {
        self.show(&collector::collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::Metrics;

    fn lines(metrics: &Metrics) -> Vec<String> {
        let page = metrics.render();
        page.lines().filter(|line| line.starts_with("process_")).map(str::to_owned).collect()
    }

    #[test]
    fn no_limit_and_nothing_known_are_no_series() {
        let metrics = Metrics::builder().build().unwrap();
        let mut process = Process::new(&metrics.recorder().0);
        let mut seen = collector::Metrics::default();
        assert_eq!(process.show(&seen), Outcome::Missing);
        assert_eq!(lines(&metrics), [""; 0]);
        (seen.cpu_seconds_total, seen.max_fds, seen.open_fds) = (Some(1.25), Some(0), Some(0));
        assert_eq!(process.show(&seen), Outcome::Read);
        assert_eq!(lines(&metrics), ["process_cpu_seconds_total 1.25", "process_open_fds 0"]);
    }

    #[test]
    fn the_time_spent_never_falls() {
        let metrics = Metrics::builder().build().unwrap();
        let mut process = Process::new(&metrics.recorder().0);
        for (spent, shown) in [(2.5, "2.5"), (2.25, "2.5"), (2.75, "2.75")] {
            process.show(&collector::Metrics { cpu_seconds_total: Some(spent), ..Default::default() });
            assert_eq!(lines(&metrics), [format!("process_cpu_seconds_total {shown}")]);
        }
    }
}
