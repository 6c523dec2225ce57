//! How long processes queue, and how long the machine has been up.

use sysinfo::System;

use crate::catalog::machine::{BOOT_TIME, LOAD_1, LOAD_5, LOAD_15, UPTIME};
use crate::collect::{Collect, Outcome, Reading};
use crate::registry::Registry;

pub(super) struct Load([Reading; 3]);

impl Load {
    pub(super) fn new(registry: &Registry) -> Self {
        Self([LOAD_1, LOAD_5, LOAD_15].map(|name| Reading::gauge(registry, name)))
    }
}

impl Collect for Load {
    fn collect(&mut self) -> Outcome {
        let load = System::load_average().ok();
        let values = load.as_ref().map(|load| [load.one, load.five, load.fifteen]);
        for (minutes, reading) in self.0.iter().enumerate() {
            reading.show(values.and_then(|values| values.get(minutes).copied()));
        }
        Outcome::of(values.as_ref())
    }
}

pub(super) struct Uptime {
    uptime: Reading,
    boot_time: Reading,
}

impl Uptime {
    pub(super) fn new(registry: &Registry) -> Self {
        Self { uptime: Reading::gauge(registry, UPTIME), boot_time: Reading::gauge(registry, BOOT_TIME) }
    }
}

impl Collect for Uptime {
    fn collect(&mut self) -> Outcome {
        // Both are the kernel's: whatever the wall clock says, they are not before 1970.
        let uptime = System::uptime().ok();
        self.uptime.show(uptime.map(|seconds| seconds as f64));
        self.boot_time.show(System::boot_time().ok().map(|seconds| seconds as f64));
        Outcome::of(uptime.as_ref())
    }
}
