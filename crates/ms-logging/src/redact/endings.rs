//! Tells most names from those that are known by their last letters, before they are folded and looked up.

use super::names::{ENDINGS, NAMES};
use super::{name, pair};

/// So many letters are looked at; shorter names are known by all of theirs.
const LETTERS: u32 = 4;
/// Of one letter, which is one of 36, or [`ACCENT`].
const BITS: u32 = 6;
/// A letter that stands for others.
const ACCENT: u8 = 63;
/// How far before a sign the end of a name is looked for.
const NEAR: usize = 32;
/// A bit for what each hash may be; one in thirty is set.
const WORDS: usize = 256;

/// How the names end that are built in.
pub(super) static NAME_ENDS: Endings = Endings::NONE.with_names();

/// The same, with the names that mean something at some places only.
pub(super) static SIGNED_ENDS: Endings = Endings::NONE
    .with_names()
    .with(&name::OF_AN_OBJECT)
    .with(&name::OF_A_PAIR)
    .with(&name::OF_A_NAME)
    .with(&pair::QUERY_SECRETS);

/// What names end with.
#[derive(Debug, Clone)]
pub(super) struct Endings {
    known: [u64; WORDS],
    /// There is none.
    empty: bool,
    /// There are names of which this cannot tell.
    any: bool,
}

impl Default for Endings {
    fn default() -> Self {
        Self::NONE
    }
}

impl Endings {
    const NONE: Self = Self { known: [0; WORDS], empty: true, any: false };

    /// Adds the end of a folded name.
    pub(super) const fn add(&mut self, name: &str) {
        self.empty = false;
        let (mut rest, mut key, mut count) = (name.as_bytes(), 0, 0);
        while let [front @ .., byte] = rest {
            let letter = letter(*byte);
            if letter > 0 && count < LETTERS {
                if letter == ACCENT {
                    // A text that ends so always fits.
                    return;
                }
                (key, count) = (key | (letter as u32) << (BITS * count), count + 1);
            }
            rest = front;
        }
        if count < 2 {
            self.any = true;
        }
        let (word, bit) = place(key);
        if let Some((_, rest)) = self.known.split_at_mut_checked(word)
            && let [known, ..] = rest
        {
            *known |= bit;
        }
    }

    const fn with(mut self, mut names: &[&str]) -> Self {
        while let [name, rest @ ..] = names {
            self.add(name);
            names = rest;
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
        self.any || !self.empty && self.ends(name.as_bytes(), false)
    }

    /// Whether the name that a text ends with may, whatever signs stand behind it.
    pub(super) fn end_before(&self, front: &[u8]) -> bool {
        let near = front.len().saturating_sub(NEAR);
        self.any || !self.empty && self.ends(front.get(near..).unwrap_or_default(), near > 0)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.empty
    }

    /// Whether four small letters stand before `at` that are the end of no name.
    #[inline]
    pub(super) fn is_other(&self, text: &[u8], at: usize) -> bool {
        let four = at.checked_sub(LETTERS as usize).and_then(|start| text.get(start..at));
        let Some(&[a, b, c, d]) = four else { return false };
        let small = [a, b, c, d].iter().all(u8::is_ascii_lowercase);
        // Which are 1 to 26 in their last five bits.
        let key = [a, b, c, d].iter().fold(0, |key, byte| key << BITS | u32::from(byte & 31));
        small && !self.any && !self.holds(key)
    }

    /// `or`: what to take a text for that is too short.
    fn ends(&self, text: &[u8], or: bool) -> bool {
        self.fits(text, or) || {
            let numbered = text.iter().rev().find(|byte| letter(**byte) > 0).is_some_and(u8::is_ascii_digit);
            numbered && self.fits(without_digits(text), or)
        }
    }

    fn fits(&self, text: &[u8], or: bool) -> bool {
        let (mut rest, mut key, mut shift) = (text, 0, 0);
        while let [front @ .., byte] = rest {
            rest = front;
            let letter = letter_of(*byte);
            // What is neither a letter nor a digit does not count.
            if letter == 0 {
                continue;
            }
            if letter == ACCENT {
                return true;
            }
            key |= u32::from(letter) << shift;
            shift += BITS;
            if shift == LETTERS * BITS {
                return self.holds(key);
            }
            // Shorter names are words of their own.
            if shift > BITS && begins_word(front.last().copied(), *byte) && self.holds(key) {
                return true;
            }
        }
        or
    }

    fn holds(&self, key: u32) -> bool {
        let (word, bit) = place(key);
        self.known.get(word).is_some_and(|known| known & bit != 0)
    }
}

/// Where the bit of some letters is.
const fn place(key: u32) -> (usize, u64) {
    let hash = key.wrapping_mul(0x9e37_79b1) >> 18;
    ((hash >> 6) as usize, 1 << (hash & 63))
}

fn begins_word(before: Option<u8>, first: u8) -> bool {
    before.is_none_or(|before| {
        !before.is_ascii_alphanumeric() || first.is_ascii_uppercase() && !before.is_ascii_uppercase()
    })
}

fn without_digits(name: &[u8]) -> &[u8] {
    let end = name.iter().rposition(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii());
    name.get(..end.map_or(0, |end| end + 1)).unwrap_or_default()
}

const fn letter(sign: u8) -> u8 {
    match sign {
        b'a'..=b'z' => sign - b'a' + 1,
        b'A'..=b'Z' => sign - b'A' + 1,
        b'0'..=b'9' => sign - b'0' + 27,
        0x80.. => ACCENT,
        _ => 0,
    }
}

/// The same by a table.
fn letter_of(sign: u8) -> u8 {
    const TABLE: [u8; 256] = {
        let (mut table, mut sign) = ([0; 256], 0);
        #[allow(clippy::indexing_slicing, reason = "evaluated by the compiler, within the table's length")]
        while sign < 256 {
            table[sign] = letter(sign as u8);
            sign += 1;
        }
        table
    };
    TABLE.get(usize::from(sign)).copied().unwrap_or(ACCENT)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::redact::keys::Keys;

    #[test]
    fn most_names_do_not_fit() {
        assert!(!NAME_ENDS.any && !SIGNED_ENDS.any);
        for name in ["status", "latency_ms", "shift", "rows", "route", "attempt", "ward", "finished", "x", ""]
        {
            assert!(!NAME_ENDS.end(name), "{name}");
        }
    }

    #[test]
    fn names_of_one_letter_leave_it_to_the_look_up() {
        let mut own = Endings::default();
        assert!(!own.end("status"));
        own.add("x");
        assert!(own.end("status"));
    }

    #[test]
    fn signs_behind_a_name_do_not_hide_it() {
        for front in
            ["the password", "\"password\"", "password2 ", "(name) ", "x?sid", "adı", "[token]'", "ad"]
        {
            assert!(SIGNED_ENDS.end_before(front.as_bytes()), "{front}");
        }
        // A name may stand before so many signs.
        assert!(SIGNED_ENDS.end_before(format!("rows{}", " ".repeat(NEAR)).as_bytes()));
        assert!(!SIGNED_ENDS.end_before(b"(rows)"));
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
