//! Reads the machine. Everything here may block.

use std::path::Path;

use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

use super::Machine;

/// Remembers the CPU times of the reading before.
pub(super) struct Meter {
    /// Nothing where sysinfo does not know the system.
    system: Option<System>,
}

impl Meter {
    pub(super) fn new() -> Self {
        Self { system: System::new_with_specifics(RefreshKind::nothing()).ok() }
    }
}

impl Machine for Meter {
    fn cpu(&mut self) -> Option<f64> {
        let system = self.system.as_mut()?;
        system.refresh_cpu_specifics(CpuRefreshKind::nothing().with_usage());
        (!system.cpus().is_empty()).then(|| f64::from(system.global_cpu_usage()))
    }

    fn memory(&mut self) -> Option<f64> {
        let system = self.system.as_mut()?;
        system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
        let limits = system.cgroup_limits().map(|limits| (limits.total_memory, limits.rss));
        used(system.total_memory(), system.available_memory(), limits)
    }

    fn disk(&mut self) -> Option<f64> {
        disk(Path::new(if cfg!(windows) { "C:\\" } else { "/" }))
    }
}

/// The memory in use, inside a container with a limit by what its processes hold. `limits` are the limit and that.
fn used(total: u64, available: u64, limits: Option<(u64, u64)>) -> Option<f64> {
    let used = match limits {
        // The page cache counts against the limit but is given back when needed, so resident pages tell more.
        Some((limit, resident)) if limit < total => resident,
        _ => total.saturating_sub(available),
    };
    (total > 0).then_some(used as f64)
}

/// The share of the file system of `path` that is used, as `df` has it: blocks reserved for root count as neither.
#[cfg(unix)]
fn disk(path: &Path) -> Option<f64> {
    let seen = rustix::fs::statvfs(path).ok()?;
    let used = seen.f_blocks.saturating_sub(seen.f_bfree);
    percent(used, used.saturating_add(seen.f_bavail))
}

/// The share of the file system of `path` that is used.
#[cfg(not(unix))]
fn disk(path: &Path) -> Option<f64> {
    let disks = sysinfo::Disks::new_with_refreshed_list();
    let holds = disks.iter().filter(|disk| path.starts_with(disk.mount_point()));
    let disk = holds.max_by_key(|disk| disk.mount_point().as_os_str().len())?;
    let total = disk.total_space();
    percent(total.saturating_sub(disk.available_space()), total)
}

fn percent(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64 * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_that_of_the_container_if_it_has_a_limit() {
        assert_eq!(used(100, 30, None), Some(70.0));
        assert_eq!(used(100, 30, Some((50, 20))), Some(20.0));
        assert_eq!(used(100, 30, Some((u64::MAX, 20))), Some(70.0), "no limit");
        assert_eq!(used(100, 130, None), Some(0.0));
        assert_eq!(used(0, 0, None), None);
    }

    #[test]
    fn a_share_of_nothing_is_missing() {
        assert_eq!(percent(1, 4), Some(25.0));
        assert_eq!(percent(0, 0), None);
        assert_eq!(disk(Path::new("/nothing/here")), None);
    }
}
