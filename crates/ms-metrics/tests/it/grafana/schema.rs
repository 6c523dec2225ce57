//! Grafana's own types, and the TypeScript compiler in its strictest mode.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::{dashboard, panels, requests};

/// Checks each dashboard; returns the names of those that the compiler refuses, and what it says.
fn refused(dashboards: &[(&str, Value)]) -> (Vec<String>, String) {
    // Beside the packages, so that imports find them.
    let node = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("node");
    let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.ci/node");
    let install = format!(
        "mkdir -p {0} && cp {lock}/package*.json {0} && npm ci --ignore-scripts --prefix {0}",
        node.display()
    );
    fs::create_dir_all(&node).unwrap();
    let directory = tempfile::tempdir_in(&node).unwrap();
    fs::write(directory.path().join("strict.ts"), include_str!("strict.ts")).unwrap();
    for (name, dashboard) in dashboards {
        let source = format!(
            "import type {{ Published, Strict }} from './strict';\n\
             export const strict: Strict = {dashboard};\n\
             export const published: Published = strict;\n"
        );
        fs::write(directory.path().join(name).with_extension("ts"), source).unwrap();
    }
    let mut compiler = Command::new(node.join("node_modules/.bin/tsc"));
    compiler.args([
        "--strict",
        "--noEmit",
        "--skipLibCheck",
        "--module",
        "preserve",
        "--moduleResolution",
        "bundler",
    ]);
    compiler.args(["--target", "es2022", "--pretty", "false"]);
    let names = dashboards.iter().map(|(name, _)| format!("{name}.ts"));
    let compiled = compiler.args(names).current_dir(directory.path()).output();
    let compiled =
        compiled.unwrap_or_else(|_| panic!("needs `apt-get install -y nodejs npm`, then: {install}"));
    let told = String::from_utf8(compiled.stdout).unwrap();
    assert!(!told.contains("TS2307"), "Grafana's types are missing: {install}\n{told}");
    let wrong = |name: &&str| told.lines().any(|line| line.starts_with(&format!("{name}.ts(")));
    let wrong: Vec<_> = dashboards.iter().map(|(name, _)| *name).filter(wrong).map(str::to_owned).collect();
    assert_eq!(compiled.status.success(), wrong.is_empty(), "{told}");
    (wrong, told)
}

#[test]
fn grafanas_published_types_take_a_dashboard_and_refuse_what_they_do_not_know() {
    let good = requests();
    let heatmap = panels(&good).position(|panel| panel["type"] == "heatmap").unwrap();
    let pointer = |number: usize, rest: &str| {
        let nth = panels(&good).nth(number).unwrap();
        let all = good["panels"].as_array().unwrap();
        format!("/panels/{}{rest}", all.iter().position(|panel| panel == nth).unwrap())
    };
    let mut cases = vec![("all", dashboard()), ("good", good.clone())];
    for (name, place, key, value) in [
        ("unknown_key", String::new(), "colour", json!("red")),
        ("wrong_type", pointer(0, ""), "id", json!("1001")),
        ("wrong_panel", pointer(0, ""), "type", json!("graph")),
        ("wrong_enum", pointer(0, "/options/legend"), "placement", json!("left")),
        ("wrong_line", pointer(0, "/fieldConfig/defaults/custom"), "drawStyle", json!("dots")),
        ("unknown_option", pointer(heatmap, "/options"), "buckets", json!(3)),
        ("unknown_query", pointer(0, "/targets/0"), "expression", json!("up")),
        ("wrong_variable", "/templating/list/0".to_owned(), "type", json!("prometheus")),
        ("unknown_annotation", "/annotations/list/0".to_owned(), "expr", json!("ALERTS")),
    ] {
        let mut bad = good.clone();
        bad.pointer_mut(&place).unwrap_or_else(|| panic!("{place}"))[key] = value;
        cases.push((name, bad));
    }
    let mut without = good.clone();
    without.as_object_mut().unwrap().remove("schemaVersion");
    cases.push(("no_version", without));

    let (refused, told) = refused(&cases);
    let expected: Vec<_> = cases.iter().map(|(name, _)| *name).skip(2).collect();
    assert_eq!(refused, expected, "{told}");
}
