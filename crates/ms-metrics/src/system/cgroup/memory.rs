//! How much memory a container may have, and has.

use std::path::Path;

use super::{Hierarchy, Version, named, number};

/// Bytes.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::system) struct MemoryLimit {
    pub(in crate::system) limit: u64,
    /// What cannot be given back: all that is accounted without the page cache and reclaimable kernel memory. Nothing if
    /// it cannot be read.
    pub(in crate::system) used: Option<u64>,
}

/// The tightest limit below `total`, the memory of the machine, and what is used under it.
pub(in crate::system) fn memory_limit(root: &Path, total: u64) -> Option<MemoryLimit> {
    let Hierarchy { version, groups } = Hierarchy::find(root, "memory")?;
    let file = match version {
        Version::One => "memory.limit_in_bytes",
        Version::Two => "memory.max",
    };
    let limits = groups.iter().filter_map(|group| Some((number(&group.join(file))?, group)));
    let (limit, group) =
        limits.filter(|(limit, _)| (1..total).contains(limit)).min_by_key(|(limit, _)| *limit)?;
    // A group may pass its limit for a moment.
    let used = used(version, group).map(|used| used.min(limit));
    Some(MemoryLimit { limit, used })
}

fn used(version: Version, group: &Path) -> Option<u64> {
    let (usage, given_back): (_, &[&str]) = match version {
        Version::One => ("memory.usage_in_bytes", &["total_active_file", "total_inactive_file"]),
        Version::Two => ("memory.current", &["active_file", "inactive_file", "slab_reclaimable"]),
    };
    let usage = number(&group.join(usage))?;
    let statistics = group.join("memory.stat");
    let cache = given_back.iter().filter_map(|name| named(&statistics, name));
    Some(cache.fold(usage, u64::saturating_sub))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Files, V1, V2};
    use super::*;

    const TOTAL: u64 = 1 << 30;

    fn v2(max: &str) -> Files {
        Files::new(&[
            ("proc/self/mountinfo", V2),
            ("proc/self/cgroup", "0::/app\n"),
            ("sys/fs/cgroup/app/memory.max", max),
            ("sys/fs/cgroup/app/memory.current", "1000\n"),
            (
                "sys/fs/cgroup/app/memory.stat",
                "anon 500\nactive_file 100\ninactive_file 200\nslab_reclaimable 50\n",
            ),
        ])
    }

    #[test]
    fn a_limit_of_version_2_and_what_cannot_be_given_back() {
        let seen = memory_limit(v2("4096\n").root(), TOTAL);
        assert_eq!(seen, Some(MemoryLimit { limit: 4096, used: Some(650) }));
    }

    #[test]
    fn what_is_no_limit() {
        let larger = (TOTAL + 1).to_string();
        for max in
            ["max\n", "", "0\n", "-1\n", "9223372036854771712\n", "99999999999999999999\n", "x", &larger]
        {
            assert_eq!(memory_limit(v2(max).root(), TOTAL), None, "{max:?}");
        }
        assert_eq!(memory_limit(v2("1").root(), 0), None);
    }

    #[test]
    fn more_than_the_limit_is_the_limit() {
        assert_eq!(memory_limit(v2("10\n").root(), TOTAL), Some(MemoryLimit { limit: 10, used: Some(10) }));
    }

    #[test]
    fn the_tightest_group_counts_with_its_own_use() {
        let files = v2("4096\n");
        files.write("sys/fs/cgroup/memory.max", "2048\n");
        files.write("sys/fs/cgroup/memory.current", "1500\n");
        assert_eq!(memory_limit(files.root(), TOTAL), Some(MemoryLimit { limit: 2048, used: Some(1500) }));
    }

    #[test]
    fn files_that_cannot_be_read() {
        let files = v2("4096\n");
        std::fs::remove_file(files.root().join("sys/fs/cgroup/app/memory.stat")).unwrap();
        assert_eq!(memory_limit(files.root(), TOTAL).unwrap().used, Some(1000));
        std::fs::remove_file(files.root().join("sys/fs/cgroup/app/memory.current")).unwrap();
        assert_eq!(memory_limit(files.root(), TOTAL).unwrap().used, None, "not the machine's");
        // A directory in its place is unreadable for root too.
        let max = files.root().join("sys/fs/cgroup/app/memory.max");
        std::fs::remove_file(&max).unwrap();
        std::fs::create_dir(&max).unwrap();
        assert_eq!(memory_limit(files.root(), TOTAL), None);
    }

    #[test]
    fn a_limit_of_version_1() {
        let files = Files::new(&[
            ("proc/self/mountinfo", V1),
            ("proc/self/cgroup", "4:memory:/docker/c1\n0::/\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "4096\n"),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "3000\n"),
            (
                "sys/fs/cgroup/memory/memory.stat",
                "active_file 9\ntotal_active_file 300\ntotal_inactive_file 700\n",
            ),
        ]);
        assert_eq!(memory_limit(files.root(), TOTAL), Some(MemoryLimit { limit: 4096, used: Some(2000) }));
        files.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        assert_eq!(memory_limit(files.root(), TOTAL), None);
    }
}
