//! Real expositions, rule files and time lines against the verdict of a Prometheus server.
//!
//! CONFORMANCE_DATA names a directory with
//! - `exposition/verdicts.json`: for each file in `exposition/` what a server that scraped it as text 0.0.4 said
//!   (`prometheus_text`), and what prometheus_client read (`client_text`);
//! - `rules/promtool.expected.json`: what promtool said of each rule file in `rules/`;
//! - `promqltest/v2.42/*.test` and `promqltest/v3*/*.test`: Prometheus's own tests of its engine;
//! - `rules/groups/`: the rules in use themselves, asked of a real Prometheus that is started here;
//! - `alert-timelines/*.jsonl`: rules with their samples, and the alerts that a server had at each step.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests assert by panicking"
)]

mod promqltest;
mod real_rules;
mod rule_files;
mod rule_tests;
mod timelines;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ms_alerts::parse_exposition_bytes;
use serde_json::Value;

fn data(folder: &str) -> PathBuf {
    let root =
        std::env::var_os("CONFORMANCE_DATA").expect("CONFORMANCE_DATA names the directory of the test data");
    Path::new(&root).join(folder)
}

/// Every file below `folder` but the verdicts, by its path from there.
fn files(folder: &Path) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_none_or(|kind| kind != "json") {
                found.insert(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned(), path);
            }
        }
    }
    found
}

fn verdicts() -> BTreeMap<String, Value> {
    let text = fs::read_to_string(data("exposition/verdicts.json")).unwrap();
    // Python writes time stamps that are no numbers as bare words, which JSON does not know.
    let words = |line: &str| match line.trim().trim_end_matches(',') {
        word @ ("NaN" | "Infinity" | "-Infinity") => line.replacen(word, &format!("\"{word}\""), 1),
        _ => line.to_owned(),
    };
    serde_json::from_str(&text.lines().map(words).collect::<Vec<_>>().join("\n")).unwrap()
}

#[test]
fn expositions_are_accepted_and_refused_as_by_a_prometheus_server() {
    let (verdicts, files) = (verdicts(), files(&data("exposition")));
    assert!(!files.is_empty(), "no exposition found");
    for (name, path) in &files {
        let verdict = verdicts.get(name).unwrap_or_else(|| panic!("no verdict for {name}"));
        let judge = &verdict["prometheus_text"];
        let bytes = fs::read(path).unwrap();
        let read = parse_exposition_bytes(&bytes);
        assert_eq!(read.is_ok(), judge["ok"].as_bool().unwrap(), "{name}: {read:?}, the judge says {judge}");
        if let Ok(samples) = read {
            assert_eq!(samples.len() as u64, judge["samples"].as_u64().unwrap(), "{name}");
        }
    }
    let missing: Vec<_> = verdicts.keys().filter(|name| !files.contains_key(*name)).collect();
    assert!(missing.is_empty(), "judged but not there: {missing:?}");
}

#[test]
fn samples_are_those_that_prometheus_client_reads() {
    let mut compared = 0;
    let verdicts = verdicts();
    for (name, path) in files(&data("exposition")) {
        let client = &verdicts[&name]["client_text"];
        let bytes = fs::read(&path).unwrap();
        let Ok(ours) = parse_exposition_bytes(&bytes) else { continue };
        if client["ok"].as_bool() != Some(true) {
            continue;
        }
        let theirs = client["samples"].as_array().unwrap();
        assert_eq!(ours.len(), theirs.len(), "{name}");
        let mut ours: Vec<_> = ours.iter().map(|sample| describe(&sample)).collect();
        let mut theirs: Vec<_> = theirs.iter().map(describe_theirs).collect();
        ours.sort();
        theirs.sort();
        assert_eq!(ours, theirs, "{name}");
        compared += 1;
    }
    assert!(compared > 0, "no exposition found that both accept");
}

type Described = (String, BTreeMap<String, String>, u64);

fn describe(sample: &ms_alerts::Sample<'_>) -> Described {
    let labels = sample.labels().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    (sample.name().to_owned(), labels, bits(sample.value()))
}

fn describe_theirs(sample: &Value) -> Described {
    let value = match &sample[2] {
        Value::String(word) => word.parse().unwrap(),
        number => number.as_f64().unwrap(),
    };
    let labels = sample[1].as_object().unwrap().iter();
    // An empty value is no label.
    let labels = labels
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .filter(|(_, value)| !value.is_empty());
    (sample[0].as_str().unwrap().to_owned(), labels.collect(), bits(value))
}

/// All NaN are one.
fn bits(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }
}
