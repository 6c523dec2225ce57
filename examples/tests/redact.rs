//! The redact tool as its users see it: what it writes, what it leaves alone, how it ends.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_redact"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn redact(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = command(arguments).spawn().expect("redact starts");
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // It may have ended already, on a wrong option for instance.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("redact ends");
    writer.join().expect("written");
    output
}

fn lines(input: &[u8]) -> Vec<u8> {
    let output = redact(&[], input);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty());
    output.stdout
}

fn spans(input: &[u8]) -> Vec<Value> {
    let output = redact(&["--spans"], input);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

#[test]
fn values_go_and_every_other_byte_stays() {
    for (input, expected) in [
        (&b"tckn=10000000146 oda=7\r\nok\n"[..], &b"tckn=[redacted] oda=7\r\nok\n"[..]),
        (b"password=hunter2", b"password=[redacted]"),
        (b"", b""),
        (b"\n\n", b"\n\n"),
        (
            b"a\0b\x1b[31m \xff\xfe password=hunter2 \xff\n",
            b"a\0b\x1b[31m \xff\xfe password=[redacted] \xff\n",
        ),
        // ISO 8859-9: şifre, Ayşe.
        (
            b"\xfeifre=hunter2 hasta_ad\xfd=\"Ay\xfee\" oda=7\n",
            b"\xfeifre=[redacted] hasta_ad\xfd=\"[redacted]\" oda=7\n",
        ),
        (b"\xef\xbb\xbfmail a@example.org\n", b"\xef\xbb\xbfmail [redacted]\n"),
    ] {
        assert_eq!(String::from_utf8_lossy(&lines(input)), String::from_utf8_lossy(expected));
        assert_eq!(lines(&lines(input)), lines(input));
    }
}

#[test]
fn spans_are_places_in_the_bytes_of_each_line() {
    let found = spans("hasta_adı=\"Ayşe\" tckn=10000000146\r\n\nok\npassword: hunter2".as_bytes());
    assert_eq!(
        found,
        [
            json!([
                {"kind": "patient_name", "start": 12, "end": 17},
                {"kind": "tckn", "start": 24, "end": 35}
            ]),
            json!([]),
            json!([]),
            json!([{"kind": "password", "start": 10, "end": 17}]),
        ]
    );
    assert_eq!(spans(b"\xfeifre=hunter2\n"), [json!([{"kind": "password", "start": 6, "end": 13}])]);
    assert!(spans(b"").is_empty());
}

#[test]
fn a_report_counts_by_kind() {
    let output =
        redact(&["--report"], b"tckn=10000000146 a@example.org b@example.org\nok\npassword=hunter2\n");
    let report = String::from_utf8(output.stderr).expect("UTF-8");
    let counts: Vec<Vec<&str>> = report.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(counts[..3], [vec!["email", "2"], vec!["password", "1"], vec!["tckn", "1"]]);
    assert_eq!(report.lines().last(), Some("lines         3, with something to redact: 2"));
    assert_eq!(output.stdout, b"tckn=[redacted] [redacted] [redacted]\nok\npassword=[redacted]\n");
}

/// Longer than what is held at once, with a secret at every place where it might be cut.
#[test]
fn lines_of_megabytes_lose_nothing_but_their_secrets() {
    let piece = "x tckn=10000000146 hasta_adi=\"Ayşe Yılmaz\" TR33 0006 1005 1978 6457 8413 26 ";
    let clean = "x tckn=[redacted] hasta_adi=\"[redacted]\" [redacted] ";
    let count = 5 * 1024 * 1024 / piece.len();
    let input = format!("before\n{}\nafter a@example.org\n", piece.repeat(count));
    let expected = format!("before\n{}\nafter [redacted]\n", clean.repeat(count));
    assert!(lines(input.as_bytes()) == expected.as_bytes());

    let found = spans(input.as_bytes());
    assert_eq!(found.len(), 3);
    let line = piece.repeat(count);
    let long = found[1].as_array().expect("an array");
    assert_eq!(long.len(), 3 * count);
    let mut end = 0;
    for span in long {
        let place = |key: &str| usize::try_from(span[key].as_u64().expect("a number")).expect("small");
        assert!(place("start") >= end);
        end = place("end");
        let value = &line[place("start")..end];
        assert!(
            ["10000000146", "Ayşe Yılmaz", "TR33 0006 1005 1978 6457 8413 26"].contains(&value),
            "{value}"
        );
    }

    let without_space = "x".repeat(3 * 1024 * 1024);
    assert!(lines(without_space.as_bytes()) == without_space.as_bytes());
}

#[test]
fn each_line_comes_out_before_the_next_is_awaited() {
    let mut child = command(&[]).spawn().expect("redact starts");
    let mut stdin = child.stdin.take().expect("piped");
    let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
    for number in 0..3 {
        writeln!(stdin, "{number} password=hunter2").expect("written");
        let mut line = String::new();
        stdout.read_line(&mut line).expect("read");
        assert_eq!(line, format!("{number} password=[redacted]\n"));
    }
    drop(stdin);
    assert!(child.wait().expect("redact ends").success());
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let mut child = command(&["--report"]).spawn().expect("redact starts");
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().expect("piped");
    // More than a pipe holds; fails once redact has noticed.
    while stdin.write_all(b"line\n").is_ok() {}
    let mut errors = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut errors).expect("read");
    assert_eq!(child.wait().expect("redact ends").code(), Some(0));
    assert!(!errors.contains("roken pipe"), "{errors}");
}

#[test]
fn wrong_options_are_told() {
    assert_eq!(redact(&["--nonsense"], b"").status.code(), Some(2));
}
