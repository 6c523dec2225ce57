//! Rule files from the field: what a server refuses is refused, and what we refuse besides is named.

use std::collections::BTreeMap;
use std::fs;

use ms_alerts::AlertManager;
use serde_json::Value;

use super::data;

#[test]
fn no_rule_file_loads_that_a_server_refuses_and_each_refusal_says_where() {
    let expected = fs::read_to_string(data("rules/promtool.expected.json")).unwrap();
    let expected: Value = serde_json::from_str(&expected).unwrap();
    let files: BTreeMap<_, _> = expected["files"].as_object().unwrap().iter().collect();
    let files: Vec<_> =
        files.into_iter().filter(|(_, verdict)| verdict["command"] == "check rules").collect();
    assert!(!files.is_empty(), "no rule file found");
    for (name, verdict) in files {
        let path = data("rules").join(name);
        let Err(error) = AlertManager::builder().rules_file(&path) else {
            assert_eq!(verdict["ok"], true, "{name} loads, and promtool says {}", verdict["says"]);
            continue;
        };
        let lines = fs::read_to_string(&path).map_or(1, |text| text.lines().count().max(1)) as u64;
        assert!(!error.problems().is_empty(), "{name}: {error}");
        for problem in error.problems() {
            assert!((1..=lines + 1).contains(&problem.line()) && problem.column() >= 1, "{name}: {problem}");
            assert!(!problem.message().is_empty());
        }
    }
}
