//! A label value is shown as it is given, or cut, or not at all; two that differ are two series.
#![no_main]

mod page;

use libfuzzer_sys::fuzz_target;
use metrics::Recorder;
use ms_metrics::Metrics;

use crate::page::{METADATA, key, read};

fuzz_target!(|values: (String, String)| {
    let metrics = Metrics::builder().build().expect("builds");
    let recorder = metrics.recorder();
    let (one, other) = &values;
    let steps = [(one, 1_u64), (other, 2)];
    for (value, step) in steps {
        let key = key("c", &[("v".to_owned(), value.clone())]);
        recorder.register_counter(&key, &METADATA).increment(step);
    }
    let samples: Vec<_> = read(&metrics.render()).into_iter().filter(|sample| sample.name == "c").collect();
    let numbers: u64 = samples.iter().map(|sample| sample.value.parse::<u64>().expect("a number")).sum();
    assert_eq!(numbers, 3, "{samples:?}");
    let shown = |step: u64| {
        let sample = samples.iter().find(|sample| sample.value == step.to_string());
        sample.map(|sample| sample.labels.get("v").map_or("", String::as_str))
    };
    let is_redacted = |value: Option<&str>| value == Some("__redacted__");
    if samples.len() == 1 {
        assert!(one == other || is_redacted(shown(3)), "{values:?} are one");
        return;
    }
    for (value, step) in steps {
        let shown = shown(step).expect("a series of its own");
        if value.len() <= 128 {
            assert!(shown == value || is_redacted(Some(shown)), "{value:?} is shown as {shown:?}");
        } else if !is_redacted(Some(shown)) {
            let (kept, hash) = shown.rsplit_once('#').expect("a hash");
            assert!(value.starts_with(kept) && hash.len() == 16 && shown.len() <= 128, "{shown:?}");
        }
    }
});
