//! Instructions, which other programs on the machine cannot change.

use std::process::Command;

/// Counts the instructions of a call of what `arguments` and a number of calls make this program do. Twice as many calls
/// are counted too, so that what the start costs cancels.
pub fn per_call(arguments: &[&str], calls: u64) -> f64 {
    let once = counted(arguments, calls);
    let twice = counted(arguments, 2 * calls);
    (twice - once) / calls as f64
}

fn counted(arguments: &[&str], calls: u64) -> f64 {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(arguments)
        .args(["--times", &calls.to_string()])
        .output()
        .expect("valgrind; install it with: apt-get install valgrind");
    let report = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "valgrind failed: {report}");
    let collected = report.lines().find_map(|line| line.split_once("Collected : "));
    let (_, collected) = collected.unwrap_or_else(|| panic!("valgrind counted nothing: {report}"));
    collected.trim().parse().expect("a number")
}
