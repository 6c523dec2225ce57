//! The room on everything that is mounted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::disk::{self, Room};
use super::labelled::Labelled;
use super::mountinfo::{self, Mount};
use crate::catalog::machine::{FILESYSTEM_AVAILABLE, FILESYSTEM_TOTAL, FILESYSTEM_USAGE};
use crate::collect::{Collect, Outcome};
use crate::registry::{Kind, Registry};

/// Those on disks of the machine, or those that may hang: one reader each, since the second may hang for ever.
pub(super) struct FileSystems {
    root: PathBuf,
    class: Class,
    room: fn(&Path) -> Option<Room>,
    series: Labelled<3>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Local,
    /// On another machine or in another process, and whatever is not known.
    Remote,
    /// Without blocks of its own.
    Pseudo,
}

const LOCAL: &[&str] = &[
    "bcachefs", "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "hfs", "hfsplus", "jfs", "msdos", "nilfs2",
    "ntfs", "ntfs3", "reiserfs", "udf", "ufs", "vfat", "xfs", "zfs",
];

/// The pages of `tmpfs` and `ramfs` are counted as memory; images are always full; asking `autofs` mounts what is behind.
const PSEUDO: &[&str] = &[
    "autofs",
    "bdev",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "cpuset",
    "debugfs",
    "devfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "erofs",
    "fuse.gvfsd-fuse",
    "fuse.lxcfs",
    "fuse.portal",
    "fuse.snapfuse",
    "fusectl",
    "hugetlbfs",
    "iso9660",
    "mqueue",
    "nfsd",
    "nsfs",
    "proc",
    "pstore",
    "ramfs",
    "resctrl",
    "rootfs",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "smackfs",
    "squashfs",
    "sysfs",
    "tmpfs",
    "tracefs",
];

fn class(mount: &Mount) -> Class {
    let kind = mount.kind.as_str();
    if LOCAL.contains(&kind) || (kind == "overlay" && mount.point == "/") {
        Class::Local
    } else if PSEUDO.contains(&kind) || kind == "overlay" {
        // Other overlays are those of containers, on a disk that is counted.
        Class::Pseudo
    } else {
        Class::Remote
    }
}

impl FileSystems {
    pub(super) fn local(registry: &Arc<Registry>, root: &Path) -> Self {
        Self::of(Class::Local, registry, root, room_of_directory)
    }

    pub(super) fn remote(registry: &Arc<Registry>, root: &Path) -> Self {
        Self::of(Class::Remote, registry, root, room_of_directory)
    }

    fn of(class: Class, registry: &Arc<Registry>, root: &Path, room: fn(&Path) -> Option<Room>) -> Self {
        let metrics = [FILESYSTEM_TOTAL, FILESYSTEM_AVAILABLE, FILESYSTEM_USAGE];
        let series = Labelled::new(registry, Kind::Gauge, metrics, "mount");
        Self { root: root.to_owned(), class, room, series }
    }
}

impl Collect for FileSystems {
    fn collect(&mut self) -> Outcome {
        let mounts = mountinfo::mounts(&self.root);
        let systems = mounts.as_deref().map(|mounts| places(mounts, self.class));
        let look = |point: &&str| {
            let room = (self.room)(Path::new(point))?;
            Some(((*point).to_owned(), [room.total as f64, room.available as f64, room.percent()?]))
        };
        let seen = systems.iter().flatten().filter_map(|places| places.iter().find_map(look));
        self.series.show(&seen.collect());
        Outcome::of(systems.as_ref())
    }
}

/// Files too are mounted into containers, and what cannot be reached there may be reached elsewhere.
fn room_of_directory(path: &Path) -> Option<Room> {
    path.is_dir().then(|| disk::room(path)).flatten()
}

/// The places of each file system of one class, the best first.
fn places(mounts: &[Mount], wanted: Class) -> Vec<Vec<&str>> {
    // What is mounted last at a place hides what was there.
    let on_top: BTreeMap<&str, &Mount> = mounts.iter().map(|mount| (mount.point.as_str(), mount)).collect();
    let mut by_device: BTreeMap<&str, Vec<&Mount>> = BTreeMap::new();
    for mount in on_top.into_values().filter(|mount| class(mount) == wanted) {
        by_device.entry(mount.device.as_str()).or_default().push(mount);
    }
    let best_first = |mut mounts: Vec<_>| {
        // The whole rather than a bind mount of a part, then the shortest name.
        mounts.sort_by_key(|mount: &&Mount| (mount.root != "/", mount.point.len()));
        mounts.into_iter().map(|mount| mount.point.as_str()).collect()
    };
    by_device.into_values().map(best_first).collect()
}

#[cfg(test)]
mod tests {
    use super::super::cgroup::tests::Files;
    use super::*;
    use crate::builder::Metrics;

    const TABLE: &str = r"
22 27 0:21 / /proc rw - proc proc rw
24 27 0:6 / /dev rw - devtmpfs devtmpfs rw
25 24 0:23 / /dev/shm rw - tmpfs tmpfs rw
26 27 8:1 / / rw - ext4 /dev/sda1 rw
27 26 8:2 /data /srv/bind rw - xfs /dev/sdb1 rw
28 26 8:2 / /mnt/much/longer rw - xfs /dev/sdb1 rw
29 26 0:50 / /mnt/nfs\040home rw - nfs4 server:/home rw
30 26 0:51 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw
31 26 0:52 / /mnt/over rw - xfs /dev/sdc1 rw
32 31 0:53 / /mnt/over rw - fuse.sshfs host: rw
33 26 0:54 / /snap/core rw - squashfs /dev/loop0 ro
34 26 0:55 / /new rw - somethingnew x rw
";

    fn lines(metrics: &Metrics, name: &str) -> Vec<String> {
        metrics.render().lines().filter(|line| line.starts_with(name)).map(str::to_owned).collect()
    }

    #[test]
    fn each_file_system_once_and_no_pseudo_ones() {
        let files = Files::new(&[("proc/self/mountinfo", TABLE)]);
        let mounts = mountinfo::mounts(files.root()).unwrap();
        assert_eq!(places(&mounts, Class::Local), [vec!["/"], vec!["/mnt/much/longer", "/srv/bind"]]);
        assert_eq!(places(&mounts, Class::Remote), [["/mnt/nfs home"], ["/mnt/over"], ["/new"]]);
    }

    #[test]
    fn a_container_has_its_root_and_its_volumes_though_files_are_mounted_too() {
        let metrics = Metrics::builder().build().unwrap();
        let table = "\
            1 0 0:80 / / rw - overlay overlay rw\n\
            2 1 254:1 /lib/docker/containers/c/hosts /etc/hosts rw - ext4 /dev/vda1 rw\n\
            3 1 254:1 /lib/docker/volumes/v/_data /srv/a/volume rw - ext4 /dev/vda1 rw\n";
        let files = Files::new(&[("proc/self/mountinfo", table)]);
        let room = |path: &Path| {
            (path != Path::new("/etc/hosts")).then_some(Room { total: 100, used: 50, available: 50 })
        };
        let mut local = FileSystems::of(Class::Local, &metrics.recorder().0, files.root(), room);
        assert_eq!(local.collect(), Outcome::Read);
        assert_eq!(
            lines(&metrics, "filesystem_total_bytes"),
            [
                "filesystem_total_bytes{mount=\"/\"} 100",
                "filesystem_total_bytes{mount=\"/srv/a/volume\"} 100",
            ]
        );
    }

    #[test]
    fn a_file_that_is_mounted_has_no_room() {
        let files = Files::new(&[("etc/hosts", "")]);
        assert_eq!(room_of_directory(&files.root().join("etc/hosts")), None);
        assert!(room_of_directory(files.root()).is_some());
    }

    #[test]
    fn the_room_is_shown_by_mount() {
        let metrics = Metrics::builder().build().unwrap();
        let files = Files::new(&[("proc/self/mountinfo", TABLE)]);
        let room = |path: &Path| {
            let used = if path == Path::new("/") { 75 } else { 10 };
            // One that does not answer, and one of no size.
            let total = if path.starts_with("/mnt/over") { 0 } else { 100 };
            (!path.starts_with("/new")).then_some(Room {
                total,
                used: used.min(total),
                available: total - used.min(total),
            })
        };
        let registry = metrics.recorder().0;
        let mut local = FileSystems::of(Class::Local, &registry, files.root(), room);
        let mut remote = FileSystems::of(Class::Remote, &registry, files.root(), room);
        assert_eq!((local.collect(), remote.collect()), (Outcome::Read, Outcome::Read));
        assert_eq!(
            lines(&metrics, "filesystem_usage_percent"),
            [
                "filesystem_usage_percent{mount=\"/\"} 75",
                "filesystem_usage_percent{mount=\"/mnt/much/longer\"} 10",
                "filesystem_usage_percent{mount=\"/mnt/nfs home\"} 10",
            ]
        );
        assert_eq!(
            lines(&metrics, "filesystem_available_bytes{mount=\"/\"}"),
            ["filesystem_available_bytes{mount=\"/\"} 25"]
        );
        // Unmounted.
        files.write("proc/self/mountinfo", "26 27 8:1 / / rw - ext4 /dev/sda1 rw\n");
        assert_eq!((local.collect(), remote.collect()), (Outcome::Read, Outcome::Read));
        assert_eq!(lines(&metrics, "filesystem_total_bytes"), ["filesystem_total_bytes{mount=\"/\"} 100"]);
        std::fs::remove_file(files.root().join("proc/self/mountinfo")).unwrap();
        assert_eq!(local.collect(), Outcome::Missing);
        assert_eq!(lines(&metrics, "filesystem_"), [""; 0]);
    }
}
