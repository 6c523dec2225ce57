//! Bytes that are a histogram are the same one when written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ms_analytics::hdr::Histogram;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(histogram) = Histogram::from_v2(bytes) {
        assert_eq!(Histogram::from_v2(&histogram.to_v2()).as_ref(), Ok(&histogram));
        assert_eq!(Histogram::from_v2(&histogram.to_v2_compressed()).as_ref(), Ok(&histogram));
        assert!(histogram.value_at_percentile(100.0) >= histogram.value_at_percentile(0.0));
    }
});
