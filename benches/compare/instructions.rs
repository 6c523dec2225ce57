//! Instructions, which other programs on the machine cannot change.

use std::process::Command;

use peers::http::{App, Stack};

/// Counts the instructions of a request under `stack`, once its handles are known.
pub fn of_request(stack: Stack) -> f64 {
    const REQUESTS: u64 = 1_000;
    let program = std::env::current_exe().expect("this program");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*serve_repeatedly*"])
        .arg(program)
        .args(["--serve", stack.name(), "--times", &REQUESTS.to_string()])
        .output()
        .expect("valgrind; install it with: apt-get install valgrind");
    let report = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "valgrind failed: {report}");
    collected(&report) / REQUESTS as f64
}

/// The instructions that valgrind reports.
pub fn collected(report: &str) -> f64 {
    let collected = report.lines().find_map(|line| line.split_once("Collected : "));
    let collected: Option<u64> = collected.and_then(|(_, count)| count.trim().parse().ok());
    let counted = collected.filter(|count| *count > 0);
    counted.unwrap_or_else(|| panic!("nothing counted: {report}")) as f64
}

/// What is run under valgrind. Making the app is not counted: a clock is calibrated there, for as many instructions as
/// fit into a time.
pub fn serve_counted(stack: Stack, times: u64) {
    let mut app = stack.app();
    for _ in 0..10 {
        app.serve();
    }
    serve_repeatedly(&mut app, times);
    app.check();
}

#[inline(never)]
fn serve_repeatedly(app: &mut App, times: u64) {
    for _ in 0..times {
        app.serve();
    }
}
