//! Tells most words and texts from those that are looked at by three letters.

use super::makes::MAKES;
use super::{code, patterns, prose};

/// How the words begin that are looked at wherever they stand.
pub(super) static BEGINNINGS: Triples = Triples::NONE
    .with(&prose::WORDS)
    .with(&prose::STEMS)
    .with(&prose::SHORT)
    .with(&prose::VAGUE)
    .with(&prose::KEYS)
    .with(&code::LAST)
    .with(&patterns::SCHEMES)
    .with(&["eyJ", "values", "PID|", "NK1|"])
    .with_makes();

/// What a text without digits and signs has that may hold a credential.
pub(super) static TELLING: Triples = Triples::NONE.with_sets(&patterns::TELLING);

/// Whether small or capital, a letter has the same last five bits.
const LETTERS: usize = 32;

/// Three letters in a row. Others may look like them: this tells only what is none.
#[derive(Debug)]
pub(super) struct Triples {
    /// For each first two a bit for each third one.
    thirds: [u32; LETTERS * LETTERS],
}

impl Triples {
    const NONE: Self = Self { thirds: [0; LETTERS * LETTERS] };

    const fn with(mut self, mut words: &[&str]) -> Self {
        while let [word, rest @ ..] = words {
            self.add_word(word);
            words = rest;
        }
        self
    }

    const fn with_makes(mut self) -> Self {
        let mut makes: &[(&str, usize)] = &MAKES;
        while let [(make, _), rest @ ..] = makes {
            self.add_word(make);
            makes = rest;
        }
        self
    }

    const fn with_sets(mut self, mut sets: &[[&[u8]; 3]]) -> Self {
        while let [[first, second, third], rest @ ..] = sets {
            let mut firsts = *first;
            while let [first, rest @ ..] = firsts {
                let mut seconds = *second;
                while let [second, rest @ ..] = seconds {
                    self.add(*first, *second, bits(third));
                    seconds = rest;
                }
                firsts = rest;
            }
            sets = rest;
        }
        self
    }

    const fn add_word(&mut self, word: &str) {
        match word.as_bytes() {
            [first, second] => self.add(*first, *second, u32::MAX),
            [first, second, third, ..] => self.add(*first, *second, bits(&[*third])),
            // Nothing is looked at behind a single letter.
            _ => {}
        }
    }

    #[allow(clippy::indexing_slicing, reason = "evaluated by the compiler, within the table's length")]
    const fn add(&mut self, first: u8, second: u8, thirds: u32) {
        self.thirds[place(place(0, first), second)] |= thirds;
    }

    /// Whether a word may begin so. Letters with accents stand for others, and always fit.
    pub(super) fn begin(&self, word: &[u8]) -> bool {
        match word {
            [first, second, third, ..] => {
                self.holds(place(place(0, *first), *second), *third)
                    || !(first.is_ascii() && second.is_ascii() && third.is_ascii())
            }
            _ => false,
        }
    }

    /// Whether a text has three bytes that may be some of these and are `those`.
    pub(super) fn any(&self, text: &[u8], those: impl Fn(&[u8]) -> bool) -> bool {
        let mut rest = text;
        while let Some(start) = self.first(rest) {
            if rest.get(start..start + 3).is_some_and(&those) {
                return true;
            }
            rest = rest.get(start + 1..).unwrap_or_default();
        }
        false
    }

    /// Where the first three begin that may be some of these.
    fn first(&self, text: &[u8]) -> Option<usize> {
        let [first, second, rest @ ..] = text else { return None };
        let mut two = place(place(0, *first), *second);
        rest.iter().position(|third| {
            let may_be = self.holds(two, *third);
            two = place(two, *third);
            may_be
        })
    }

    fn holds(&self, two: usize, third: u8) -> bool {
        self.thirds.get(two).is_some_and(|thirds| thirds >> (third & 31) & 1 == 1)
    }
}

/// The place of the last two letters, the second of which is `letter`.
const fn place(before: usize, letter: u8) -> usize {
    ((before * LETTERS) | (letter as usize % LETTERS)) % (LETTERS * LETTERS)
}

/// A bit for each letter; all for none.
const fn bits(mut letters: &[u8]) -> u32 {
    let mut bits = if letters.is_empty() { u32::MAX } else { 0 };
    while let [letter, rest @ ..] = letters {
        bits |= 1 << (*letter & 31);
        letters = rest;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_begin_in_any_case_and_with_any_accent() {
        for word in [
            "password", "Parola", "TOKEN", "şifre", "pın", "eyJ0", "VALUES (", "ghp_x", "AKIA", "sk-x", "pw=",
        ] {
            assert!(BEGINNINGS.begin(word.as_bytes()), "{word}");
        }
        for word in ["request", "finished", "took", "rows", "ward", "ms ", "12", "x", ""] {
            assert!(!BEGINNINGS.begin(word.as_bytes()), "{word}");
        }
    }

    #[test]
    fn a_text_is_looked_at_where_three_letters_are_some_of_those() {
        let those = |three: &[u8]| three == b"ASS";
        for (text, expected) in [("my PASSWORD", true), ("ASS", true), ("my password", false), ("AS", false)]
        {
            assert_eq!(TELLING.any(text.as_bytes(), those), expected, "{text}");
        }
    }
}
