//! Real rosters and latencies through the tools and through the running service.
//!
//! CONFORMANCE_DATA names a directory with `rosters/*.expected.json` beside `.csv`, `.jsonl` or their `.gz`,
//! `rosters/bad/faults.json` and `latency/*.expected.json` beside `.csv`.

mod analyze;
mod data;
mod formats;
#[allow(dead_code, reason = "the tests of the whole system use the rest")]
#[path = "../harness/mod.rs"]
mod harness;
mod http;
