//! What is longer than a line may be: cut, said, counted, and never held.

use std::fmt;

use ms_logging::{StructuredLogger, log_event};
use serde::ser::{Serialize, SerializeSeq as _, Serializer};
use serde_json::Value;
use tracing::{info, info_span};

use crate::logger::Logger;

const LONGEST: usize = 64 * 1024;

/// A gigabyte, a word at a time; tells how much of it was asked for.
struct Endless<'a>(&'a std::cell::Cell<u64>);

impl fmt::Display for Endless<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for _ in 0..100_000_000 {
            f.write_str("ten bytes ")?;
            self.0.set(self.0.get() + 10);
        }
        Ok(())
    }
}

impl fmt::Debug for Endless<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Endless<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for _ in 0..100_000_000 {
            list.serialize_element("ten bytes")?;
            self.0.set(self.0.get() + 10);
        }
        list.end()
    }
}

/// Ignores that there is no room, as careless code does.
struct Careless;

impl fmt::Display for Careless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for _ in 0..1_000_000 {
            let _ = f.write_str("ten bytes ");
        }
        Ok(())
    }
}

#[test]
fn a_gigabyte_is_asked_for_no_longer_than_a_line() {
    let written = std::cell::Cell::new(0);
    let value = Endless(&written);
    let logger = Logger::start();
    logger.log(|| {
        info!("{value}");
        info!(value = %value, after = 1, "m");
        info!(value = ?value, "m");
        info!(value = ?vec![&value], "m");
        info_span!("s", value = %value).in_scope(|| info!("m"));
        log_event!("e", value = %value);
        StructuredLogger.log_event("e", &value);
        info!(value = %Careless, "m");
    });
    // Once a format of each event.
    assert!(written.get() < 2 * 8 * 2 * LONGEST as u64, "{}", written.get());
    let (text, json) = logger.finish();
    assert_eq!((text.len(), json.len()), (8, 8));
    for line in text.iter().chain(&json) {
        assert!(line.len() < LONGEST, "{}", line.len());
    }
    let events: Vec<Value> = json.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (at, (line, text)) in json.iter().zip(&text).enumerate() {
        // Of a span too.
        assert!(line.contains("\"truncated\":true"), "{at}");
        assert!(text.contains("truncated"), "{at}");
    }
    assert!(events[6]["data"]["json"].as_str().unwrap().starts_with("[\"ten bytes\",\"ten"));
}

#[test]
fn a_line_with_everything_too_long_fits_and_is_json() {
    let logger = Logger::start();
    let long = "ğ\u{1}\" ".repeat(20_000);
    let fields = "ç".repeat(3_000);
    logger.log(|| {
        let entered: Vec<_> = (0..32).map(|id| info_span!("span", id, fields).entered()).collect();
        info!("short");
        info!(a = long, b = long, "{long}");
        log_event!("e", a = 1, long, b = 2);
        drop(entered);
    });
    let (text, json) = logger.finish();
    for line in text.iter().chain(&json) {
        assert!(line.len() < LONGEST, "{}", line.len());
        assert!(line.contains("truncated"), "{line:.100}");
    }
    let short: Value = serde_json::from_str(&json[0]).unwrap();
    let spans = short["data"]["spans"].as_array().unwrap();
    // The outermost say most.
    assert!(spans.len() > 5 && spans[0]["fields"]["id"] == 0, "{}", spans.len());
    assert_eq!(short["data"]["truncated"], true);
    let long: Value = serde_json::from_str(&json[1]).unwrap();
    assert!(long["data"]["message"].as_str().unwrap().starts_with("ğ\u{1}\" ğ"));
    let event: Value = serde_json::from_str(&json[2]).unwrap();
    assert_eq!((&event["data"]["a"], &event["data"]["truncated"]), (&Value::from(1), &Value::from(true)));
}

#[test]
fn what_a_span_is_given_too_much_of_is_said_by_its_lines() {
    let logger = Logger::start();
    let half = "x y ".repeat(1_500);
    logger.log(|| {
        let span = info_span!("s", a = half, b = tracing::field::Empty);
        span.in_scope(|| info!("whole"));
        span.record("b", &half);
        span.in_scope(|| info!("cut"));
    });
    let (text, json) = logger.finish();
    let said = |lines: &[String]| lines.iter().map(|line| line.contains("truncated")).collect::<Vec<_>>();
    assert_eq!((said(&text), said(&json)), (vec![false, true], vec![false, true]));
    let cut: Value = serde_json::from_str(&json[1]).unwrap();
    assert_eq!(cut["data"]["spans"][0]["fields"]["a"], half);
}

#[test]
fn data_that_redaction_makes_longer_fits_too() {
    let logger = Logger::start();
    logger.log(|| {
        let list = vec![serde_json::json!({"pin": "1234", "pw": "x"}); 2_500];
        StructuredLogger.log_event("e", &list);
        StructuredLogger.log_event("e", "\u{202e}".repeat(18_000));
    });
    let (text, json) = logger.finish();
    for line in text.iter().chain(&json) {
        assert!(line.len() < LONGEST, "{}", line.len());
        assert!(!line.contains("1234"));
    }
    for line in &json {
        let event: Value = serde_json::from_str(line).unwrap();
        assert_eq!(event["data"]["truncated"], true);
    }
}
