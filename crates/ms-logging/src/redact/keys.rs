//! Tells what a value is by the name of its field, however that is spelled.

use std::collections::HashMap;
use std::sync::LazyLock;

use smallvec::SmallVec;

use super::endings::{Endings, NAME_ENDS, SIGNED_ENDS};
pub(crate) use super::key_kind::KeyKind;
use super::names::{ENDINGS, NAMES, VAGUE};

/// Names in texts are looked at so far, in bytes.
pub(super) const LONGEST_NAME: usize = 80;
/// Behind a name: `password2`.
pub(super) const MOST_DIGITS: usize = 2;
/// `hasta adı ve soyadı` has four.
const MOST_WORDS: usize = 4;

static KINDS: LazyLock<HashMap<&str, KeyKind>> = LazyLock::new(|| {
    NAMES.iter().flat_map(|(kind, names)| names.iter().map(|name| (*name, *kind))).collect()
});

/// The names that are known, and what a program adds to them or takes from them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys {
    /// Folded.
    added: Vec<String>,
    removed: Vec<String>,
    /// Of those that were added.
    ends: Endings,
}

impl Keys {
    pub(crate) fn add(&mut self, name: &str) {
        let name = folded(name);
        self.removed.retain(|removed| *removed != name);
        self.ends.add(&name);
        self.added.push(name);
    }

    pub(crate) fn remove(&mut self, name: &str) {
        let name = folded(name);
        self.added.retain(|added| *added != name);
        self.removed.push(name);
    }

    /// What the value of a field of this name is.
    pub(crate) fn kind(&self, name: &str) -> Option<KeyKind> {
        if !NAME_ENDS.end(name) && !self.ends.end(name) {
            return None;
        }
        self.kind_of(&Folded::of(name))
    }

    /// Whether a text may end with a name that tells of anything, whatever signs stand behind it.
    pub(super) fn may_end(&self, front: &[u8]) -> bool {
        SIGNED_ENDS.end_before(front) || self.ends.end_before(front)
    }

    /// Whether a text that has small letters before `at` is seen at a glance to have no such name there.
    #[inline]
    pub(super) fn is_other(&self, text: &[u8], at: usize) -> bool {
        self.ends.is_empty() && SIGNED_ENDS.is_other(text, at)
    }

    /// What the value of a field of this name is, whatever it looks like.
    pub(crate) fn sure(&self, name: &str) -> Option<KeyKind> {
        let folded = Folded::of(name);
        self.kind_of(&folded).filter(|_| !VAGUE.contains(&folded.text()))
    }

    /// What the value of a field of this name is, if it looks like that.
    pub(crate) fn vague(&self, name: &str) -> Option<KeyKind> {
        let folded = Folded::of(name);
        // A number of a row; identity numbers are found without a name.
        let known = VAGUE.contains(&folded.text()) && folded.text() != "patientid";
        self.kind_of(&folded).filter(|kind| known && *kind != KeyKind::Own)
    }

    fn kind_of(&self, name: &Folded) -> Option<KeyKind> {
        if self.added.iter().any(|added| added == name.text()) {
            return Some(KeyKind::Own);
        }
        name.kind().filter(|_| !self.removed.iter().any(|removed| removed == name.text()))
    }
}

/// The name in small letters without accents and separators.
pub(crate) fn folded(name: &str) -> String {
    Folded::of(name).text().to_owned()
}

/// A name in small letters without accents and separators, and where its words begin.
struct Folded {
    /// In place, since a text may hold many names.
    text: SmallVec<[u8; LONGEST_NAME]>,
    /// The beginnings of the last words, the last one first.
    starts: [usize; MOST_WORDS],
}

impl Folded {
    /// A word ends at anything but a letter or a digit, and where a capital follows a small letter.
    fn of(name: &str) -> Self {
        let mut folded = Self { text: SmallVec::new(), starts: [0; MOST_WORDS] };
        let (mut after_small, mut within) = (false, false);
        for character in name.chars() {
            // The dot above that a lower-case `İ` leaves.
            if character == '\u{307}' {
                continue;
            }
            if !character.is_alphanumeric() {
                (after_small, within) = (false, false);
                continue;
            }
            if !within || (after_small && character.is_uppercase()) {
                folded.begin_word();
            }
            after_small = !character.is_uppercase();
            within = true;
            if character.is_ascii() {
                folded.text.push(character.to_ascii_lowercase() as u8);
            } else {
                fold(character).for_each(|letter| folded.push(letter));
            }
        }
        folded
    }

    fn push(&mut self, letter: char) {
        self.text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.text).unwrap_or_default()
    }

    fn begin_word(&mut self) {
        self.starts.rotate_right(1);
        if let Some(first) = self.starts.first_mut() {
            *first = self.text.len();
        }
    }

    fn kind(&self) -> Option<KeyKind> {
        let text = self.text();
        self.kind_of(text).or_else(|| {
            // `password2`
            let plain = text.trim_end_matches(|c: char| c.is_ascii_digit());
            let digits = text.len() - plain.len();
            (1..=MOST_DIGITS).contains(&digits).then(|| self.kind_of(plain))?
        })
    }

    /// What this beginning of the text tells.
    fn kind_of(&self, text: &str) -> Option<KeyKind> {
        // Of a parser.
        if text.ends_with("unexpectedtoken") {
            return None;
        }
        let mut before = None;
        for start in self.starts {
            // The rest of the starts are those of a name with fewer words.
            if before == Some(start) {
                break;
            }
            before = Some(start);
            if let Some(kind) = text.get(start..).and_then(|words| KINDS.get(words)) {
                return Some(*kind);
            }
        }
        let last = text.get(self.starts.first().copied()?..)?;
        let ending = |(_, endings): &&(KeyKind, &[&str])| endings.iter().any(|ending| last.ends_with(ending));
        ENDINGS.iter().find(ending).map(|(kind, _)| *kind)
    }
}

fn fold(character: char) -> impl Iterator<Item = char> {
    let plain = match character {
        'ı' | 'İ' | 'î' | 'Î' => 'i',
        'ş' | 'Ş' => 's',
        'ç' | 'Ç' => 'c',
        'ğ' | 'Ğ' => 'g',
        'ü' | 'Ü' | 'û' => 'u',
        'ö' | 'Ö' => 'o',
        'â' | 'Â' => 'a',
        other => other,
    };
    plain.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_however_they_are_written() {
        for (name, expected) in [
            ("password", KeyKind::Password),
            ("DB_PASSWORD", KeyKind::Password),
            ("userPassword", KeyKind::Password),
            ("kullanıcı-şifre", KeyKind::Password),
            ("PGPASSWORD", KeyKind::Password),
            ("ŞİFRE", KeyKind::Password),
            ("X-Api-Key", KeyKind::Token),
            ("refreshToken", KeyKind::Token),
            ("client.secret", KeyKind::Token),
            ("Authorization", KeyKind::Authorization),
            ("hasta_adı", KeyKind::Name),
            ("HASTA ADI", KeyKind::Name),
            ("patientName", KeyKind::Name),
            ("tc_kimlik_no", KeyKind::Tckn),
            ("TCKN", KeyKind::Tckn),
            ("user.email", KeyKind::Email),
            ("e_posta", KeyKind::Email),
            ("e-mail", KeyKind::Email),
        ] {
            assert_eq!(Keys::default().kind(name), Some(expected), "{name}");
        }
    }

    #[test]
    fn counts_and_other_names_are_not() {
        for name in
            ["token_count", "max_tokens", "user", "key", "department", "password_attempts", "id", "utf8"]
        {
            assert_eq!(Keys::default().kind(name), None, "{name}");
        }
        assert_eq!(Keys::default().sure("mobile"), None);
        assert_eq!(Keys::default().sure("phone"), Some(KeyKind::Phone));
    }

    #[test]
    fn names_are_added_and_taken_away() {
        let mut keys = Keys::default();
        keys.add("Sicil-No");
        keys.remove("access_token");
        assert_eq!(keys.kind("sicilNo"), Some(KeyKind::Own));
        assert_eq!((keys.kind("accessToken"), keys.kind("token")), (None, Some(KeyKind::Token)));
        keys.remove("sicil_no");
        keys.add("access-token");
        assert_eq!((keys.kind("sicil no"), keys.kind("access_token")), (None, Some(KeyKind::Own)));
    }
}
