//! Unit tests of rules from the field: the verdict is that of promtool, with one expectation broken too.

use std::fs;
use std::path::Path;
use std::process::Command;

use ms_alerts::{Compat, run_rule_tests};
use serde_json::{Value, json};

use super::data;

fn verdicts() -> Vec<(String, bool)> {
    let expected = fs::read_to_string(data("rules/promtool.expected.json")).unwrap();
    let expected: Value = serde_json::from_str(&expected).unwrap();
    let files = expected["files"].as_object().unwrap().iter();
    let tests = files.filter(|(_, verdict)| verdict["command"] == "test rules");
    tests.map(|(name, verdict)| (name.clone(), verdict["ok"].as_bool().unwrap())).collect()
}

#[test]
fn files_of_tests_have_the_verdict_of_promtool() {
    let verdicts = verdicts();
    assert!(!verdicts.is_empty(), "no file of tests found");
    for (name, passes) in verdicts {
        let report = run_rule_tests(data("rules").join(&name), Compat::V2_42);
        assert_eq!(report.passed(), passes, "{name}: {:?}", report.failures);
    }
}

/// Changes an expectation, each in one way; gives the file anew.
fn broken(file: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    let tests = file["tests"].as_array().unwrap();
    for (test, of_test) in tests.iter().enumerate() {
        for (kind, list) in [("alert_rule_test", "exp_alerts"), ("promql_expr_test", "exp_samples")] {
            for (item, of_item) in of_test[kind].as_array().into_iter().flatten().enumerate() {
                let expected = of_item[list].as_array().cloned().unwrap_or_default();
                let extra = match kind {
                    "alert_rule_test" => json!({"exp_labels": {"another": "1"}}),
                    _ => json!({"labels": "{another=\"1\"}", "value": 1}),
                };
                let mut change = |changed: Vec<Value>| {
                    let mut file = file.clone();
                    file["tests"][test][kind][item][list] = json!(changed);
                    all.push(file);
                };
                change([&expected[..], &[extra]].concat());
                for place in 0..expected.len() {
                    let mut fewer = expected.clone();
                    fewer.remove(place);
                    change(fewer);
                    for (key, value) in [
                        ("value", json!(-12345)),
                        ("labels", json!("{another=\"1\"}")),
                        ("exp_labels", json!({"another": "1"})),
                        ("exp_annotations", json!({"another": "1"})),
                    ] {
                        let of_kind = key.starts_with("exp_") == (kind == "alert_rule_test");
                        let mut other = expected.clone();
                        if of_kind {
                            other[place][key] = value;
                            change(other);
                        }
                    }
                }
            }
        }
    }
    all
}

#[test]
fn a_file_with_one_expectation_broken_has_the_verdict_of_promtool() {
    let mut compared = 0;
    for (name, _) in verdicts().into_iter().filter(|(_, passes)| *passes) {
        let path = data("rules").join(&name);
        let folder = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(path.parent().unwrap()).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
        let file: Value = serde_saphyr::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let names: Vec<String> = broken(&file)
            .iter()
            .enumerate()
            .map(|(number, file)| {
                let name = format!("broken-{number}.yml");
                fs::write(folder.path().join(&name), file.to_string()).unwrap();
                name
            })
            .collect();
        let theirs = promtool(folder.path(), &names);
        for (name, passes) in names.iter().zip(theirs) {
            let report = run_rule_tests(folder.path().join(name), Compat::V2_42);
            let text = || fs::read_to_string(folder.path().join(name)).unwrap();
            assert_eq!(report.passed(), passes, "{name}: {:?}\n{}", report.failures, text());
            compared += 1;
        }
    }
    println!("{compared} broken files compared");
    assert!(compared > 0, "no expectation found to break");
}

/// Whether each file passes.
fn promtool(folder: &Path, files: &[String]) -> Vec<bool> {
    if files.is_empty() {
        return Vec::new();
    }
    let output = Command::new("promtool").args(["test", "rules"]).args(files).current_dir(folder).output();
    let output = output.expect("promtool; install it with: apt-get install prometheus");
    let said = String::from_utf8(output.stdout).unwrap();
    let of_files: Vec<&str> = said.split("Unit Testing:").skip(1).collect();
    assert_eq!(of_files.len(), files.len(), "{said}");
    of_files.iter().map(|said| said.contains("\n  SUCCESS")).collect()
}
