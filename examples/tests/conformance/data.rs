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

/// The rosters of a folder with what is wrong in each, as its `faults.json` says.
///
/// An error names the rosters that it leaves out, and those that are not there.
pub fn bad_rosters(directory: &Path) -> Result<Vec<(PathBuf, BTreeSet<Place>)>, String> {
    const FAULTS: &str = "faults.json";
    let faults = read(&directory.join(FAULTS));
    let faults = faults.as_object().expect("an object by file");
    let entries =
        std::fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let names = entries.map(|entry| entry.expect("a directory entry").file_name());
    let mut names: BTreeSet<_> = names.map(|name| name.into_string().expect("UTF-8")).collect();
    names.remove(FAULTS);
    let told = faults.keys().cloned().collect();
    let lost: Vec<_> = names.symmetric_difference(&told).collect();
    if !lost.is_empty() || told.is_empty() {
        return Err(format!("only a file or only an entry of {FAULTS}: {lost:?}"));
    }
    let places = |places: &Value| places.as_array().expect("a list").iter().map(fault).collect();
    Ok(faults.iter().map(|(name, faults)| (directory.join(name), places(faults))).collect())
}

pub fn fault(fault: &Value) -> Place {
    (fault["line"].as_u64().expect("a line"), fault["column"].as_str().map(str::to_owned))
}

/// A line break within a name may be refused wherever it is.
pub fn is_tolerated(file: &Path, found: &Place, expected: &BTreeSet<Place>) -> bool {
    let name = file.file_name().expect("a file").to_string_lossy();
    name.contains("multi-line") && found.1.as_deref() == Some("employee") && !expected.contains(found)
}

#[test]
fn no_bad_roster_and_no_entry_is_left_out() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).expect("written");
    let rosters = || bad_rosters(directory.path());
    write("faults.json", "{}");
    rosters().expect_err("nothing to try");
    write("faults.json", r#"{"a.csv":[{"line":1,"column":null}],"b.csv":[]}"#);
    write("a.csv", "");
    assert!(rosters().expect_err("an entry without its file").contains("b.csv"));
    write("b.csv", "");
    assert_eq!(rosters().expect("complete").len(), 2);
    write("c.csv", "");
    assert!(rosters().expect_err("a file without its entry").contains("c.csv"));
}
