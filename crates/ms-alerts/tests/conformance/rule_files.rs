//! Rule files from the field: what a server refuses is refused, and what we refuse besides is named.

use std::collections::{BTreeMap, BTreeSet};
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

#[test]
fn of_a_hundred_rules_in_use_at_least_ninety_seven_load() {
    let (mut all, mut loaded) = (0, 0);
    let mut refused = Vec::new();
    for (name, path) in super::files(&data("rules/groups")) {
        let text = fs::read_to_string(&path).unwrap();
        let begins = |line: &&str| {
            let line = line.trim_start().trim_start_matches("- ");
            line.starts_with("alert:") || line.starts_with("record:")
        };
        let rules = text.lines().filter(begins).count();
        all += rules;
        // A file is refused whole, so what is counted is the rules that are named.
        let problems = match AlertManager::builder().rules_file(&path) {
            Ok(builder) => {
                assert_eq!(builder.build().unwrap().rules().len(), rules, "{name}");
                Vec::new()
            }
            Err(error) => error.problems().to_vec(),
        };
        let named: BTreeSet<_> = problems.iter().map(|problem| problem.rule()).collect();
        assert!(!named.contains(&None), "{name}: {problems:?}");
        loaded += rules - named.len();
        refused.extend(problems.iter().map(|problem| format!("{name}:{problem}")));
    }
    assert!(all > 0, "no rule found");
    assert!(loaded * 100 >= all * 97, "{loaded} of {all} rules load:\n{}", refused.join("\n"));
}
