//! The room on a file system.

use std::path::Path;

use super::percent;
use crate::catalog::machine::DISK_USAGE;
use crate::collect::{Collect, Outcome, Reading};
use crate::registry::Registry;

/// Bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) total: u64,
    pub(super) used: u64,
    /// To those who are not root.
    pub(super) available: u64,
}

impl Room {
    /// The used share, as `df` has it: blocks reserved for root count as neither.
    pub(super) fn percent(&self) -> Option<f64> {
        percent(self.used, self.used.saturating_add(self.available))
    }
}

/// Asks the file system of `path`, which may hang.
#[cfg(unix)]
pub(super) fn room(path: &Path) -> Option<Room> {
    let seen = rustix::fs::statvfs(path).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(seen.f_frsize);
    let used = bytes(seen.f_blocks.saturating_sub(seen.f_bfree));
    Some(Room { total: bytes(seen.f_blocks), used, available: bytes(seen.f_bavail) })
}

/// Asks the file system of `path`, which may hang.
#[cfg(not(unix))]
pub(super) fn room(path: &Path) -> Option<Room> {
    let disks = sysinfo::Disks::new_with_refreshed_list().ok()?;
    let holds = disks.iter().filter(|disk| path.starts_with(disk.mount_point()));
    let disk = holds.max_by_key(|disk| disk.mount_point().as_os_str().len())?;
    let (total, available) = (disk.total_space(), disk.available_space());
    Some(Room { total, used: total.saturating_sub(available), available })
}

/// The file system at the root.
pub(super) struct RootDisk(Reading);

impl RootDisk {
    pub(super) fn new(registry: &Registry) -> Self {
        Self(Reading::gauge(registry, DISK_USAGE))
    }
}

impl Collect for RootDisk {
    fn collect(&mut self) -> Outcome {
        let root = Path::new(if cfg!(windows) { "C:\\" } else { "/" });
        let usage = room(root).and_then(|room| room.percent());
        self.0.show(usage);
        Outcome::of(usage.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_of_what_is_not_reserved() {
        assert_eq!(Room { total: 100, used: 30, available: 60 }.percent(), Some(30.0 / 90.0 * 100.0));
        assert_eq!(Room { total: 0, used: 0, available: 0 }.percent(), None);
    }

    #[test]
    fn what_is_not_there_has_no_room() {
        assert_eq!(room(Path::new("/nothing/here")), None);
    }
}
