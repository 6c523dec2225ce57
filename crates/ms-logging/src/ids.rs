//! Ids of traces and spans, as the hexadecimal digits that W3C Trace Context and OpenTelemetry write.

use std::cell::Cell;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::process;
use std::str;
use std::time::{SystemTime, UNIX_EPOCH};

use tracing::Metadata;

/// The target of the request layer's span and lines.
pub(crate) const REQUEST_TARGET: &str = "ms_logging::request";
/// The name of its span.
pub(crate) const REQUEST_SPAN: &str = "request";

/// The place of a span in its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ids {
    pub(crate) trace: Digits<32>,
    pub(crate) span: Digits<16>,
    pub(crate) parent: Option<Digits<16>>,
    pub(crate) sampled: bool,
}

impl Ids {
    /// A span without a parent.
    pub(crate) fn root() -> Self {
        Self { trace: Digits::random(), span: Digits::random(), parent: None, sampled: true }
    }

    /// A span below `parent`, which may be of another process.
    pub(crate) fn below(trace: Digits<32>, parent: Digits<16>, sampled: bool) -> Self {
        Self { trace, span: Digits::random(), parent: Some(parent), sampled }
    }
}

/// `N` lower-case hexadecimal digits, not all of them zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digits<const N: usize>([u8; N]);

impl<const N: usize> Digits<N> {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits: [u8; N] = text.as_bytes().try_into().ok()?;
        let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (digits.iter().all(is_digit) && digits.iter().any(|byte| *byte != b'0')).then_some(Self(digits))
    }

    /// Not to be foreseen without the keys of the process.
    pub(crate) fn random() -> Self {
        let mut digits = [b'0'; N];
        for part in digits.chunks_mut(16) {
            let mut bits = random();
            for digit in part {
                *digit = HEX.get((bits & 15) as usize).copied().unwrap_or(b'0');
                bits >>= 4;
            }
        }
        Self(digits)
    }

    pub(crate) fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The last 64 bits.
    pub(crate) fn last_bits(&self) -> u64 {
        let text = self.as_str();
        u64::from_str_radix(text.get(text.len().saturating_sub(16)..).unwrap_or_default(), 16).unwrap_or(0)
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// 64 bits, different for each call and never 0, which is no id.
fn random() -> u64 {
    thread_local! {
        static SOURCE: (RandomState, Cell<State>) = (RandomState::new(), Cell::default());
    }
    let bits = SOURCE.with(|(keys, state)| {
        let mut now = state.get().at_home();
        now.count = now.count.wrapping_add(1);
        state.set(now);
        keys.hash_one((now.process, now.salt, now.count))
    });
    bits.max(1)
}

/// What a thread hashes. A forked process inherits keys and count, so the process is part of it, and when it began too: the
/// number of a process comes again.
#[derive(Debug, Clone, Copy, Default)]
struct State {
    process: u32,
    salt: u128,
    count: u64,
}

impl State {
    fn at_home(self) -> Self {
        let process = process::id();
        if process == self.process {
            return self;
        }
        let salt = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        Self { process, salt, ..self }
    }
}

thread_local! {
    static HANDED: Cell<Option<Ids>> = const { Cell::new(None) };
}

/// Makes the request's span, so that every logger of its subscriber learns the ids. Fields would do, but anybody can make
/// those.
pub(crate) fn hand_over<T>(ids: Ids, make: impl FnOnce() -> T) -> T {
    HANDED.set(Some(ids));
    let made = make();
    HANDED.set(None);
    made
}

/// The ids of a request's span that is just being made.
pub(crate) fn handed_over(metadata: &Metadata<'_>) -> Option<Ids> {
    HANDED.get().filter(|_| metadata.target() == REQUEST_TARGET && metadata.name() == REQUEST_SPAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_lower_case_hexadecimal_of_one_length_and_not_zero() {
        assert_eq!(Digits::<4>::parse("0a9f").unwrap().as_str(), "0a9f");
        for odd in ["", "0a9", "0a9f0", "0A9f", "0a9g", "0000", "0a9 ", "ağf"] {
            assert_eq!(Digits::<4>::parse(odd), None, "{odd}");
        }
    }

    #[test]
    fn random_digits_differ_and_are_digits() {
        let mut seen = std::collections::HashSet::new();
        for _ in 0..10_000 {
            let digits = Digits::<32>::random();
            assert_eq!(Digits::parse(digits.as_str()), Some(digits));
            assert!(seen.insert(digits.as_str().to_owned()));
        }
    }

    #[test]
    fn every_digit_takes_every_value_about_as_often() {
        let mut counts = [[0_u32; 16]; 16];
        for _ in 0..16_000 {
            for (place, digit) in Digits::<16>::random().as_str().chars().enumerate() {
                counts[place][digit.to_digit(16).unwrap() as usize] += 1;
            }
        }
        assert!(counts.iter().flatten().all(|count| (800..1200).contains(count)), "{counts:?}");
    }
}
