//! The facade's units as Grafana's ids.

use metrics::Unit;

/// What Grafana calls the unit of a value.
pub(super) fn of(unit: Option<Unit>) -> &'static str {
    match unit {
        None | Some(Unit::Count) => "short",
        Some(Unit::Percent) => "percent",
        Some(Unit::Seconds) => "s",
        Some(Unit::Milliseconds) => "ms",
        Some(Unit::Microseconds) => "µs",
        Some(Unit::Nanoseconds) => "ns",
        Some(Unit::Tebibytes) => "tbytes",
        Some(Unit::Gibibytes) => "gbytes",
        Some(Unit::Mebibytes) => "mbytes",
        Some(Unit::Kibibytes) => "kbytes",
        Some(Unit::Bytes) => "bytes",
        Some(Unit::TerabitsPerSecond) => "Tbits",
        Some(Unit::GigabitsPerSecond) => "Gbits",
        Some(Unit::MegabitsPerSecond) => "Mbits",
        Some(Unit::KilobitsPerSecond) => "Kbits",
        Some(Unit::BitsPerSecond) => "bps",
        Some(Unit::CountPerSecond) => "cps",
    }
}

/// What Grafana calls the unit of a counter's growth a second.
pub(super) fn per_second(unit: Option<Unit>) -> &'static str {
    match unit {
        None | Some(Unit::Count) => "cps",
        Some(Unit::Bytes) => "binBps",
        Some(Unit::Kibibytes) => "KiBs",
        Some(Unit::Mebibytes) => "MiBs",
        Some(Unit::Gibibytes) => "GiBs",
        Some(Unit::Tebibytes) => "TiBs",
        // Of seconds a second it is a share or a number of cores; the others have no unit of their own.
        Some(_) => "short",
    }
}
