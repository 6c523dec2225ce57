//! How much processor time a container may have, and has had.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Hierarchy, Version, named, number};

/// The quota of a group, and what the group has counted since it was made.
#[derive(Debug, PartialEq)]
pub(in crate::system) struct CpuLimit {
    /// Cores; more than 0.
    pub(in crate::system) cores: f64,
    /// The group: numbers of two groups cannot be compared.
    pub(in crate::system) group: PathBuf,
    pub(in crate::system) used: Option<Duration>,
    pub(in crate::system) periods: Option<u64>,
    pub(in crate::system) throttled_periods: Option<u64>,
    pub(in crate::system) throttled: Option<Duration>,
}

/// The tightest quota below `cores`, those of the machine.
pub(in crate::system) fn cpu_limit(root: &Path, cores: usize) -> Option<CpuLimit> {
    let Hierarchy { version, groups } = Hierarchy::find(root, "cpu")?;
    let quotas =
        groups.iter().enumerate().filter_map(|(level, group)| Some((quota(version, group)?, level, group)));
    let below = quotas.filter(|(quota, ..)| *quota < cores as f64);
    let (cores, level, group) = below.min_by(|(one, ..), (other, ..)| one.total_cmp(other))?;
    let statistics = group.join("cpu.stat");
    let counted = |name| named(&statistics, name);
    let (used, throttled) = match version {
        // The time is another controller's, whose groups have the same paths.
        Version::One => {
            let accounts = Hierarchy::find(root, "cpuacct").filter(|found| found.version == Version::One);
            let group = accounts.and_then(|accounts| accounts.groups.into_iter().nth(level));
            let used = group.and_then(|group| number(&group.join("cpuacct.usage")));
            (used.map(Duration::from_nanos), counted("throttled_time").map(Duration::from_nanos))
        }
        Version::Two => (
            counted("usage_usec").map(Duration::from_micros),
            counted("throttled_usec").map(Duration::from_micros),
        ),
    };
    Some(CpuLimit {
        cores,
        group: group.clone(),
        used,
        periods: counted("nr_periods"),
        throttled_periods: counted("nr_throttled"),
        throttled,
    })
}

/// Cores.
fn quota(version: Version, group: &Path) -> Option<f64> {
    let (quota, period) = match version {
        // -1 is no quota and no number here.
        Version::One => (number(&group.join("cpu.cfs_quota_us"))?, number(&group.join("cpu.cfs_period_us"))?),
        Version::Two => {
            let text = std::fs::read_to_string(group.join("cpu.max")).ok()?;
            let mut numbers = text.split_whitespace().map(str::parse::<u64>);
            (numbers.next()?.ok()?, numbers.next()?.ok()?)
        }
    };
    (quota > 0 && period > 0).then(|| quota as f64 / period as f64)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Files, V1, V2};
    use super::*;

    fn v2(max: &str) -> Files {
        Files::new(&[
            ("proc/self/mountinfo", V2),
            ("proc/self/cgroup", "0::/app\n"),
            ("sys/fs/cgroup/app/cpu.max", max),
            (
                "sys/fs/cgroup/app/cpu.stat",
                "usage_usec 2500000\nuser_usec 1\nnr_periods 20\nnr_throttled 5\nthrottled_usec 1500\n",
            ),
        ])
    }

    #[test]
    fn a_quota_of_version_2_and_its_counts() {
        let files = v2("150000 100000\n");
        let seen = cpu_limit(files.root(), 4).unwrap();
        assert_eq!(
            seen,
            CpuLimit {
                cores: 1.5,
                group: files.root().join("sys/fs/cgroup/app"),
                used: Some(Duration::from_millis(2500)),
                periods: Some(20),
                throttled_periods: Some(5),
                throttled: Some(Duration::from_micros(1500)),
            }
        );
        // One above is tighter.
        files.write("sys/fs/cgroup/cpu.max", "50000 100000");
        let seen = cpu_limit(files.root(), 4).unwrap();
        assert_eq!((seen.cores, seen.used), (0.5, None));
    }

    #[test]
    fn what_is_no_quota() {
        for max in ["max 100000\n", "", "100000", "0 100000", "100000 0", "-1 100000", "400000 100000", "x y"]
        {
            assert_eq!(cpu_limit(v2(max).root(), 4), None, "{max:?}");
        }
        assert_eq!(cpu_limit(v2("100000 100000").root(), 0), None);
    }

    #[test]
    fn a_quota_of_version_1() {
        let files = Files::new(&[
            ("proc/self/mountinfo", V1),
            ("proc/self/cgroup", "3:cpu,cpuacct:/docker/c1\n0::/\n"),
            ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "50000\n"),
            ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"),
            ("sys/fs/cgroup/cpu,cpuacct/cpuacct.usage", "7000000000\n"),
            ("sys/fs/cgroup/cpu,cpuacct/cpu.stat", "nr_periods 20\nnr_throttled 5\nthrottled_time 3000\n"),
        ]);
        let seen = cpu_limit(files.root(), 4).unwrap();
        assert_eq!((seen.cores, seen.used), (0.5, Some(Duration::from_secs(7))));
        assert_eq!((seen.throttled_periods, seen.throttled), (Some(5), Some(Duration::from_micros(3))));
        files.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
        assert_eq!(cpu_limit(files.root(), 4), None);
    }
}
