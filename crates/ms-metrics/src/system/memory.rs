//! Memory and swap: of the machine, or of the limit that the container has.

use std::path::{Path, PathBuf};

use sysinfo::{MemoryRefreshKind, RefreshKind, System};

use super::{cgroup, percent};
use crate::catalog::machine::{
    MEMORY_AVAILABLE, MEMORY_TOTAL, MEMORY_USAGE, MEMORY_USAGE_PERCENT, SWAP_TOTAL, SWAP_USAGE,
};
use crate::collect::{Collect, Outcome, Reading};
use crate::registry::Registry;

pub(super) struct Memory {
    /// Nothing where sysinfo does not know the system.
    system: Option<System>,
    root: PathBuf,
    used: Reading,
    available: Reading,
    total: Reading,
    percent: Reading,
    swap_used: Reading,
    swap_total: Reading,
}

/// Bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Amounts {
    total: u64,
    used: u64,
    available: u64,
}

impl Memory {
    pub(super) fn new(registry: &Registry, root: &Path) -> Self {
        Self {
            system: System::new_with_specifics(RefreshKind::nothing()).ok(),
            root: root.to_owned(),
            used: Reading::gauge(registry, MEMORY_USAGE),
            available: Reading::gauge(registry, MEMORY_AVAILABLE),
            total: Reading::gauge(registry, MEMORY_TOTAL),
            percent: Reading::gauge(registry, MEMORY_USAGE_PERCENT),
            swap_used: Reading::gauge(registry, SWAP_USAGE),
            swap_total: Reading::gauge(registry, SWAP_TOTAL),
        }
    }
}

impl Collect for Memory {
    fn collect(&mut self) -> Outcome {
        let kind = MemoryRefreshKind::nothing().with_ram().with_swap();
        let system = self.system.as_mut().map(|system| {
            system.refresh_memory_specifics(kind);
            &*system
        });
        let machine = system.map(|system| (system.total_memory(), system.available_memory()));
        let amounts = machine.and_then(|(total, available)| amounts(&self.root, total, available));
        let bytes = |amount: fn(Amounts) -> u64| amounts.map(|amounts| amount(amounts) as f64);
        self.total.show(bytes(|amounts| amounts.total));
        self.used.show(bytes(|amounts| amounts.used));
        self.available.show(bytes(|amounts| amounts.available));
        self.percent.show(amounts.and_then(|amounts| percent(amounts.used, amounts.total)));
        self.swap_total.show(system.map(|system| system.total_swap() as f64));
        self.swap_used.show(system.map(|system| system.used_swap() as f64));
        Outcome::of(amounts.as_ref())
    }
}

/// The container's, if it has a limit below what the machine has. Nothing if its use cannot be read.
fn amounts(root: &Path, total: u64, available: u64) -> Option<Amounts> {
    if total == 0 {
        return None;
    }
    let available = available.min(total);
    let Some(container) = cgroup::memory_limit(root, total) else {
        return Some(Amounts { total, used: total - available, available });
    };
    let used = container.used?;
    // The machine may have less left than the limit allows.
    let left = container.limit.saturating_sub(used).min(available);
    Some(Amounts { total: container.limit, used, available: left })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::cgroup::tests::{Files, V2};
    use super::*;

    fn container(limit: &str, current: &str) -> Files {
        Files::new(&[
            ("proc/self/mountinfo", V2),
            ("proc/self/cgroup", "0::/\n"),
            ("sys/fs/cgroup/memory.max", limit),
            ("sys/fs/cgroup/memory.current", current),
        ])
    }

    fn read(files: &Files, total: u64, available: u64) -> Option<[u64; 3]> {
        amounts(files.root(), total, available).map(|seen| [seen.total, seen.used, seen.available])
    }

    #[test]
    fn memory_is_that_of_the_container_if_it_has_a_limit() {
        assert_eq!(read(&Files::new(&[]), 100, 30), Some([100, 70, 30]));
        assert_eq!(read(&container("50", "20"), 100, 30), Some([50, 20, 30]));
        assert_eq!(read(&container("50", "20"), 100, 7), Some([50, 20, 7]));
        assert_eq!(read(&container("50", "60"), 100, 30), Some([50, 50, 0]));
        assert_eq!(read(&container("max", "20"), 100, 30), Some([100, 70, 30]));
        assert_eq!(read(&container("200", "20"), 100, 30), Some([100, 70, 30]), "more than there is");
        assert_eq!(read(&container("50", "x"), 100, 30), None, "rather than the machine's");
    }

    #[test]
    fn a_machine_that_says_nonsense() {
        assert_eq!(read(&Files::new(&[]), 100, 130), Some([100, 0, 100]));
        assert_eq!(read(&Files::new(&[]), 0, 0), None);
        assert_eq!(read(&container("50", "20"), 0, 30), None);
    }

    proptest! {
        // Each case writes files.
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_container_uses_more_than_all(
            limit in "max|[0-9]{1,20}|-1|\\PC{0,3}",
            current in "[0-9]{1,20}|\\PC{0,3}",
            statistics in "((anon|active_file|inactive_file|slab_reclaimable) [0-9]{1,20}\n){0,4}",
            total: u64,
            available: u64,
        ) {
            let files = container(&limit, &current);
            files.write("sys/fs/cgroup/memory.stat", &statistics);
            if let Some(Amounts { total: whole, used, available }) = amounts(files.root(), total, available) {
                prop_assert!(used <= whole && whole <= total && available <= whole);
                let percent = percent(used, whole).unwrap();
                prop_assert!((0.0..=100.0).contains(&percent));
            }
        }
    }
}
