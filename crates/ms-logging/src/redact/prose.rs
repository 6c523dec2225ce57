//! `the password is hunter2`, `şifresi hunter2 olarak değiştirildi`: secrets in sentences.
//!
//! Most sentences about passwords hold none, so a bare word counts only if it looks like no word of a language.

use super::key_kind::KeyKind;
use super::rules::Found;
use super::telling::{is_drawn, is_number, is_telling};
use super::value::{Value, unquoted};
use super::{keys, pair, spoken};

/// The words that a secret may follow.
pub(super) const WORDS: [&str; 5] = ["password", "passwd", "passphrase", "passcode", "pwd"];
/// The same in Turkish, folded, and the endings that they have there.
pub(super) const STEMS: [&str; 2] = ["sifre", "parola"];
const ENDINGS: [&str; 17] = [
    "", "m", "n", "min", "si", "miz", "niz", "mi", "ni", "yi", "sini", "mizi", "nizi", "leri", "lari",
    "sinin", "nin",
];
/// `pass` has other meanings, but not where somebody logs in.
pub(super) const SHORT: [&str; 2] = ["pass", "pw"];
const LOGIN: [&str; 5] = ["user", "login", "kullan", "giris", "giriş"];
/// Like these, but what follows is a name as often.
pub(super) const VAGUE: [&str; 4] = ["secret", "token", "pin", "apikey"];
/// These only behind a word that says whose they are.
pub(super) const KEYS: [&str; 4] = ["key", "anahtar", "anahtarı", "anahtari"];
const OF_KEYS: [&str; 9] =
    ["api", "access", "secret", "auth", "private", "signing", "gizli", "erisim", "erişim"];
/// What may stand between.
pub(super) const LINKS: [&str; 22] = [
    "is",
    "was",
    "=",
    ":",
    "->",
    "now",
    "from",
    "to",
    "as",
    "changed to",
    "set to",
    "reset to",
    "olarak",
    "ise",
    "yeni",
    "şu",
    "şöyle",
    "artık",
    "still",
    "-",
    "provided:",
    "value:",
];
const SHORTEST: usize = 5;
const SHORTEST_QUOTED: usize = 4;
const SHORTEST_NUMBER: usize = 4;
const SHORTEST_BARE_NUMBER: usize = 6;
/// A name of something has digits too, but is shorter.
const SHORTEST_VAGUE: usize = 12;
const LONGEST_WORD: usize = 16;
/// Whose it is: `for the user ayse`.
const MOST_OWNERS: usize = 3;

/// Looks at the word that begins at `at`.
pub(crate) fn at(text: &str, at: usize, found: &mut Found<'_>) -> Option<usize> {
    let near = text.get(at..text.floor_char_boundary(at + LONGEST_WORD + 1))?;
    let length = near.find(|c: char| !c.is_alphabetic())?;
    let word = near.get(..length)?;
    let sure = is_password(word) || is_one_of(&SHORT, word) && spoken::is_before(text, at, &LOGIN);
    let vague =
        || is_one_of(&VAGUE, word) || is_one_of(&KEYS, word) && is_one_of(&OF_KEYS, word_before(text, at));
    if !sure && (!vague() || word_before(text, at).eq_ignore_ascii_case("unexpected")) {
        return None;
    }
    let mut start = at + length;
    if let Some(owned) = owner(text, start).filter(|_| sure) {
        start = owned;
    }
    let mut linked = false;
    let mut from = false;
    while let Some((link, behind)) = link(text, start) {
        (start, linked, from) = (behind, true, link == "from");
    }
    let end = secret(text, start, sure, linked, found)?;
    if from {
        let second = text.get(end..)?.strip_prefix(" to").map_or(end, |_| end + " to".len());
        return secret(text, second, sure, true, found).or(Some(end));
    }
    Some(end)
}

/// What stands before the space before `at`.
fn word_before(text: &str, at: usize) -> &str {
    let front = text.get(text.floor_char_boundary(at.saturating_sub(LONGEST_WORD))..at).unwrap_or_default();
    let front = front.strip_suffix(' ').unwrap_or_default();
    front.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default()
}

fn is_password(word: &str) -> bool {
    if is_one_of(&WORDS, word) {
        return true;
    }
    let turkish = matches!(word.as_bytes(), [b's' | b'S' | b'p' | b'P' | 0xc5, ..]);
    let folded = if turkish { keys::folded(word) } else { return false };
    STEMS.iter().any(|stem| folded.strip_prefix(stem).is_some_and(|ending| ENDINGS.contains(&ending)))
}

fn is_one_of(words: &[&str], word: &str) -> bool {
    words.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// Behind ` for the user ayse` at `at`, if a link stands there.
fn owner(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let mut length = [" for", " of"].iter().find(|word| rest.starts_with(**word)).map(|word| word.len())?;
    for _ in 0..MOST_OWNERS {
        let name = rest.get(length..)?.strip_prefix(' ')?;
        let end =
            name.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '.' | '@' | '\'' | '"'))?;
        length += 1 + end;
        if end > 0 && link(text, at + length).is_some() {
            return Some(at + length);
        }
    }
    None
}

/// The word of this kind that stands behind a space at `at`.
fn link(text: &str, at: usize) -> Option<(&'static str, usize)> {
    let rest = text.get(at..)?.strip_prefix(' ')?;
    let begins = |link: &&&str| {
        let head = rest.get(..link.len()).unwrap_or_default();
        head.eq_ignore_ascii_case(link) && rest.as_bytes().get(link.len()) == Some(&b' ')
    };
    LINKS.iter().find(begins).map(|link| (*link, at + 1 + link.len()))
}

/// Adds the secret behind a space at `at`.
fn secret(text: &str, at: usize, sure: bool, linked: bool, found: &mut Found<'_>) -> Option<usize> {
    let start = at + 1;
    let rest = text.get(at..)?.strip_prefix(' ')?;
    let quoted = rest.starts_with(['\'', '"', '`', '\\']);
    let value = if quoted {
        Value::behind(text, start)?
    } else if let Some(inner) = bracketed(rest).filter(|_| sure) {
        Value { text, start: start + 1, end: start + 1 + inner.len(), quoted: false }
    } else {
        let word = rest.get(..unquoted(rest))?.trim_end_matches(['.', ',', ';', ':', '?', ')']);
        Value { text, start, end: start + word.len(), quoted: false }
    };
    let taken = if quoted {
        sure && value.get().len() >= SHORTEST_QUOTED && (linked || is_telling(value.get()))
            || !sure && value.get().len() >= SHORTEST_VAGUE && is_drawn(value.get())
    } else if sure {
        let shortest = if linked { SHORTEST_NUMBER } else { SHORTEST_BARE_NUMBER };
        value.get().len() >= SHORTEST && is_telling(value.get()) || is_number(value.get(), shortest)
    } else {
        value.get().len() >= SHORTEST_VAGUE && is_drawn(value.get())
    };
    if !taken || value.is_nothing() {
        return None;
    }
    pair::add(KeyKind::Password, &value, found)
}

/// `(hunter2)`: one word in brackets that is no name of a standard.
fn bracketed(rest: &str) -> Option<&str> {
    let inner = rest.strip_prefix(['(', '['])?;
    let inner = inner.get(..inner.find([' ', ')', ']'])?)?;
    let closed = rest.as_bytes().get(inner.len() + 1).is_some_and(|byte| matches!(byte, b')' | b']'));
    (closed && inner.contains(char::is_lowercase) && !inner.is_empty()).then_some(inner)
}
