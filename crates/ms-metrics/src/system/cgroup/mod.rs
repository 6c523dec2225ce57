//! The limits of the container that the process runs in: control groups of version 1 and 2.
//!
//! A group is bound by its own limits and by those of all groups above it, as far as they can be seen. A limit that is
//! `max`, missing, unreadable, no number, zero, or as large as the machine is none.

mod cpu;
mod memory;

use std::path::{Path, PathBuf};

pub(super) use self::cpu::{CpuLimit, cpu_limit};
pub(super) use self::memory::memory_limit;
use super::mountinfo::{self, Mount};

/// Where a controller keeps the groups that the process is in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hierarchy {
    pub(super) version: Version,
    /// The process's own group first, what is mounted last.
    pub(super) groups: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    One,
    Two,
}

impl Hierarchy {
    /// Finds that of `controller`; version 1 goes first where it has the controller, as in the kernel.
    pub(super) fn find(root: &Path, controller: &str) -> Option<Self> {
        let membership = std::fs::read_to_string(root.join("proc/self/cgroup")).ok()?;
        let mounts = mountinfo::mounts(root)?;
        let path = |wanted: &str| {
            membership.lines().find_map(|line| {
                let mut fields = line.splitn(3, ':').skip(1);
                let (controllers, path) = (fields.next()?, fields.next()?);
                controllers.split(',').any(|known| known == wanted).then_some(path)
            })
        };
        let first =
            |mount: &&Mount| mount.kind == "cgroup" && mount.options.split(',').any(|o| o == controller);
        if let (Some(path), Some(mount)) = (path(controller), mounts.iter().find(first)) {
            return Some(Self { version: Version::One, groups: groups(root, mount, path) });
        }
        let mount = mounts.iter().find(|mount| mount.kind == "cgroup2")?;
        Some(Self { version: Version::Two, groups: groups(root, mount, path("")?) })
    }
}

/// The group `path` under a mount and all above it. Inside a container the path may be that of the host, of which the
/// mount shows only the end: then what is mounted is the group.
fn groups(root: &Path, mount: &Mount, path: &str) -> Vec<PathBuf> {
    let top = root.join(mount.point.trim_start_matches('/'));
    let below = Path::new(path).strip_prefix(&mount.root).unwrap_or(Path::new(""));
    let plain = below.components().all(|part| matches!(part, std::path::Component::Normal(_)));
    let group = Some(top.join(below)).filter(|group| plain && group.is_dir());
    let own = group.unwrap_or_else(|| top.clone());
    own.ancestors().take_while(|group| group.starts_with(&top)).map(Path::to_path_buf).collect()
}

fn number(file: &Path) -> Option<u64> {
    std::fs::read_to_string(file).ok()?.trim().parse().ok()
}

/// A number of a file whose lines are a name and a number.
fn named(file: &Path, name: &str) -> Option<u64> {
    let table = std::fs::read_to_string(file).ok()?;
    table.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A machine made of files.
    pub(in crate::system) struct Files(pub(in crate::system) tempfile::TempDir);

    impl Files {
        pub(in crate::system) fn new(files: &[(&str, &str)]) -> Self {
            let files_root = Self(tempfile::tempdir().unwrap());
            for (path, text) in files {
                files_root.write(path, text);
            }
            files_root
        }

        pub(in crate::system) fn write(&self, path: &str, text: &str) {
            let path = self.0.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }

        pub(in crate::system) fn root(&self) -> &Path {
            self.0.path()
        }
    }

    pub(in crate::system) const V2: &str = "30 23 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n";
    pub(in crate::system) const V1: &str = "\
        32 31 0:29 /docker/c1 /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n\
        33 31 0:30 /docker/c1 /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n\
        34 31 0:31 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

    fn found(files: &Files, controller: &str) -> Option<(Version, Vec<String>)> {
        let found = Hierarchy::find(files.root(), controller)?;
        let relative =
            |group: &PathBuf| group.strip_prefix(files.root()).unwrap().to_str().unwrap().to_owned();
        Some((found.version, found.groups.iter().map(relative).collect()))
    }

    #[test]
    fn a_group_of_version_2_and_those_above() {
        let files = Files::new(&[
            ("proc/self/mountinfo", V2),
            ("proc/self/cgroup", "0::/kubepods/pod1\n"),
            ("sys/fs/cgroup/kubepods/pod1/memory.max", "max"),
        ]);
        let groups = ["sys/fs/cgroup/kubepods/pod1", "sys/fs/cgroup/kubepods", "sys/fs/cgroup"];
        assert_eq!(found(&files, "memory"), Some((Version::Two, groups.map(str::to_owned).to_vec())));
    }

    #[test]
    fn a_path_that_the_mount_does_not_show_is_what_is_mounted() {
        for path in ["0::/somewhere/else\n", "0::/../../other\n", "0::/\n"] {
            let files = Files::new(&[("proc/self/mountinfo", V2), ("proc/self/cgroup", path)]);
            assert_eq!(
                found(&files, "cpu"),
                Some((Version::Two, vec!["sys/fs/cgroup".to_owned()])),
                "{path}"
            );
        }
    }

    #[test]
    fn version_1_by_its_controller_and_the_mounted_part() {
        let membership = "4:memory:/docker/c1/inner\n3:cpu,cpuacct:/docker/c1\n0::/x\n";
        let files = Files::new(&[
            ("proc/self/mountinfo", V1),
            ("proc/self/cgroup", membership),
            ("sys/fs/cgroup/memory/inner/memory.limit_in_bytes", "5"),
        ]);
        let memory = ["sys/fs/cgroup/memory/inner", "sys/fs/cgroup/memory"].map(str::to_owned);
        assert_eq!(found(&files, "memory"), Some((Version::One, memory.to_vec())));
        let cpu = vec!["sys/fs/cgroup/cpu,cpuacct".to_owned()];
        assert_eq!(found(&files, "cpuacct"), Some((Version::One, cpu)));
        assert_eq!(found(&files, "pids").map(|(version, _)| version), Some(Version::Two));
    }

    #[test]
    fn without_the_files_there_is_none() {
        assert_eq!(found(&Files::new(&[]), "memory"), None);
        assert_eq!(found(&Files::new(&[("proc/self/cgroup", "0::/\n")]), "memory"), None);
        assert_eq!(
            found(&Files::new(&[("proc/self/cgroup", "\n:\n"), ("proc/self/mountinfo", V2)]), "memory"),
            None
        );
    }
}
