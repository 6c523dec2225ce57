//! A verifier takes any file, and notices whatever is done to a trail.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;
use std::{fs, process};

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use ms_logging::{AuditKey, AuditLog, audit_event, verify_audit};

#[derive(Arbitrary, Debug)]
enum Change {
    Replace { at: u16, by: u8 },
    Insert { at: u16, bytes: Vec<u8> },
    Remove { at: u16, count: u8 },
    Swap { one: u8, other: u8 },
}

#[derive(Arbitrary, Debug)]
enum Input {
    File(Vec<u8>),
    Changed { keyed: bool, changes: Vec<Change> },
}

struct Trail {
    key: Option<AuditKey>,
    bytes: Vec<u8>,
}

static FILE: LazyLock<PathBuf> = LazyLock::new(|| PathBuf::from(format!("/dev/shm/audit-{}", process::id())));
static TRAILS: LazyLock<[Trail; 2]> =
    LazyLock::new(|| [None, Some(AuditKey::new([7_u8; 32]))].map(Trail::written));

impl Trail {
    fn written(key: Option<AuditKey>) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("audit.jsonl");
        let mut builder = AuditLog::builder(&path);
        if let Some(key) = key.clone() {
            builder = builder.key(key);
        }
        let log = builder.open().expect("opens");
        for number in 0..4 {
            audit_event!(log, "planned", actor = "planner-4", shift = number).wait().expect("written");
        }
        drop(log);
        Self { key, bytes: fs::read(&path).expect("is there") }
    }
}

fuzz_target!(|input: Input| {
    let (keyed, bytes) = match &input {
        Input::File(bytes) => (false, bytes.clone()),
        Input::Changed { keyed, changes } => (*keyed, changed(&TRAILS[usize::from(*keyed)].bytes, changes)),
    };
    let Trail { key, bytes: original } = &TRAILS[usize::from(keyed)];
    fs::write(&*FILE, &bytes).expect("is written");
    if let Ok(verified) = verify_audit(&*FILE, key.as_ref()) {
        // That the end is missing shows only beside a record kept elsewhere.
        assert!(original.starts_with(&bytes), "a changed trail verifies");
        assert!(bytes.is_empty() || bytes.ends_with(b"\n"));
        assert_eq!(verified.records, bytes.iter().filter(|byte| **byte == b'\n').count() as u64);
    }
});

fn changed(original: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for change in changes.iter().take(8) {
        let place = |at: u16| usize::from(at) % bytes.len().max(1);
        match change {
            Change::Replace { at, by } => {
                let at = place(*at);
                bytes.get_mut(at).into_iter().for_each(|byte| *byte = *by);
            }
            Change::Insert { at, bytes: more } => {
                let at = place(*at).min(bytes.len());
                bytes.splice(at..at, more.iter().copied());
            }
            Change::Remove { at, count } => {
                let at = place(*at).min(bytes.len());
                let end = (at + usize::from(*count)).min(bytes.len());
                bytes.drain(at..end);
            }
            Change::Swap { one, other } => {
                let mut lines: Vec<Vec<u8>> =
                    bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
                if !lines.is_empty() {
                    let count = lines.len();
                    lines.swap(usize::from(*one) % count, usize::from(*other) % count);
                }
                bytes = lines.concat();
            }
        }
    }
    bytes
}
