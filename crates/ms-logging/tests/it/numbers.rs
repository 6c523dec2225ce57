//! Numbers that the data of an event holds.

use ms_logging::StructuredLogger;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tracing::info;

use crate::logger::Logger;

fn data_of(lines: &[String]) -> Vec<Value> {
    lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap()["data"].clone()).collect()
}

/// A reader that rounds carelessly would change one in a few.
#[test]
fn floats_of_structured_events_keep_every_bit() {
    // Some large ones would be cards.
    let logger = Logger::with(|builder| builder.redact(false));
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let finite = any::<f64>().prop_filter("JSON has no other", |value| value.is_finite());
    let values = prop::collection::vec(finite, 1000).new_tree(&mut runner).unwrap().current();
    logger.log(|| StructuredLogger.log_event("e", &values));
    let (_, json) = logger.finish();
    let digits = json[0].split_once('[').unwrap().1.split_once(']').unwrap().0;
    let written: Vec<u64> = digits.split(',').map(|text| text.parse::<f64>().unwrap().to_bits()).collect();
    let expected: Vec<u64> = values.iter().map(|value| value.to_bits()).collect();
    assert_eq!(written, expected);
}

#[test]
fn integers_beyond_64_bits_are_text() {
    #[derive(serde::Serialize)]
    struct Wide {
        most: u128,
        least: i128,
        small: u128,
        whole: u64,
    }
    let logger = Logger::start();
    logger.log(|| {
        StructuredLogger
            .log_event("e", Wide { most: u128::MAX, least: i128::MIN, small: 7, whole: u64::MAX });
    });
    let (_, json) = logger.finish();
    assert_eq!(
        data_of(&json)[0],
        json!({"most": u128::MAX.to_string(), "least": i128::MIN.to_string(), "small": 7, "whole": u64::MAX})
    );
}

#[test]
fn integers_of_64_bits_are_numbers_whatever_their_type() {
    let logger = Logger::with(|builder| builder.redact(false));
    logger
        .log(|| info!(a = i128::from(u64::MAX), b = i128::from(u64::MAX) + 1, c = i128::from(i64::MIN), "m"));
    let (_, json) = logger.finish();
    let expected = json!({"a": u64::MAX, "b": (i128::from(u64::MAX) + 1).to_string(), "c": i64::MIN});
    assert_eq!(data_of(&json)[0]["fields"], expected);
}

#[test]
fn numbers_of_people_go_as_floats_too() {
    let logger = Logger::start();
    logger.log(|| {
        info!(value = 10_000_000_146.0_f64, other = 10_000_000_147.0_f64, "m");
        StructuredLogger.log_event("e", json!([10_000_000_146.0_f64, 10_000_000_146.5_f64]));
    });
    let (text, json) = logger.finish();
    let data = data_of(&json);
    assert_eq!(data[0]["fields"], json!({"value": "[redacted]", "other": 10_000_000_147.0_f64}));
    assert_eq!(data[1], json!(["[redacted]", 10_000_000_146.5_f64]));
    assert!(text[0].contains("value=[redacted] other="), "{}", text[0]);
}
