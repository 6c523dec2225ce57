//! Any bytes are taken, a second time changes nothing, what is found lies within the text, and the rest of it stays.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use ms_logging::{HashKey, RedactMode, Redactor};

static MASK: LazyLock<Redactor> = LazyLock::new(Redactor::default);
static HASH: LazyLock<Redactor> =
    LazyLock::new(|| Redactor::default().mode(RedactMode::Hash(HashKey::new(b"fuzz"))));
static DROP: LazyLock<Redactor> = LazyLock::new(|| Redactor::default().mode(RedactMode::Drop));

fuzz_target!(|line: &[u8]| {
    for redactor in [&*MASK, &*HASH, &*DROP] {
        let once = redactor.redact_bytes(line);
        assert_eq!(redactor.redact_bytes(&once), once, "a second time");
        if let Ok(text) = std::str::from_utf8(line) {
            assert_eq!(redactor.redact(text).as_bytes(), &*once, "as text and as bytes");
        }
    }
    let (mut end, mut rest) = (0, Vec::new());
    for span in MASK.spans_of_bytes(line) {
        assert!(end <= span.start && span.start < span.end && span.end <= line.len(), "{span:?}");
        rest.push(&line[end..span.start]);
        end = span.end;
    }
    rest.push(&line[end..]);
    if rest.len() == 1 {
        assert_eq!(&*MASK.redact_bytes(line), line, "nothing to redact");
    }
});
