//! Every position of a line with every class of hostile text, in every format.

use std::error::Error;
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt as _;

use ms_logging::{Logging, StructuredLogger, log_event};
use serde_json::{Value, json};
use tracing::{error, info, info_span};

use crate::logger::{LIMIT, Logger, lines};
use crate::python::Python;

/// All at once, where a text must be known to the compiler.
pub(crate) const ALL: &str = "a\n\r\t\u{1b}[31m\u{1}\u{7f}\u{85}\u{9b}\u{2028}\u{2029}\u{61c}\u{200e}\u{202e}\u{2066}\u{206a}\"\\\u{feff}ç👩‍⚕️{}";

/// What has ever forged a line, a level or a key, or turned a text around.
pub(crate) fn classes() -> Vec<String> {
    let range = |from: u32, to: u32| -> String { (from..=to).filter_map(char::from_u32).collect() };
    let mut classes: Vec<String> = [
        "\0",
        "\"",
        "\\",
        "\\n",
        "\\\"",
        "\u{feff}",
        "\u{1b}[2J\u{1b}[31mred\u{1b}[0m\u{1b}]0;title\u{7}",
        "a\r\n2026-01-01 00:00:00,000 - medschedule - ERROR - forged",
        "a\n{\"timestamp\":\"2026-01-01T00:00:00.000000Z\",\"event_type\":\"log\",\"data\":{\"level\":\"ERROR\"}}",
        "\",\"level\":\"ERROR\",\"x\":\"",
        "x\" level=\"ERROR\" truncated=true y=\"",
        "} in request{id=1} truncated=true",
        "ç👩‍⚕️ Ayşe İĞÜÇÖ e\u{301} — “ok” %s {} {{}} $1",
        "",
        " ",
        "=",
    ]
    .map(str::to_owned)
    .to_vec();
    classes.extend([
        range(1, 0x1f),
        range(0x7f, 0x9f),
        range(0x2028, 0x202e),
        range(0x2066, 0x206f),
        "\u{61c}\u{200e}\u{200f}".to_owned(),
        String::from_utf8_lossy(b"a\xff\xfe\xc3(\xe2\x82\xed\xa0\x80z").into_owned(),
        "uzun satır ".repeat(20_000),
        "x".repeat(100_000),
    ]);
    classes
}

/// No character but the end of the line that a terminal or an editor acts on.
pub(crate) fn assert_plain(line: &str) {
    let acts = |c: &char| {
        c.is_control()
            || matches!(*c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}' | '\u{feff}')
    };
    assert_eq!(line.chars().find(acts), None, "{line:?}");
    assert!(line.len() < 64 * 1024, "{}", line.len());
}

#[derive(Debug)]
struct Chained(String);

impl fmt::Display for Chained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("outer")
    }
}

impl Error for Chained {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(Box::leak(Box::<dyn Error>::from(self.0.clone())))
    }
}

/// Where `text` is logged; each position is one event.
const POSITIONS: usize = 10;

pub(crate) fn log_everywhere(text: &str) {
    info!("{text}");
    info!(value = text, "m");
    info!(display = %text, debug = ?text, "m");
    error!(error = &Chained(text.to_owned()) as &(dyn Error + 'static), "m");
    info!(bytes = text.as_bytes(), path = ?OsStr::from_bytes(b"a\xff\n"), "m");
    log_event!(text, key = text);
    StructuredLogger.log_event(text, json!({text: text, "list": [text]}));
    info_span!("span", field = text).in_scope(|| info!("in a span"));
    let span = info_span!("span", late = tracing::field::Empty);
    span.record("late", text);
    span.in_scope(|| info!("in a span"));
    log::log!(target: text, log::Level::Info, "bridged {text}");
}

/// CPython reads each line; a key that occurs twice, NaN or Infinity is an error of the script.
fn read(lines: &[String]) -> Vec<Value> {
    let script = r#"
import json, sys
def once(pairs):
    assert len({k for k, _ in pairs}) == len(pairs), pairs
    return dict(pairs)
def no(constant):
    raise ValueError(constant)
print(json.dumps([json.loads(l, object_pairs_hook=once, parse_constant=no) for l in json.load(sys.stdin)]))"#;
    serde_json::from_value(Python::run(script, "UTC", &json!(lines))).unwrap()
}

#[test]
fn every_class_in_every_position_is_one_line_that_says_what_was_said() {
    let logger = Logger::start();
    let classes = classes();
    logger.log(|| classes.iter().for_each(|text| bridged(|| log_everywhere(text))));
    let (text, json) = logger.finish();
    assert_eq!((text.len(), json.len()), (classes.len() * POSITIONS, classes.len() * POSITIONS));
    text.iter().chain(&json).for_each(|line| assert_plain(line));
    let events = read(&json);
    for (said, events) in classes.iter().zip(events.chunks(POSITIONS)) {
        let [message, value, shown, error, bytes, event, structured, span, late, bridged] = events else {
            panic!("{events:?}");
        };
        let levels = events.iter().map(|event| &event["data"]["level"]);
        let level = |(at, level): (usize, &Value)| match at {
            3 => level == "ERROR",
            5 | 6 => level.is_null(),
            _ => level == "INFO",
        };
        assert!(levels.enumerate().all(level), "{events:?}");
        if said.len() > 64 * 1024 {
            let cut = |event: &Value| event.to_string().contains("\"truncated\":true");
            assert!(events.iter().filter(|event| *event != late && *event != span).all(cut), "{said:.20}");
            continue;
        }
        let message = message["data"].get("message").unwrap_or(&json!("")).clone();
        assert_eq!(message, *said);
        assert_eq!(value["data"]["fields"], json!({ "value": said }));
        assert_eq!(shown["data"]["fields"], json!({"display": said, "debug": format!("{said:?}")}));
        assert_eq!(error["data"]["fields"]["error"], format!("outer: caused by: {said}"));
        let hex: String = said.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(bytes["data"]["fields"], json!({"bytes": hex, "path": "\"a\\xFF\\n\""}));
        assert_eq!((&event["event_type"], &event["data"]), (&json!(said), &json!({ "key": said })));
        assert_eq!(structured["event_type"], *said);
        assert_eq!(structured["data"], json!({said: said, "list": [said]}));
        assert_eq!(span["data"]["spans"], json!([{"name": "span", "fields": {"field": said}}]));
        assert_eq!(late["data"]["spans"], json!([{"name": "span", "fields": {"late": said}}]));
        assert_eq!(bridged["data"]["message"], format!("bridged {said}"));
        assert_eq!(bridged["data"]["target"], *said);
    }
    // In the text log what was said is within quotes or behind the level.
    for (line, event) in text.iter().zip(&events) {
        let level = line.split(" - ").nth(2);
        let expected = if event["data"]["level"] == "ERROR" { "ERROR" } else { "INFO" };
        assert_eq!(level, Some(expected), "{line:.200}");
    }
}

/// Records of the crate `log` are handed on as `install` has it done, without its global.
fn bridged(work: impl FnOnce()) {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        tracing_log::LogTracer::init().expect("no other logger in this test");
    });
    work();
}

#[test]
fn names_that_the_program_gives_are_escaped_too() {
    let logger = Logger::start();
    logger.log(|| {
        info!("a\n\u{1b}\u{202e}\"\\ =" = 1, "m");
        info!(target: ALL, "m");
        info_span!(ALL, "a\n=\"" = 1).in_scope(|| info!("m"));
        log_event!("e", "a\n\u{1b}\u{202e}\"\\ =" = 1);
        StructuredLogger.log_event("e", json!({ALL: {ALL: 1}}));
    });
    let (text, json) = logger.finish();
    assert_eq!((text.len(), json.len()), (5, 5));
    text.iter().chain(&json).for_each(|line| assert_plain(line));
    let events = read(&json);
    let name = "a\n\u{1b}\u{202e}\"\\ =";
    assert_eq!(events[0]["data"]["fields"], json!({ name: 1 }));
    assert_eq!(events[1]["data"]["target"], ALL);
    assert_eq!(events[2]["data"]["spans"], json!([{"name": ALL, "fields": {"a\n=\"": 1}}]));
    assert_eq!(events[3]["data"], json!({ name: 1 }));
    assert_eq!(events[4]["data"], json!({ALL: {ALL: 1}}));
    assert!(text[0].ends_with(r#"m "a\n\x1b\u202e\"\\ ="=1"#), "{}", text[0]);
    assert!(text[2].ends_with(r#"{"a\n=\""=1}"#), "{}", text[2]);
}

/// Where the child that panics writes to: a hook is of a whole process.
const DIRECTORY: &str = "MS_LOGGING_PANICS";

#[test]
fn panics_are_lines_too_whatever_they_and_their_thread_say() {
    let said = ALL.to_owned() + " 10000000146";
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        let path = std::path::Path::new(&directory).join("app");
        let builder = Logging::builder().console(false).rust_log(false).log_panics(true);
        let log = builder.file(path.with_extension("log")).json_file(path.with_extension("jsonl"));
        let guard = log.install().unwrap();
        let thread = std::thread::Builder::new().name(said.clone());
        assert!(thread.spawn(move || panic!("{said}")).unwrap().join().is_err());
        assert_eq!(guard.shutdown(LIMIT).abandoned, 0);
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "table::panics_are_lines_too_whatever_they_and_their_thread_say", "--nocapture"])
        .env(DIRECTORY, directory.path())
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    let (text, json) = (lines(&directory.path().join("app.log")), lines(&directory.path().join("app.jsonl")));
    assert_eq!((text.len(), json.len()), (1, 1), "{text:?}");
    text.iter().chain(&json).for_each(|line| assert_plain(line));
    let shown = ALL.to_owned() + " [redacted]";
    let data = &read(&json)[0]["data"];
    assert_eq!((&data["level"], &data["message"]), (&json!("ERROR"), &json!(format!("panic: {shown}"))));
    assert_eq!(data["fields"]["thread"], shown);
}

#[test]
fn every_number_is_json_and_one_that_json_has_not_is_text() {
    let logger = Logger::start();
    logger.log(|| {
        info!(
            nan = f64::NAN,
            inf = f64::INFINITY,
            least = f64::MIN_POSITIVE,
            zero = -0.0,
            third = 1.0 / 3.0,
            whole = 1e300,
            small = 5_i128,
            below = i128::from(i64::MIN) - 1,
            above = u128::from(u64::MAX) + 1,
            most = u64::MAX,
            none = tracing::field::Empty,
            f32 = f32::NEG_INFINITY,
            bytes = &[0xde_u8, 0xad, 0][..],
            unit = ?(),
            option = ?Some(f64::NAN)
        );
        StructuredLogger.log_event("e", (f64::NAN, f32::INFINITY, u128::MAX, i128::MIN, 5_i128, 5_u128));
    });
    let (_, json) = logger.finish();
    let expected = concat!(
        r#""fields":{"nan":"NaN","inf":"Infinity","least":2.2250738585072014e-308,"zero":-0.0,"#,
        r#""third":0.3333333333333333,"whole":1e+300,"small":5,"below":"-9223372036854775809","#,
        r#""above":"18446744073709551616","most":18446744073709551615,"f32":"-Infinity","bytes":"dead00","#,
        r#""unit":"()","option":"Some(NaN)"}"#
    );
    assert!(json[0].contains(expected), "{}\n{expected}", json[0]);
    let all = json!([null, null, u128::MAX.to_string(), i128::MIN.to_string(), 5, 5]);
    assert_eq!(read(&json)[1]["data"], all);
}
