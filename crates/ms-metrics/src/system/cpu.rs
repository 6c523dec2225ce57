//! The processor: of the machine, or of the quota that the container has of it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sysinfo::{CpuRefreshKind, MINIMUM_CPU_UPDATE_INTERVAL, RefreshKind, System};

use super::cgroup::{self, CpuLimit};
use crate::catalog::machine::{
    CPU_LIMIT, CPU_PERIODS, CPU_THROTTLED_PERIODS, CPU_THROTTLED_SECONDS, CPU_USAGE,
};
use crate::collect::{Collect, Outcome, Reading};
use crate::registry::Registry;

pub(super) struct Cpu {
    machine: Box<dyn Machine>,
    root: PathBuf,
    last_reading: Option<Instant>,
    /// What the group had used, and when.
    last_used: Option<(PathBuf, Duration, Instant)>,
    usage: Reading,
    limit: Reading,
    periods: Reading,
    throttled_periods: Reading,
    throttled: Reading,
}

/// What is read of a machine.
trait Machine: Send {
    /// The number of cores and their busy share since the reading before, in per cent.
    fn read(&mut self) -> Option<(usize, f64)>;
}

impl Machine for System {
    fn read(&mut self) -> Option<(usize, f64)> {
        self.refresh_cpu_specifics(CpuRefreshKind::nothing().with_usage());
        let cores = self.cpus().len();
        (cores > 0).then(|| (cores, f64::from(self.global_cpu_usage())))
    }
}

/// Where sysinfo does not know the system.
struct Unknown;

impl Machine for Unknown {
    fn read(&mut self) -> Option<(usize, f64)> {
        None
    }
}

impl Cpu {
    pub(super) fn new(registry: &Registry, root: &Path) -> Self {
        match System::new_with_specifics(RefreshKind::nothing()) {
            Ok(system) => Self::of(Box::new(system), registry, root),
            Err(_) => Self::of(Box::new(Unknown), registry, root),
        }
    }

    fn of(machine: Box<dyn Machine>, registry: &Registry, root: &Path) -> Self {
        Self {
            machine,
            root: root.to_owned(),
            last_reading: None,
            last_used: None,
            usage: Reading::gauge(registry, CPU_USAGE),
            limit: Reading::gauge(registry, CPU_LIMIT),
            periods: Reading::counter(registry, CPU_PERIODS),
            throttled_periods: Reading::counter(registry, CPU_THROTTLED_PERIODS),
            throttled: Reading::counter(registry, CPU_THROTTLED_SECONDS),
        }
    }

    fn collect_at(&mut self, now: Instant) -> Outcome {
        let span = self.last_reading.map(|last| now.saturating_duration_since(last));
        // The kernel counts in ticks of some milliseconds: a shorter span tells nothing.
        if span.is_some_and(|span| span < MINIMUM_CPU_UPDATE_INTERVAL) {
            return Outcome::Unchanged;
        }
        self.last_reading = Some(now);
        let machine = self.machine.read();
        let limit = machine.and_then(|(cores, _)| cgroup::cpu_limit(&self.root, cores));
        self.limit.show(limit.as_ref().map(|limit| limit.cores));
        let count = |number: Option<u64>| number.map(|number| number as f64);
        self.periods.show(count(limit.as_ref().and_then(|limit| limit.periods)));
        self.throttled_periods.show(count(limit.as_ref().and_then(|limit| limit.throttled_periods)));
        let throttled = limit.as_ref().and_then(|limit| limit.throttled);
        self.throttled.show(throttled.map(|throttled| throttled.as_secs_f64()));
        let usage = match limit {
            Some(limit) => self.of_quota(limit, now),
            None => {
                self.last_used = None;
                // The first reading is since boot.
                machine.filter(|_| span.is_some()).map(|(_, usage)| usage.clamp(0.0, 100.0))
            }
        };
        self.usage.show(usage);
        // After the first reading there is no share yet, and nothing is missing.
        if machine.is_some() && span.is_none() { Outcome::Unchanged } else { Outcome::of(usage.as_ref()) }
    }

    /// The share of its quota that the group has used since the reading before, in per cent.
    fn of_quota(&mut self, limit: CpuLimit, now: Instant) -> Option<f64> {
        let used = limit.used?;
        let last = self.last_used.replace((limit.group, used, now));
        let (_, used_then, then) =
            last.filter(|(group, ..)| self.last_used.as_ref().is_some_and(|(now_in, ..)| now_in == group))?;
        let allowed = now.saturating_duration_since(then).as_secs_f64() * limit.cores;
        let share = used.saturating_sub(used_then).as_secs_f64() / allowed * 100.0;
        (allowed > 0.0).then(|| share.clamp(0.0, 100.0))
    }
}

impl Collect for Cpu {
    fn collect(&mut self) -> Outcome {
        self.collect_at(Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::cgroup::tests::{Files, V2};
    use super::*;
    use crate::builder::Metrics;

    /// Gives these shares of four cores, one a reading.
    struct Shares(Vec<Option<f64>>);

    impl Machine for Shares {
        fn read(&mut self) -> Option<(usize, f64)> {
            self.0.remove(0).map(|share| (4, share))
        }
    }

    fn shown(metrics: &Metrics) -> Vec<String> {
        let page = metrics.render();
        page.lines().filter(|line| line.starts_with("cpu_")).map(str::to_owned).collect()
    }

    fn cpu(metrics: &Metrics, shares: &[Option<f64>], root: &Path) -> Cpu {
        Cpu::of(Box::new(Shares(shares.to_vec())), &metrics.recorder().0, root)
    }

    #[test]
    fn the_first_reading_is_not_shown_and_one_too_soon_changes_nothing() {
        let metrics = Metrics::builder().build().unwrap();
        let files = Files::new(&[]);
        let mut cpu = cpu(&metrics, &[Some(90.0), Some(12.5), Some(130.0)], files.root());
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        assert_eq!(cpu.collect_at(at(0)), Outcome::Unchanged);
        assert_eq!(shown(&metrics), [""; 0], "since boot");
        assert_eq!(cpu.collect_at(at(200)), Outcome::Read);
        for too_soon in [200, 201, 399] {
            assert_eq!(cpu.collect_at(at(too_soon)), Outcome::Unchanged);
            assert_eq!(shown(&metrics), ["cpu_usage_percent 12.5"]);
        }
        assert_eq!(cpu.collect_at(at(400)), Outcome::Read);
        assert_eq!(shown(&metrics), ["cpu_usage_percent 100"]);
    }

    #[test]
    fn without_a_sensor_there_is_no_series() {
        let metrics = Metrics::builder().build().unwrap();
        let files = Files::new(&[]);
        let mut cpu = cpu(&metrics, &[None, None], files.root());
        for second in 0..2 {
            assert_eq!(cpu.collect_at(Instant::now() + Duration::from_secs(second)), Outcome::Missing);
            assert_eq!(shown(&metrics), [""; 0]);
        }
    }

    #[test]
    fn inside_a_container_the_share_is_that_of_its_quota() {
        let metrics = Metrics::builder().build().unwrap();
        let stat =
            |used: u64| format!("usage_usec {used}\nnr_periods 20\nnr_throttled 5\nthrottled_usec 1500000\n");
        let files = Files::new(&[
            ("proc/self/mountinfo", V2),
            ("proc/self/cgroup", "0::/\n"),
            ("sys/fs/cgroup/cpu.max", "50000 100000\n"),
            ("sys/fs/cgroup/cpu.stat", &stat(7_000_000)),
        ]);
        let mut cpu = cpu(&metrics, &[Some(3.0); 6], files.root());
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let usage = |metrics: &Metrics| {
            let line = shown(metrics).into_iter().find(|line| line.starts_with("cpu_usage"))?;
            Some(line.rsplit_once(' ')?.1.to_owned())
        };
        assert_eq!(cpu.collect_at(at(0)), Outcome::Unchanged);
        assert_eq!(
            shown(&metrics),
            [
                "cpu_cfs_periods_total 20",
                "cpu_cfs_throttled_periods_total 5",
                "cpu_cfs_throttled_seconds_total 1.5",
                "cpu_limit_cores 0.5",
            ]
        );
        files.write("sys/fs/cgroup/cpu.stat", &stat(8_000_000));
        assert_eq!(cpu.collect_at(at(10)), Outcome::Read);
        assert_eq!(usage(&metrics).as_deref(), Some("20"), "one second of the five that ten seconds allow");
        files.write("sys/fs/cgroup/cpu.stat", &stat(100_000_000));
        assert_eq!(cpu.collect_at(at(20)), Outcome::Read);
        assert_eq!(usage(&metrics).as_deref(), Some("100"), "a burst");
        files.write("sys/fs/cgroup/cpu.stat", "");
        assert_eq!(cpu.collect_at(at(30)), Outcome::Missing, "rather than the machine's");
        assert_eq!(shown(&metrics), ["cpu_limit_cores 0.5"]);
        files.write("sys/fs/cgroup/cpu.max", "max 100000\n");
        assert_eq!(cpu.collect_at(at(40)), Outcome::Read);
        assert_eq!(shown(&metrics), ["cpu_usage_percent 3"], "the limit is gone");
    }

    proptest! {
        // Each case writes files.
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_share_passes_all_of_it(
            max in "(max|[0-9]{1,20}) [0-9]{1,20}|\\PC{0,3}",
            used in prop::collection::vec("usage_usec [0-9]{1,20}\n|\\PC{0,3}", 3),
            share: f64,
            milliseconds in 0_u64..1000,
        ) {
            let metrics = Metrics::builder().build().unwrap();
            let files = Files::new(&[
                ("proc/self/mountinfo", V2),
                ("proc/self/cgroup", "0::/\n"),
                ("sys/fs/cgroup/cpu.max", &max),
            ]);
            let mut cpu = cpu(&metrics, &[Some(share); 3], files.root());
            let start = Instant::now();
            for (number, used) in used.iter().enumerate() {
                files.write("sys/fs/cgroup/cpu.stat", used);
                cpu.collect_at(start + Duration::from_millis(milliseconds * number as u64));
                for line in shown(&metrics) {
                    let (name, value) = line.rsplit_once(' ').unwrap();
                    let value: f64 = value.parse().unwrap();
                    prop_assert!(value >= 0.0 && (name != CPU_USAGE || value <= 100.0), "{}", line);
                }
            }
        }
    }
}
