//! What the name of a value tells of it is the same for fields, data and text.

use ms_logging::{StructuredLogger, log_event};
use serde_json::{Value, json};
use tracing::info;

use crate::logger::Logger;

fn data(work: impl FnOnce()) -> Vec<Value> {
    let logger = Logger::start();
    logger.log(work);
    let (_, json) = logger.finish();
    json.iter().map(|line| serde_json::from_str::<Value>(line).unwrap()["data"].clone()).collect()
}

#[test]
fn names_of_patients_go_wherever_they_stand_in_data() {
    let logger = Logger::start();
    let nested = json!({
        "patient": {"bed": 7, "name": "Ayşe Kaya"},
        "hastalar": [{"ad": "Ali Kurt", "oda": 3}],
        "ward": {"name": "Acil"},
        "contact": {"isim": "Zeynep", "soyisim": "Polat", "rank": 2},
    });
    let fhir = json!({"resourceType": "Patient", "name": [{"use": "official", "family": "Kaya", "given": ["Ayşe", "Nur"]}]});
    let pairs = json!([{"name": "password", "value": "hunter2"}, {"name": "ward", "value": "Acil"}, {"key": "tel", "value": "0"}]);
    logger.log(|| {
        StructuredLogger.log_event("nested", &nested);
        StructuredLogger.log_event("fhir", &fhir);
        StructuredLogger.log_event("pairs", &pairs);
    });
    let (_, json) = logger.finish();
    let data: Vec<Value> =
        json.iter().map(|line| serde_json::from_str::<Value>(line).unwrap()["data"].clone()).collect();
    assert_eq!(
        data[0],
        json!({
            "patient": {"bed": 7, "name": "[redacted]"},
            "hastalar": [{"ad": "[redacted]", "oda": 3}],
            "ward": {"name": "Acil"},
            "contact": {"isim": "[redacted]", "soyisim": "[redacted]", "rank": 2},
        })
    );
    assert_eq!(
        data[1],
        json!({"resourceType": "Patient", "name": [{"use": "official", "family": "[redacted]", "given": "[redacted]"}]})
    );
    assert_eq!(
        data[2],
        json!([{"name": "password", "value": "[redacted]"}, {"name": "ward", "value": "Acil"}, {"key": "tel", "value": "0"}])
    );
}

#[test]
fn a_vague_name_hides_what_looks_like_it() {
    let hidden =
        json!({"tel": "[redacted]", "mobile": "[redacted]", "pass": "[redacted]", "pin": "[redacted]"});
    let events = data(|| {
        log_event!("e", tel = "5321234567", mobile = 5_321_234_567_u64, pass = "hunter2", pin = 1234);
        StructuredLogger.log_event(
            "e",
            json!({"tel": ["5321234567"], "mobile": 5_321_234_567_u64, "pass": "hunter2", "pin": 1234}),
        );
        info!("tel=5321234567 mobile=5321234567 pass=hunter2 pin=1234");
    });
    assert_eq!(events[0], hidden);
    assert_eq!((&events[1]["tel"], &events[1]["pin"]), (&json!(["[redacted]"]), &json!("[redacted]")));
    assert_eq!((&events[1]["mobile"], &events[1]["pass"]), (&json!("[redacted]"), &json!("[redacted]")));
    assert_eq!(events[2]["message"], "tel=[redacted] mobile=[redacted] pass=[redacted] pin=[redacted]");
}

#[test]
fn a_vague_name_keeps_everything_else() {
    let kept = json!({"tel": "none", "mobile": "iOS", "pass": 3, "pin": 13, "card": "visa", "signature": "valid",
                      "patient_id": 123_456});
    let events = data(|| {
        log_event!(
            "e",
            tel = "none",
            mobile = "iOS",
            pass = 3,
            pin = 13,
            card = "visa",
            signature = "valid",
            patient_id = 123_456
        );
        StructuredLogger.log_event("e", &kept);
        info!("tel=none mobile=iOS pass=3 pin=13 card=visa signature=valid");
    });
    assert_eq!((&events[0], &events[1]), (&kept, &kept));
    assert_eq!(events[2]["message"], "tel=none mobile=iOS pass=3 pin=13 card=visa signature=valid");
}

#[test]
fn that_there_is_a_secret_is_none() {
    let events = data(|| {
        StructuredLogger.log_event("e", json!({"password": null, "has_token": true, "secret": {"a": ["b"]}}));
    });
    assert_eq!(events[0], json!({"password": null, "has_token": true, "secret": "[redacted]"}));
}

#[test]
fn names_that_are_redacted_stay_apart() {
    let logger = Logger::start();
    logger.log(|| StructuredLogger.log_event("e", json!({"10000000146": "A", "12345678950": "B"})));
    let (_, json) = logger.finish();
    assert!(json[0].contains(r#""data":{"[redacted]":"A","[redacted]_2":"B"}"#), "{}", json[0]);
}
