//! What people at a terminal see; CPython's `pty` makes the terminal.

use ms_logging::Logging;
use serde_json::json;
use tracing::Dispatch;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::logger::LIMIT;
use crate::python::Python;
use crate::table::{ALL, assert_plain, classes, log_everywhere};

/// Set where standard output is a terminal.
const CHILD: &str = "MS_LOGGING_TERMINAL";

#[test]
fn a_terminal_gets_plain_lines_whatever_is_logged() {
    if std::env::var_os(CHILD).is_some() {
        return log_all();
    }
    let test = std::env::current_exe().unwrap();
    let script = r#"
import json, os, pty, sys
program, child = json.load(sys.stdin)
os.environ[child] = "1"
os.environ["NO_COLOR"] = "1"
answer = os.fdopen(os.dup(1), "w")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
out = bytearray()
def read(fd):
    data = os.read(fd, 65536)
    out.extend(data)
    return data
status = pty.spawn([program, "--exact", "terminal::a_terminal_gets_plain_lines_whatever_is_logged", "--nocapture"], read)
print(json.dumps([status, out.decode("utf-8")]), file=answer)"#;
    let answer = Python::run(script, "UTC", &json!([test, CHILD]));
    let shown = answer[1].as_str().unwrap();
    assert_eq!(answer[0], 0, "{shown:.2000}");
    let (_, shown) = shown.split_once("begin here\r\n").expect("a first line");
    let (shown, _) = shown.split_once("end here\r\n").expect("a last line");
    let lines: Vec<&str> = shown.split("\r\n").collect();
    // The last piece is the head of the line that ends it all.
    assert_eq!(lines.len(), classes().len() * 9 + 2);
    for line in &lines[..lines.len() - 1] {
        assert_plain(line);
        let (time, rest) = line.split_at(12);
        let digits: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        assert_eq!(digits, "00:00:00.000", "{line:.100}");
        assert!(rest.starts_with(" INFO  ") || rest.starts_with(" ERROR "), "{line:.100}");
    }
}

fn log_all() {
    let (layer, guard) =
        Logging::builder().no_file().rust_log(false).filter("trace").queue_bytes(64 << 20).layer().unwrap();
    let dispatch = Dispatch::new(tracing_subscriber::registry().with(layer));
    tracing::dispatcher::with_default(&dispatch, || {
        tracing::info!("begin here");
        classes().iter().for_each(|text| log_everywhere(text));
        tracing::info!(target: ALL, "m");
        tracing::info!("end here");
    });
    assert_eq!(guard.shutdown(LIMIT).abandoned, 0);
}
