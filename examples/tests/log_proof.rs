//! The log_proof tool: the account is exact, and a wrong one would be seen.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

fn log_proof(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_log_proof"));
    command.arg("--dir").arg(directory).args(arguments).output().expect("log_proof runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

/// The number at the start of a row.
fn row(output: &Output, name: &str) -> u64 {
    let line = text(&output.stdout).lines().find(|line| line.starts_with(name));
    let line = line.unwrap_or_else(|| panic!("no row {name} in {}", text(&output.stdout)));
    let number = line[name.len()..].trim_start().split(' ').next().expect("a number");
    number.parse().unwrap_or_else(|_| panic!("no number in {line}"))
}

/// A million through a thousand rotations are for `.ci/proof`, which runs the release build.
#[test]
fn lines_through_hundreds_of_rotations_are_all_on_disk() {
    let directory = TempDir::new().expect("a directory");
    let output = log_proof(directory.path(), &["--lines", "100000", "--max-bytes", "30000"]);
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    assert_eq!(
        (row(&output, "written"), row(&output, "dropped"), row(&output, "on disk")),
        (100_000, 0, 100_000)
    );
    assert!(fs::read_dir(directory.path()).expect("read").count() > 400);
}

#[test]
fn what_a_full_queue_drops_is_counted() {
    let directory = TempDir::new().expect("a directory");
    let output = log_proof(directory.path(), &["--lines", "300000", "--policy", "drop", "--durable"]);
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    assert_eq!(row(&output, "on disk") + row(&output, "dropped"), 300_000);
    assert_eq!(row(&output, "told"), row(&output, "dropped"), "the log tells of each");
}

#[test]
fn there_is_no_proof_if_rotation_deletes_or_a_log_is_there() {
    let directory = TempDir::new().expect("a directory");
    let few = ["--lines", "10000", "--max-bytes", "10000", "--backups", "3"];
    let output = log_proof(directory.path(), &few);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("log_proof: rotation has deleted "), "{}", text(&output.stderr));
    let output = log_proof(directory.path(), &few);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).ends_with("proof.log exists already\n"), "{}", text(&output.stderr));
}

#[test]
fn without_a_disk_nothing_is_claimed() {
    let output = log_proof(Path::new("/proc/none"), &["--lines", "10"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("cannot open log file /proc/none/proof.log: "),
        "{}",
        text(&output.stderr)
    );
}
