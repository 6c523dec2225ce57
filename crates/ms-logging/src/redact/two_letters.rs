//! Tells most words from those that are known by two letters, before they are folded and looked up.

use super::names::{ENDINGS, NAMES};
use super::{code, name, pair, patterns, prose};

/// Small letters and digits.
const SIGNS: usize = 36;
/// How far before a sign the end of a name is looked for.
const NEAR: usize = 32;

/// How the names end that are built in.
pub(super) static NAME_ENDS: TwoLetters = TwoLetters::NONE.with_names();

/// The same, with the names that mean something at some places only.
pub(super) static SIGNED_ENDS: TwoLetters = TwoLetters::NONE
    .with_names()
    .with(&name::OF_AN_OBJECT)
    .with(&name::OF_A_PAIR)
    .with(&name::OF_A_NAME)
    .with(&pair::QUERY_SECRETS);

/// How the words begin that are looked at wherever they stand.
pub(super) static BEGINNINGS: TwoLetters = TwoLetters::NONE
    .with_beginnings(&prose::WORDS)
    .with_beginnings(&prose::STEMS)
    .with_beginnings(&prose::SHORT)
    .with_beginnings(&prose::VAGUE)
    .with_beginnings(&prose::KEYS)
    .with_beginnings(&code::LAST)
    .with_beginnings(&patterns::SCHEMES)
    .with_beginnings(&["eyJ", "values", "PID|", "NK1|"]);

/// Pairs that words begin or end with.
#[derive(Debug, Clone)]
pub(super) struct TwoLetters {
    /// A bit for each second letter, at the place of the first.
    seconds: [u64; SIGNS],
    /// There are words of which this cannot tell.
    any: bool,
}

impl Default for TwoLetters {
    fn default() -> Self {
        Self::NONE
    }
}

impl TwoLetters {
    const NONE: Self = Self { seconds: [0; SIGNS], any: false };

    /// Adds the end of a folded name.
    pub(super) const fn add(&mut self, name: &str) {
        match name.as_bytes() {
            [.., first, second] => self.add_pair(*first, *second),
            _ => self.any = true,
        }
    }

    const fn add_pair(&mut self, first: u8, second: u8) {
        let (Some(first), Some(second)) = (place(first), place(second)) else {
            // Letters with accents always fit.
            self.any |= first.is_ascii() && second.is_ascii();
            return;
        };
        if let Some((_, rest)) = self.seconds.split_at_mut_checked(first)
            && let [seconds, ..] = rest
        {
            *seconds |= 1 << second;
        }
    }

    const fn with(mut self, mut names: &[&str]) -> Self {
        while let [name, rest @ ..] = names {
            self.add(name);
            names = rest;
        }
        self
    }

    const fn with_beginnings(mut self, mut words: &[&str]) -> Self {
        while let [word, rest @ ..] = words {
            match word.as_bytes() {
                [first, second, ..] => self.add_pair(*first, *second),
                _ => self.any = true,
            }
            words = rest;
        }
        self
    }

    const fn with_names(mut self) -> Self {
        let mut kinds = NAMES;
        while let [(_, names), rest @ ..] = kinds {
            (self, kinds) = (self.with(names), rest);
        }
        let mut kinds = ENDINGS;
        while let [(_, names), rest @ ..] = kinds {
            (self, kinds) = (self.with(names), rest);
        }
        self
    }

    /// Whether a name that is spelled in any way may end so, with or without digits behind it.
    pub(super) fn end(&self, name: &str) -> bool {
        self.any || self.ends(name, false)
    }

    /// Whether the name that a text ends with may, whatever signs stand behind it.
    pub(super) fn end_before(&self, front: &str) -> bool {
        let from = front.floor_char_boundary(front.len().saturating_sub(NEAR));
        self.any || self.ends(front.get(from..).unwrap_or_default(), from > 0)
    }

    /// `or`: what to take a text for that is too short.
    fn ends(&self, text: &str, or: bool) -> bool {
        let numbered = !text.ends_with(|c: char| c.is_ascii_alphabetic());
        self.last_two(text).unwrap_or(or) || numbered && self.last_two(without_digits(text)).unwrap_or(or)
    }

    fn last_two(&self, text: &str) -> Option<bool> {
        // What is neither a letter nor a digit does not count.
        let mut signs = text.bytes().rev().filter(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii());
        let (second, first) = (signs.next()?, signs.next()?);
        Some(self.holds(first, second))
    }

    /// Whether a word may begin as this text does.
    pub(super) fn begin(&self, text: &[u8]) -> bool {
        self.any || matches!(text, [first, second, ..] if self.holds(*first, *second))
    }

    fn holds(&self, first: u8, second: u8) -> bool {
        match (place(first), place(second)) {
            (Some(first), Some(second)) => {
                self.seconds.get(first).is_some_and(|seconds| seconds >> second & 1 == 1)
            }
            // Letters with accents stand for others.
            _ => !(first.is_ascii() && second.is_ascii()),
        }
    }
}

fn without_digits(name: &str) -> &str {
    name.trim_end_matches(|c: char| c.is_ascii() && !c.is_ascii_alphabetic())
}

const fn place(sign: u8) -> Option<usize> {
    match sign {
        b'a'..=b'z' => Some((sign - b'a') as usize),
        b'A'..=b'Z' => Some((sign - b'A') as usize),
        b'0'..=b'9' => Some((sign - b'0') as usize + 26),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::redact::keys::Keys;

    #[test]
    fn most_names_do_not_fit() {
        assert!(!NAME_ENDS.any && !SIGNED_ENDS.any && !BEGINNINGS.any);
        for name in ["status", "latency_ms", "shift", "rows", "route", "attempt", "x", ""] {
            assert!(!NAME_ENDS.end(name), "{name}");
        }
    }

    #[test]
    fn names_of_one_letter_leave_it_to_the_look_up() {
        let mut own = TwoLetters::default();
        assert!(!own.end("status"));
        own.add("x");
        assert!(own.end("status"));
    }

    #[test]
    fn signs_behind_a_name_do_not_hide_it() {
        for front in ["the password", "\"password\"", "password2 ", "(name) ", "x?sid", "adı", "[token]'"] {
            assert!(SIGNED_ENDS.end_before(front), "{front}");
        }
        // A name may stand before so many signs.
        assert!(SIGNED_ENDS.end_before(&format!("rows{}", " ".repeat(NEAR))));
        assert!(!SIGNED_ENDS.end_before("(rows)"));
    }

    #[test]
    fn words_begin_in_any_case_and_with_any_accent() {
        for word in ["password", "Parola", "TOKEN", "şifre", "pın", "eyJ0", "VALUES ("] {
            assert!(BEGINNINGS.begin(word.as_bytes()), "{word}");
        }
        for word in ["request", "finished", "rows", "12", "x", ""] {
            assert!(!BEGINNINGS.begin(word.as_bytes()), "{word}");
        }
    }

    fn spelled() -> impl Strategy<Value = String> {
        let known: Vec<&str> = NAMES.iter().chain(ENDINGS).flat_map(|(_, names)| *names).copied().collect();
        let front = "([a-zA-Z]{0,4}[_. -]){0,2}";
        let back = "[_-]?[0-9]{0,3}[ .]?";
        let capital = any::<bool>();
        let cut = 0_usize..12;
        (front, proptest::sample::select(known), cut, capital, back).prop_map(
            |(front, name, cut, capital, back)| {
                // Separators may stand anywhere.
                let (left, right) = name.split_at(cut.min(name.len()));
                let name = if cut < 4 { format!("{left}_{right}") } else { name.to_owned() };
                let name = if capital { name.to_uppercase() } else { name };
                format!("{front}{name}{back}")
            },
        )
    }

    proptest! {
        #[test]
        fn every_known_name_fits(name in prop_oneof![spelled(), any::<String>(), "[a-zğüşöçıİ_0-9]{0,9}"]) {
            let keys = Keys::default();
            // Which is asked without looking at the last letters.
            prop_assert!(keys.sure(&name).or(keys.vague(&name)).is_none() || NAME_ENDS.end(&name));
        }

        #[test]
        fn names_of_its_own_fit(own in "[a-z0-9_]{0,6}", front in "[a-z]{0,3}_?") {
            let mut keys = Keys::default();
            keys.add(&own);
            prop_assert_eq!(keys.kind(&own), keys.sure(&own).or(keys.vague(&own)));
            let longer = format!("{front}{own}");
            prop_assert_eq!(keys.kind(&longer), keys.sure(&longer).or(keys.vague(&longer)));
        }
    }
}
