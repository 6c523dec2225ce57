//! Modes, and rules of a program's own.

use std::ops::Range;
use std::time::Duration;

use proptest::prelude::*;

use super::pieces;
use crate::redact::custom::clock;
use crate::redact::{HashKey, Kind, RedactMode, RedactRule, Redactor, Span};

fn hashed() -> Redactor {
    Redactor::default().mode(RedactMode::Hash(HashKey::new(b"key")))
}

#[test]
fn one_person_has_one_hash_in_every_spelling() {
    for spellings in [
        &["10000000146", "100 000 001 46", "１０００００００１４６", "100-000-001-46"][..],
        &["0532 123 45 67", "+90 532 123 45 67", "05321234567", "+90 (532) 123-45-67", "0090 532 123 45 67"],
        &["ayse@example.org", "AYSE@Example.org", "ayse%40example.org"],
        &["TR33 0006 1005 1978 6457 8413 26", "TR330006100519786457841326"],
        &["4111 1111 1111 1111", "4111111111111111"],
        &["hasta_adi=\"Ayşe Yılmaz\"", "hasta_adi=\"AYŞE  YILMAZ\""],
    ] {
        let shown: Vec<String> = spellings.iter().map(|text| hashed().redact(text).into_owned()).collect();
        assert!(shown[0].contains("[redacted:"), "{}", shown[0]);
        assert!(shown.iter().all(|other| *other == shown[0]), "{shown:?}");
    }
    let other = Redactor::default().mode(RedactMode::Hash(HashKey::new(b"other")));
    assert_ne!(hashed().redact("10000000146"), other.redact("10000000146"));
    assert_eq!(hashed().redact("password=hunter2"), "password=[redacted]");
}

/// HMAC-SHA-256 of `tckn\0` and the digits under `key`, as CPython computes it.
#[test]
fn a_hash_is_an_hmac() {
    let python = "import hmac\n\
        digest = hmac.new(b'key', b'tckn\\0' + b'10000000146', 'sha256').digest()[:8]\n\
        print(''.join(chr(97 + half) for byte in digest for half in (byte >> 4, byte & 15)))";
    let output = std::process::Command::new("python3").args(["-c", python]).output();
    let output = output.expect("python3 is missing: apt-get install python3");
    let letters = String::from_utf8(output.stdout).unwrap();
    assert_eq!(hashed().redact("10000000146"), format!("[redacted:{}]", letters.trim()));
}

#[test]
fn dropping_leaves_nothing() {
    let dropping = Redactor::default().mode(RedactMode::Drop);
    assert_eq!(dropping.redact("tckn=10000000146 oda=7"), "tckn= oda=7");
}

struct Rule(fn(&str) -> Vec<Range<usize>>);

impl RedactRule for Rule {
    fn name(&self) -> &'static str {
        "room"
    }

    fn find(&self, text: &str) -> Vec<Range<usize>> {
        (self.0)(text)
    }
}

fn rooms(text: &str) -> Vec<Range<usize>> {
    text.match_indices("R-").map(|(at, _)| at..at + 5).collect()
}

#[test]
fn own_rules_find_more_and_wrong_places_are_no_harm() {
    let own = Redactor::default().rule(Rule(rooms));
    assert_eq!(own.redact("in R-117 with 10000000146"), "in [redacted] with [redacted]");
    assert_eq!(own.spans("in R-117"), [Span { kind: Kind::Custom("room"), start: 3, end: 8 }]);
    // Behind the end, and within a character.
    assert_eq!(own.redact("R-ş"), "[redacted]");
    #[allow(clippy::reversed_empty_ranges, reason = "what a wrong rule gives")]
    let wrong = Redactor::default().rule(Rule(|_| vec![5..2, 900..1000, 1..1]));
    assert_eq!(wrong.redact("nothing here"), "nothing here");
    let greedy = Redactor::default().rule(Rule(|text| std::iter::once(0..text.len()).collect()));
    assert_eq!(greedy.redact(&greedy.redact("anything")), "[redacted]");
}

#[test]
fn a_rule_that_fails_hides_the_whole_text() {
    let panicking = Redactor::default().rule(Rule(|_| panic!("a rule of a program's own")));
    assert_eq!(panicking.redact("anything"), "[redacted]");
    assert_eq!(panicking.redact("[redacted]"), "[redacted]");
    assert_eq!(*panicking.redact_bytes(b"any\xffthing"), *b"[redacted]");
    let slow = Redactor::default().rule(Rule(|_| {
        clock::advance(Duration::from_millis(101));
        Vec::new()
    }));
    assert_eq!(slow.redact("anything"), "[redacted]");
    let in_time = Redactor::default().rule(Rule(|_| {
        clock::advance(Duration::from_millis(100));
        Vec::new()
    }));
    assert_eq!(in_time.redact("anything"), "anything");
}

#[test]
fn a_rule_may_redact_and_a_panic_hook_may_call_it() {
    let nested = Redactor::default().rule(Rule(|text| {
        let inner = Redactor::default().rule(Rule(rooms));
        assert_eq!(inner.redact("R-117"), "[redacted]");
        rooms(text)
    }));
    assert_eq!(nested.redact("in R-117"), "in [redacted]");
    struct AtDrop(Redactor);
    impl Drop for AtDrop {
        fn drop(&mut self) {
            assert_eq!(self.0.redact("in R-117"), "in [redacted]");
        }
    }
    let unwound = std::panic::catch_unwind(|| {
        let _guard = AtDrop(Redactor::default().rule(Rule(rooms)));
        panic!("to be unwound");
    });
    assert!(unwound.is_err());
}

proptest! {
    #[test]
    fn a_second_time_changes_nothing_in_any_mode(text in pieces(), bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        for redactor in [hashed(), Redactor::default().mode(RedactMode::Drop), Redactor::default().rule(Rule(rooms))] {
            let once = redactor.redact(&text).into_owned();
            prop_assert_eq!(&*redactor.redact(&once), &*once);
            let line = [&bytes[..], text.as_bytes(), &bytes].concat();
            let once = redactor.redact_bytes(&line).into_owned();
            prop_assert_eq!(&*redactor.redact_bytes(&once), &once[..]);
        }
    }

    #[test]
    fn spans_of_bytes_are_within_them(bytes in proptest::collection::vec(any::<u8>(), 0..64), text in pieces()) {
        let line = [&bytes[..], text.as_bytes(), &bytes].concat();
        let mut end = 0;
        for span in Redactor::default().spans_of_bytes(&line) {
            prop_assert!(end <= span.start && span.start < span.end && span.end <= line.len(), "{:?}", span);
            end = span.end;
        }
    }
}
