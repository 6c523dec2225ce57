//! One event is one line, whatever the event holds.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;

use ms_logging::{Sensitive, StructuredLogger, log_event};
use serde_json::{Value, json};
use tracing::{Level, error, event, info, info_span, warn};

use crate::logger::Logger;
use crate::python::Python;

/// Everything that has ever forged a line or turned one around.
const HOSTILE: &str = "a\nb\r\n2026-01-01 00:00:00,000 - medschedule - INFO - forged\t\u{1b}[31m\0\u{7f}\u{85}\u{2028}\u{2029}\u{202e}\u{2066}\u{9b}\"\\\u{feff}ç👩‍⚕️{}";

fn one_json(work: impl FnOnce()) -> Value {
    let logger = Logger::start();
    logger.log(work);
    let (text, json) = logger.finish();
    assert_eq!((text.len(), json.len()), (1, 1), "{text:?} {json:?}");
    serde_json::from_str(&json[0]).unwrap()
}

#[test]
fn an_event_has_exactly_three_keys_in_order() {
    let logger = Logger::start();
    logger.log(|| {
        log_event!("shift_planned", department = "Acil Servis", hours = 8.5, night = false, id = 7_u64)
    });
    let (text, json) = logger.finish();
    let (stamp, rest) = json[0].strip_prefix("{\"timestamp\":\"").unwrap().split_at(27);
    assert_eq!(
        rest,
        r#"","event_type":"shift_planned","data":{"department":"Acil Servis","hours":8.5,"night":false,"id":7}}"#
    );
    let shape: String = stamp.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00.000000Z");
    // As `logger.info(json.dumps(…))` of the origin has it.
    let (head, message) = text[0].split_once('{').unwrap();
    assert!(head.ends_with(" - medschedule - INFO - "), "{head}");
    assert_eq!(format!("{{{message}"), json[0]);
}

#[test]
fn structured_data_is_nested_redacted_and_in_order() {
    let event = one_json(|| {
        StructuredLogger.log_event(
            "admitted",
            json!({"a": {"password": "hunter2", "note": "call 0532 123 45 67"}, "list": [1, "x", null, 10000000146_u64]}),
        );
    });
    assert_eq!(event["event_type"], "admitted");
    assert_eq!(
        event["data"],
        json!({"a": {"password": "[redacted]", "note": "call [redacted]"}, "list": [1, "x", null, "[redacted]"]})
    );

    #[derive(serde::Serialize)]
    struct Ordered {
        z: u8,
        a: Sensitive<u8>,
        patient_name: &'static str,
    }
    let logger = Logger::start();
    logger.log(|| {
        StructuredLogger.log_event("e", Ordered { z: 1, a: Sensitive::new(2), patient_name: "Ayşe" });
        StructuredLogger.log_event("e", HashMap::from([((1, 2), 3)]));
        StructuredLogger.log_event(HOSTILE, HOSTILE);
    });
    let (text, json) = logger.finish();
    assert!(
        json[0].ends_with(r#""data":{"z":1,"a":"[redacted]","patient_name":"[redacted]"}}"#),
        "{}",
        json[0]
    );
    assert!(text.iter().zip(&json).all(|(text, json)| text.ends_with(json.as_str())), "{text:?}");
    assert!(json[1].contains("not_serializable"), "{}", json[1]);
    let last: Value = serde_json::from_str(&json[2]).unwrap();
    assert_eq!((last["event_type"].as_str(), last["data"].as_str()), (Some(HOSTILE), Some(HOSTILE)));
    assert_eq!(text.len(), 3);
}

#[test]
fn ordinary_events_have_the_same_envelope() {
    let event = one_json(|| warn!(target: "my::module", shift = 7, note = "full", "no room on {}", "ward 3"));
    assert_eq!(event["event_type"], "log");
    assert_eq!(
        event["data"],
        json!({"level": "WARN", "target": "my::module", "message": "no room on ward 3",
               "fields": {"shift": 7, "note": "full"}})
    );
}

#[test]
fn hostile_text_stays_one_line_in_every_position() {
    let logger = Logger::start();
    logger.log(|| {
        info!("{HOSTILE}");
        info!(value = HOSTILE, display = %HOSTILE, debug = ?HOSTILE, "m");
        info!(HOSTILE, "the message as a field's shorthand");
        info!("na\nme \"=\u{1b}" = 1, "m");
        info!(target: "tar\nget\u{1b}\"", "m");
        log_event!(HOSTILE, key = HOSTILE);
        let span = info_span!("sp\nan \"", field = HOSTILE);
        let _entered = span.enter();
        error!(error = &Outer(Inner) as &(dyn Error + 'static), "failed");
    });
    let (text, json) = logger.finish();
    assert_eq!((text.len(), json.len()), (7, 7));
    for line in text.iter().chain(&json) {
        let raw = line
            .chars()
            .find(|c| c.is_control() || matches!(*c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'));
        assert_eq!(raw, None, "{line:?}");
    }
    let ours: Vec<Value> = json.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(ours[0]["data"]["message"], HOSTILE);
    assert_eq!(ours[1]["data"]["fields"]["value"], HOSTILE);
    assert_eq!(ours[1]["data"]["fields"]["display"], HOSTILE);
    assert_eq!(ours[1]["data"]["fields"]["debug"], format!("{HOSTILE:?}"));
    assert_eq!(ours[3]["data"]["fields"]["na\nme \"=\u{1b}"], 1);
    assert_eq!(ours[4]["data"]["target"], "tar\nget\u{1b}\"");
    assert_eq!(ours[5]["event_type"], HOSTILE);
    assert_eq!(ours[6]["data"]["spans"][0]["name"], "sp\nan \"");
    assert_eq!(ours[6]["data"]["spans"][0]["fields"]["field"], HOSTILE);
    assert_eq!(ours[6]["data"]["fields"]["error"], format!("outer: caused by: inner {HOSTILE}"));
    assert_eq!(Python::parse_json_lines(&json), ours, "Python's json reads the same");
}

#[derive(Debug)]
struct Inner;

impl fmt::Display for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "inner {HOSTILE}")
    }
}

impl Error for Inner {}

#[derive(Debug)]
struct Outer(Inner);

impl fmt::Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("outer")
    }
}

impl Error for Outer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[test]
fn reserved_names_cannot_be_forged_and_no_name_occurs_twice() {
    let event = one_json(|| {
        info!(
            timestamp = "x",
            event_type = "y",
            level = "fatal",
            target = "z",
            data = "d",
            spans = "s",
            "real"
        );
    });
    assert_eq!(event["event_type"], "log");
    assert_eq!((&event["data"]["level"], &event["data"]["message"]), (&json!("INFO"), &json!("real")));
    assert_eq!(event["data"]["fields"]["level"], "fatal");

    let logger = Logger::start();
    logger.log(|| {
        event!(Level::INFO, a = 1, a = 2, a_2 = 3);
        log_event!("e", event_type = "forged", truncated = "no");
        event!(name: "ms_logging.event", Level::INFO, "no type");
    });
    let (_, json) = logger.finish();
    assert!(json[0].contains(r#"{"a":1,"a_2":2,"a_2_2":3}"#), "{}", json[0]);
    assert!(
        json[1].contains(r#""event_type":"e","data":{"event_type_2":"forged","truncated_2":"no"}"#),
        "{}",
        json[1]
    );
    assert!(json[2].contains(r#""event_type":"log""#), "{}", json[2]);
}

#[test]
fn values_that_json_does_not_have_are_text() {
    let event = one_json(|| {
        info!(nan = f64::NAN, inf = f64::NEG_INFINITY, big = u128::MAX, small = i128::MIN, most = u64::MAX, bytes = ?[1_u8, 2]);
    });
    assert_eq!(
        event["data"]["fields"],
        json!({"nan": "NaN", "inf": "-Infinity", "big": u128::MAX.to_string(), "small": i128::MIN.to_string(),
               "most": u64::MAX, "bytes": "[1, 2]"})
    );
}

#[test]
fn secrets_are_redacted_before_they_are_escaped() {
    let logger = Logger::start();
    logger.log(|| {
        info!(tckn = "1", password = %"a\"b", token = ?"x", telefon = 1, has_password = true, "m");
        info!(id = 10000000146_u64, text = "tc 10000000146\"", "call 0532 123 45 67");
        info!(secret = %Sensitive::new(5), "{:?}", Sensitive::new("x"));
        info!(config = ?("db", "password: \"hunter2\""), "m");
    });
    let (text, json) = logger.finish();
    assert!(
        text[0].ends_with(
            "m tckn=[redacted] password=[redacted] token=[redacted] telefon=[redacted] has_password=true"
        ),
        "{}",
        text[0]
    );
    assert!(text[1].ends_with("call [redacted] id=[redacted] text=\"tc [redacted]\\\"\""), "{}", text[1]);
    assert!(text[2].ends_with("[redacted] secret=[redacted]"), "{}", text[2]);
    for line in text.iter().chain(&json) {
        // The time of day may hold fewer of these digits.
        assert!(
            !line.contains("hunter2") && !line.contains("10000000146") && !line.contains("123 45"),
            "{line}"
        );
    }
}

#[test]
fn long_lines_are_cut_and_say_so() {
    let logger = Logger::start();
    let long = "ward 3 ".repeat(20_000);
    let controls = "\u{1}".repeat(60_000);
    logger.log(|| {
        info!(long, "m");
        info!("{long}");
        info!(controls, after = 1, "m");
        log_event!("e", long);
        StructuredLogger.log_event("e", &long);
        StructuredLogger.log_event("e", vec![json!({"note": "\"\u{1}", "password": "hunter2"}); 3000]);
    });
    let (text, json) = logger.finish();
    for line in &json {
        assert!(line.len() < 70_000, "{}", line.len());
        serde_json::from_str::<Value>(line).unwrap();
    }
    assert!(json.iter().all(|line| line.contains("\"truncated\":true")));
    assert!(!json[5].contains("hunter2"));
    assert!(text.iter().all(|line| line.len() < 70_000));
    assert!(text[..3].iter().all(|line| line.ends_with("truncated=true")));
}

struct Slow;

impl ms_logging::RedactRule for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }

    fn find(&self, _: &str) -> Vec<std::ops::Range<usize>> {
        let started = std::time::Instant::now();
        while started.elapsed() <= std::time::Duration::from_millis(100) {}
        Vec::new()
    }
}

#[test]
fn a_text_on_which_a_rule_takes_too_long_is_hidden() {
    assert_eq!(ms_logging::Redactor::default().rule(Slow).redact("bed 7"), "[redacted]");
}
