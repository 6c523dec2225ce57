//! The machine as a check.

mod usage;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::check::{Check, SYSTEM};
use crate::finding::Finding;
use crate::probe::AnyProbe;
use crate::report::Reading;
use crate::status::Status;
use usage::Meter;

/// The CPU, memory and disk of the machine, in the origin's shape: `"system": {"cpu_usage", "memory_usage",
/// "disk_usage"}`, each in per cent.
///
/// | value | meaning | limit |
/// |---|---|---|
/// | `cpu_usage` | busy share of all CPUs since the run before, 200 ms at least | none |
/// | `memory_usage` | what is not available; with a limit on the control group, the share of that limit | 95 |
/// | `disk_usage` | as `df` shows it, of the file system of [`disk`](Self::disk) | 95 |
///
/// Past a limit the status is `degraded`. It is never critical: another instance on the same machine would be no better.
/// A value that cannot be had is null and `degraded` too. Reading blocks, so it happens on a thread for blocking work.
///
/// ```
/// use ms_health::{HealthCheck, SystemCheck};
///
/// let system = SystemCheck::new().disk("/").disk_limit(90.0);
/// let health = HealthCheck::builder().system(system).build()?;
/// # Ok::<(), ms_health::BuildError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "it checks nothing until it is given to the builder"]
pub struct SystemCheck {
    disk: PathBuf,
    cpu_limit: f64,
    memory_limit: f64,
    disk_limit: f64,
    deadline: Duration,
    ttl: Duration,
}

impl Default for SystemCheck {
    fn default() -> Self {
        Self {
            disk: PathBuf::from(if cfg!(windows) { "C:\\" } else { "/" }),
            cpu_limit: f64::INFINITY,
            memory_limit: 95.0,
            disk_limit: 95.0,
            deadline: Duration::from_secs(1),
            ttl: Duration::from_secs(1),
        }
    }
}

impl SystemCheck {
    /// Makes the check with its defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks at the file system that holds `path`. Default `/`.
    pub fn disk(mut self, path: impl Into<PathBuf>) -> Self {
        self.disk = path.into();
        self
    }

    /// Degrades above `percent` of CPU. Default: never, since a busy machine is at work.
    pub fn cpu_limit(mut self, percent: f64) -> Self {
        self.cpu_limit = percent;
        self
    }

    /// Degrades above `percent` of memory. Default 95.
    pub fn memory_limit(mut self, percent: f64) -> Self {
        self.memory_limit = percent;
        self
    }

    /// Degrades above `percent` of disk. Default 95.
    pub fn disk_limit(mut self, percent: f64) -> Self {
        self.disk_limit = percent;
        self
    }

    /// Fails when the machine has not answered within `deadline`. Default 1 s; the first run takes 200 ms.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Answers from the last values until they are `ttl` old. Default 1 s.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    pub(crate) fn into_check(self) -> Check {
        let (meter, disk) = (Mutex::new(Meter::new()), self.disk.clone());
        self.reading(move || {
            let mut meter = meter.lock();
            [meter.cpu(), meter.memory(), usage::disk(&disk)]
        })
    }

    fn reading(self, values: impl Fn() -> [Option<f64>; 3] + Send + Sync + 'static) -> Check {
        let (deadline, ttl) = (self.deadline, self.ttl);
        let probe = move || self.judge(values());
        Check::of_probe(SYSTEM, AnyProbe::Blocking(Arc::new(probe))).deadline(deadline).ttl(ttl)
    }

    fn judge(&self, values: [Option<f64>; 3]) -> Finding {
        let [cpu, memory, disk] = values;
        let readings = [
            (Reading::new("cpu_usage", cpu), self.cpu_limit),
            (Reading::new("memory_usage", memory), self.memory_limit),
            (Reading::new("disk_usage", disk), self.disk_limit),
        ];
        // Written so that NaN is not within any limit.
        let past =
            readings.iter().find(|(reading, limit)| !reading.value.is_some_and(|value| value <= *limit));
        Finding {
            status: if past.is_some() { Status::Degraded } else { Status::Healthy },
            error: past.map(|(reading, limit)| match reading.value {
                Some(value) => format!("{} is {value:.1} %, the limit {limit} %", reading.name),
                None => format!("{} cannot be read", reading.name),
            }),
            readings: readings.map(|(reading, _)| reading).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::{HealthCheck, Reason};

    #[test]
    fn values_at_the_limit_are_healthy_and_above_it_degraded() {
        let check = SystemCheck::new().disk_limit(90.0);
        assert_eq!(check.judge([Some(100.0), Some(95.0), Some(90.0)]).status, Status::Healthy);
        let full = check.judge([Some(1.0), Some(1.0), Some(100.0)]);
        assert_eq!(full.status, Status::Degraded);
        assert_eq!(full.error.as_deref(), Some("disk_usage is 100.0 %, the limit 90 %"));
    }

    /// As `statvfs` does on a network share whose server is gone.
    #[tokio::test]
    async fn a_machine_that_does_not_answer_fails_in_time_alone_and_is_asked_once() {
        let (release, held) = std::sync::mpsc::channel::<()>();
        let (held, asked) = (Mutex::new(held), Arc::new(AtomicU32::new(0)));
        let counted = Arc::clone(&asked);
        let machine = SystemCheck::new().deadline(Duration::from_millis(20)).ttl(Duration::ZERO);
        let mut builder = HealthCheck::builder().critical("database", || async { Ok::<_, String>(()) });
        let machine = machine.reading(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            let _ = held.lock().recv();
            [Some(1.0); 3]
        });
        // A short deadline's answers are soon too old for a machine that is busy with something else.
        builder.system = Some(machine.max_age(Duration::from_secs(60)));
        let health = builder.build().unwrap();
        for _ in 0..3 {
            let report = health.report().await;
            assert_eq!(report.check("system").unwrap().reason(), Some(Reason::Timeout));
            assert_eq!(report.status(), Status::Degraded, "the machine is never critical");
            assert_eq!(health.readiness().await.status(), Status::Healthy);
        }
        assert_eq!((asked.load(Ordering::Relaxed), health.abandoned_runs()), (1, 1));
        drop(release);
    }

    #[test]
    fn values_that_are_missing_or_not_numbers_degrade_and_are_null() {
        for lost in [None, Some(f64::NAN), Some(f64::INFINITY)] {
            let found = SystemCheck::new().judge([Some(1.0), lost, Some(1.0)]);
            assert_eq!(found.status, Status::Degraded);
            assert_eq!(found.error.as_deref(), Some("memory_usage cannot be read"));
            assert_eq!(found.readings[1].value, None);
        }
    }
}
