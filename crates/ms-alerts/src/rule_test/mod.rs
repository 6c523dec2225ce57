//! Unit tests of rules, in the format of promtool.

mod expect;
mod file;
mod number;
mod report;
mod run;

use std::path::Path;

pub use report::{FiringAlert, RuleTestFailure, RuleTestReport};

use crate::Compat;
use crate::rules_file::{Origin, find};
use file::TestFile;

/// What all tests of a file have in common.
struct Setting<'f> {
    file: &'f TestFile,
    origins: &'f [Origin],
    compat: Compat,
}

/// Runs the tests of a file in the format of `promtool test rules`, with its verdict.
///
/// Blocks until all of them have run. Paths in the file are relative to it.
///
/// ```
/// use ms_alerts::{Compat, run_rule_tests};
///
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// std::fs::write(folder.join("alerts.yml"), "
/// groups:
/// - name: service
///   rules:
///   - {alert: Down, expr: up == 0, for: 1m, annotations: {summary: '{{ $labels.job }} is down'}}
/// ")?;
/// std::fs::write(folder.join("alerts.test.yml"), "
/// rule_files: [alerts.yml]
/// tests:
/// - interval: 1m
///   input_series: [{series: 'up{job=\"api\"}', values: '1 0x5'}]
///   alert_rule_test:
///   - {eval_time: 1m, alertname: Down, exp_alerts: []}
///   - eval_time: 2m
///     alertname: Down
///     exp_alerts: [{exp_labels: {job: api}, exp_annotations: {summary: api is down}}]
/// ")?;
/// let report = run_rule_tests(folder.join("alerts.test.yml"), Compat::V3);
/// assert!(report.passed(), "{:?}", report.failures);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn run_rule_tests(file: impl AsRef<Path>, compat: Compat) -> RuleTestReport {
    let path = file.as_ref();
    let mut report = RuleTestReport {
        file: path.to_owned(),
        expectations: 0,
        unmatched: Vec::new(),
        failures: Vec::new(),
    };
    if let Err(failure) = run_all(path, compat, &mut report) {
        report.failures.push(failure);
    }
    report
}

fn run_all(path: &Path, compat: Compat, report: &mut RuleTestReport) -> Result<(), RuleTestFailure> {
    let text = std::fs::read_to_string(path).map_err(|source| RuleTestFailure::Read { source })?;
    let file = file::parse(&text, compat).map_err(|problems| RuleTestFailure::Refused { problems })?;
    report.expectations = file.tests.iter().map(|test| test.alerts.len() + test.expressions.len()).sum();
    let mut origins = Vec::new();
    let folder = path.parent().unwrap_or(Path::new(""));
    for pattern in &file.rule_files {
        let pattern = folder.join(pattern).display().to_string();
        let found = find(&pattern).map_err(|source| RuleTestFailure::Rules { source })?;
        if found.is_empty() {
            report.unmatched.push(pattern);
        }
        origins.extend(found.into_iter().map(Origin::File));
    }
    let setting = Setting { file: &file, origins: &origins, compat };
    for test in &file.tests {
        match run::run(test, &setting) {
            Ok(failures) => report.failures.extend(failures),
            Err(failure) => report.failures.push(failure),
        }
    }
    Ok(())
}
