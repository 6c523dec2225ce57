//! The rosters in CONFORMANCE_DATA through the API of the running service.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use serde_json::Value;

use crate::data::{Place, answered, bad_rosters, data, fault, is_tolerated, same};
use crate::harness::{Answer, Client, Service};

/// Reads a roster, unpacked if need be, and its media type.
fn roster(path: &Path) -> (&'static str, Vec<u8>) {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let name = path.to_str().expect("UTF-8");
    let (name, bytes) = match name.strip_suffix(".gz") {
        Some(name) => {
            let mut unpacked = Vec::new();
            GzDecoder::new(&*bytes).read_to_end(&mut unpacked).expect("gzip");
            (name, unpacked)
        }
        None => (name, bytes),
    };
    (if name.ends_with(".csv") { "text/csv" } else { "application/x-ndjson" }, bytes)
}

fn import(service: &Client, path: &Path) -> Answer {
    let (kind, bytes) = roster(path);
    service.import(kind, bytes)
}

#[test]
fn the_service_reports_on_every_roster_as_pandas_does() {
    for (path, expected) in answered("rosters", &[".csv", ".csv.gz", ".jsonl", ".jsonl.gz"]) {
        let service = Service::start(&[]);
        let name = path.display().to_string();
        let imported = import(&service, &path).ok(200);
        assert_eq!(imported["rejected"], Value::Array(Vec::new()), "{name}");
        assert_eq!(imported["accepted"], expected["total_shifts"], "{name}");
        same(&service.get("/api/v1/reports/shifts").ok(200), &expected, &name);
    }
}

#[test]
fn the_service_finds_every_fault_of_the_bad_rosters() {
    for (file, expected) in bad_rosters(&data("rosters/bad")).expect("all are known") {
        let service = Service::start(&[]);
        let name = file.display().to_string();
        let answer = import(&service, &file);
        let outcome = if answer.status == 422 { answer.problem(422) } else { answer.ok(200) };
        let mut found: BTreeSet<Place> =
            outcome["rejected"].as_array().expect("a list").iter().map(fault).collect();
        found.retain(|found| !is_tolerated(&file, found, &expected));
        assert_eq!(found, expected, "{name}: {outcome}");
        // A file of which nothing can be read has its fault in the header or in its bytes.
        assert!(answer.status == 200 || outcome["accepted"] == 0, "{name}: {outcome}");
        let kept = service.get("/api/v1/reports/shifts").ok(200)["total_shifts"].clone();
        assert_eq!(kept, outcome["accepted"], "{name}: {outcome}");
    }
}
