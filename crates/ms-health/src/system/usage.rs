//! Reads the machine. Everything here may block.

use std::path::Path;
use std::time::Instant;

use sysinfo::{
    CpuRefreshKind, MINIMUM_CPU_UPDATE_INTERVAL, MemoryRefreshKind, ProcessRefreshKind, ProcessesToUpdate,
    RefreshKind, System,
};

/// Remembers the CPU times of the run before.
pub(crate) struct Meter {
    /// None where sysinfo does not know the system.
    system: Option<System>,
    read: Option<Instant>,
    cpu: Option<f64>,
}

impl Meter {
    pub(crate) fn new() -> Self {
        Self { system: System::new_with_specifics(RefreshKind::nothing()).ok(), read: None, cpu: None }
    }

    /// The busy share of all CPUs since the call before, in per cent.
    pub(crate) fn cpu(&mut self) -> Option<f64> {
        let system = self.system.as_mut()?;
        let ago = self.read.map(|read| read.elapsed());
        match ago {
            // A first value needs two readings; blocking is what this thread is for.
            None => {
                system.refresh_cpu_specifics(CpuRefreshKind::nothing().with_usage());
                std::thread::sleep(MINIMUM_CPU_UPDATE_INTERVAL);
            }
            // Too short a span would be noise: the value before is the better one.
            Some(ago) if ago < MINIMUM_CPU_UPDATE_INTERVAL => return self.cpu,
            Some(_) => {}
        }
        system.refresh_cpu_specifics(CpuRefreshKind::nothing().with_usage());
        self.read = Some(Instant::now());
        self.cpu = (!system.cpus().is_empty()).then(|| f64::from(system.global_cpu_usage()));
        self.cpu
    }

    /// The share of memory that is not available, in per cent.
    pub(crate) fn memory(&mut self) -> Option<f64> {
        let system = self.system.as_mut()?;
        system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
        let (total, available) = (system.total_memory(), system.available_memory());
        share_of_memory(total, available, limit_of_this_process(system))
    }
}

/// What the control group of this process holds, and what it or one above it may; also where no container hides those
/// above, as for a unit of systemd with `MemoryMax=`.
fn limit_of_this_process(system: &mut System) -> Option<(u64, u64)> {
    let this = sysinfo::get_current_pid().ok()?;
    if system.process(this).is_none() {
        let nothing = ProcessRefreshKind::nothing().without_tasks();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[this]), false, nothing);
    }
    let limits = system.process(this)?.cgroup_limits()?;
    Some((limits.rss, limits.total_memory))
}

/// `limit` is what the container's processes hold, and what they may.
fn share_of_memory(total: u64, available: u64, limit: Option<(u64, u64)>) -> Option<f64> {
    match limit {
        // The page cache counts against the limit but is given back when needed, so resident pages tell more.
        Some((held, limit)) if limit < total => percent(held, limit),
        _ => percent(total.saturating_sub(available), total),
    }
}

/// The share of the file system of `path` that is used, as `df` has it: blocks reserved for root count as neither.
#[cfg(unix)]
pub(crate) fn disk(path: &Path) -> Option<f64> {
    let seen = rustix::fs::statvfs(path).ok()?;
    let used = seen.f_blocks.saturating_sub(seen.f_bfree);
    percent(used, used.saturating_add(seen.f_bavail))
}

/// The share of the file system of `path` that is used.
#[cfg(not(unix))]
pub(crate) fn disk(path: &Path) -> Option<f64> {
    let disks = sysinfo::Disks::new_with_refreshed_list().ok()?;
    let holds = disks.iter().filter(|disk| path.starts_with(disk.mount_point()));
    let disk = holds.max_by_key(|disk| disk.mount_point().as_os_str().len())?;
    let total = disk.total_space();
    percent(total.saturating_sub(disk.available_space()), total)
}

#[expect(clippy::cast_precision_loss, reason = "a share of 2^53 bytes is exact enough")]
fn percent(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64 * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inside_a_container_its_limit_counts_and_a_limit_beyond_the_machine_does_not() {
        const GIB: u64 = 1 << 30;
        let share = |limit| share_of_memory(16 * GIB, 12 * GIB, limit);
        assert_eq!(share(None), Some(25.0));
        assert_eq!(share(Some((GIB, 2 * GIB))), Some(50.0));
        // Without a limit cgroups say the most that a number can hold.
        assert_eq!(share(Some((GIB, u64::MAX))), Some(25.0));
        assert_eq!(share(Some((0, 0))), None, "of no memory at all there is no share");
        assert_eq!(share_of_memory(0, 0, None), None);
    }
}
