//! Whatever is scraped is read or refused by a line that exists, as text as well as bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ms_alerts::{parse_exposition, parse_exposition_bytes};

fuzz_target!(|bytes: &[u8]| {
    let read = parse_exposition_bytes(bytes);
    match &read {
        Ok(samples) => {
            for sample in samples.iter() {
                assert!(
                    !sample.name().is_empty()
                        && sample.labels().all(|(name, value)| !name.is_empty() && !value.is_empty())
                );
                assert!(samples.named(sample.name()).count() >= 1);
            }
        }
        Err(error) => {
            let lines = 1 + bytes.iter().filter(|byte| **byte == b'\n').count();
            assert!((1..=lines).contains(&error.line()), "{error}, of {lines} lines");
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let shown = |read: Result<ms_alerts::Samples<'_>, _>| format!("{read:?}");
        assert_eq!(shown(read), shown(parse_exposition(text)));
    }
});
