//! What the panels ask, read by promtool.

use std::process::Command;

use super::{dashboard, panels, semantic};

#[test]
fn promtool_reads_every_query() {
    let (dashboard, semantic) = (dashboard(), semantic());
    let annotations = dashboard["annotations"]["list"].as_array().unwrap();
    let alerts = annotations.iter().map(|annotation| &annotation["target"]);
    let targets =
        panels(&dashboard).chain(panels(&semantic)).flat_map(|panel| panel["targets"].as_array().unwrap());
    let expressions: Vec<_> = targets.chain(alerts).map(|target| target["expr"].as_str().unwrap()).collect();
    let mut rules = "groups:\n- name: dashboard\n  rules:\n".to_owned();
    for (number, expression) in expressions.iter().enumerate() {
        let expression = expression.replace("$__rate_interval", "1m");
        let expression = serde_json::to_string(&expression).unwrap();
        rules.push_str(&format!("  - record: query_{number}\n    expr: {expression}\n"));
    }
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("rules.yml");
    std::fs::write(&file, rules).unwrap();
    let checked = Command::new("promtool").args(["check", "rules"]).arg(file).output();
    let checked = checked.expect("promtool is needed: apt-get install -y prometheus");
    let told = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success(), "{told}{}", String::from_utf8_lossy(&checked.stderr));
    assert!(told.contains(&format!("{} rules found", expressions.len())), "{told}");
}
