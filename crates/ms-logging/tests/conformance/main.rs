//! Redaction of labelled lines, and of real server logs that hold nearly nothing to redact.
//!
//! CONFORMANCE_DATA names a directory with `pii/*.jsonl`, each line `{"text","spans":[{"kind","start","end"}],…}` with
//! places in bytes (no spans: nothing may change), and `logs/scan.json` beside the logs that it describes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests assert by panicking"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ms_logging::Redactor;
use serde_json::Value;

/// Values that may survive in each cell of kind and carrier.
const SURVIVING: f64 = 0.005;
/// Lines without anything to redact that may change.
const CHANGED: f64 = 0.001;
/// Words outside the labelled values that may be lost.
const LOST_WORDS: f64 = 0.001;

fn data(folder: &str) -> PathBuf {
    let root =
        std::env::var_os("CONFORMANCE_DATA").expect("CONFORMANCE_DATA names the directory of the test data");
    Path::new(&root).join(folder)
}

fn lines() -> Vec<Value> {
    let directory = data("pii");
    let entries =
        std::fs::read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    assert!(!files.is_empty(), "no line in {}", directory.display());
    let texts: Vec<String> = files.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    texts.iter().flat_map(|text| text.lines()).map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Pieces of letters and digits.
fn words(text: &str, shortest: usize) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(move |word| word.chars().count() >= shortest)
}

/// A value survives as it stands, or if its letters and digits do without what stands between them.
fn survives(value: &str, shown: &str) -> bool {
    let bare: String = value.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect();
    let joined: String = shown.chars().filter(|c| !matches!(c, ' ' | '\u{a0}' | '.' | '-')).collect();
    shown.contains(value) || (bare.chars().count() >= 9 && joined.contains(&bare))
}

#[test]
fn labelled_values_do_not_survive_and_words_around_them_do() {
    let redactor = Redactor::default();
    let mut cells: BTreeMap<(String, String), (u32, u32)> = BTreeMap::new();
    let (mut all, mut lost) = (0_u32, 0_u32);
    for line in lines() {
        let text = line["text"].as_str().unwrap();
        let shown = redactor.redact(text);
        let mut last = 0;
        for span in line["spans"].as_array().unwrap() {
            let place = |key: &str| usize::try_from(span[key].as_u64().unwrap()).unwrap();
            let (start, end) = (place("start"), place("end"));
            let carrier = line["carrier"].as_str().unwrap_or("none").to_owned();
            let cell = cells.entry((span["kind"].as_str().unwrap().to_owned(), carrier)).or_default();
            cell.0 += 1;
            if survives(&text[start..end], &shown) {
                cell.1 += 1;
                eprintln!("survives: {text}\n       -> {shown}");
            }
            for word in words(&text[last..start], 4) {
                all += 1;
                lost += u32::from(!shown.contains(word));
            }
            last = end;
        }
        if last > 0 {
            for word in words(&text[last..], 4) {
                all += 1;
                let gone = !shown.contains(word);
                lost += u32::from(gone);
                if gone {
                    eprintln!("lost {word}: {text}\n       -> {shown}");
                }
            }
        }
    }
    assert!(!cells.is_empty(), "no labelled line found");
    for ((kind, carrier), (values, surviving)) in &cells {
        let share = f64::from(*surviving) / f64::from(*values);
        assert!(share <= SURVIVING, "{kind} in {carrier}: {surviving} of {values} survive");
    }
    assert!(f64::from(lost) <= LOST_WORDS * f64::from(all), "{lost} of {all} words lost");
}

#[test]
fn lines_without_secrets_stay_as_they_are() {
    let redactor = Redactor::default();
    let (mut all, mut changed) = (0_u32, 0_u32);
    for line in lines().iter().filter(|line| line["spans"].as_array().unwrap().is_empty()) {
        let text = line["text"].as_str().unwrap();
        let shown = redactor.redact(text);
        all += 1;
        if shown != text {
            changed += 1;
            eprintln!("changed: {text}\n      -> {shown}");
        }
    }
    assert!(all > 0, "no line without a secret found");
    assert!(f64::from(changed) <= CHANGED * f64::from(all), "{changed} of {all} lines changed");
}

#[test]
fn real_logs_hold_only_what_the_scan_names() {
    let redactor = Redactor::default();
    let scan: Value =
        serde_json::from_reader(std::fs::File::open(data("logs/scan.json")).expect("logs/scan.json"))
            .unwrap();
    let files = scan.as_object().unwrap();
    assert!(!files.is_empty(), "no log is named");
    for (name, allowed) in files {
        let bytes = std::fs::read(data("logs").join(name)).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let count = |key: &str| allowed[key].as_array().map_or(0, Vec::len);
        let mut keyed = allowed["key_password_lines"].as_u64().unwrap_or(0)
            + allowed["urls_with_credentials"].as_u64().unwrap_or(0);
        let mut found = std::collections::BTreeSet::new();
        for line in text.lines() {
            for span in redactor.spans(line) {
                let value = &line[span.start..span.end];
                match span.kind.as_str() {
                    "password" | "bearer" | "dsn_secret" if keyed > 0 => keyed -= 1,
                    kind => {
                        found.insert((kind, value.to_owned(), line.to_owned()));
                    }
                }
            }
        }
        let values: std::collections::BTreeSet<_> =
            found.iter().map(|(kind, value, _)| (kind, value)).collect();
        let most = count("email_like") + count("phone_like") + count("tckn_valid_11_digit_runs");
        assert!(values.len() <= most, "{name}: {found:#?}");
    }
}
