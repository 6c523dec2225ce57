//! `the password is hunter2`, `şifresi hunter2 olarak değiştirildi`: secrets in sentences.
//!
//! Most sentences about passwords hold none, so a bare word counts only if it looks like no word of a language.

use super::names::KeyKind;
use super::pair;
use super::rules::{Found, before, is_word};
use super::value::{Value, unquoted};

/// The words that a secret may follow, without accents.
const WORDS: [&str; 15] = [
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "sifre",
    "sifresi",
    "sifresini",
    "sifreniz",
    "sifren",
    "sifrem",
    "parola",
    "parolasi",
    "parolaniz",
    "parolam",
];
/// Like these, but what follows is a name as often.
const VAGUE: [&str; 3] = ["secret", "token", "pin"];
/// What may stand between.
const LINKS: [&str; 10] = ["is", "was", "=", ":", "->", "now", "from", "changed to", "set to", "reset to"];
const SHORTEST: usize = 6;
const SHORTEST_QUOTED: usize = 4;
const SHORTEST_NUMBER: usize = 4;
/// A name of something has digits too, but is shorter.
const SHORTEST_VAGUE: usize = 16;
const LONGEST_WORD: usize = 16;
/// A name in camel case has fewer capitals.
const MANY_CHANGES: usize = 4;

/// Looks at the word that begins at `at`.
pub(crate) fn at(text: &str, at: usize, found: &mut Found<'_>) -> Option<usize> {
    if is_word(before(text, at)) {
        return None;
    }
    let near = text.get(at..text.floor_char_boundary(at + LONGEST_WORD + 1))?;
    let length = near.find(|c: char| !c.is_alphabetic())?;
    let word = near.get(..length)?;
    let sure = is_one_of(&WORDS, word);
    if !sure && !is_one_of(&VAGUE, word) {
        return None;
    }
    let mut start = at + length;
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

fn is_one_of(words: &[&str], word: &str) -> bool {
    if word.is_ascii() {
        return words.iter().any(|known| known.eq_ignore_ascii_case(word));
    }
    let folded = super::keys::folded(word);
    words.contains(&folded.as_str())
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
    } else {
        let word = rest.get(..unquoted(rest))?.trim_end_matches(['.', ',', ';', ':', '?', ')']);
        Value { text, start, end: start + word.len(), quoted: false }
    };
    let taken = if quoted {
        sure && value.get().len() >= SHORTEST_QUOTED && (linked || is_telling(value.get()))
    } else if sure {
        let shortest = if linked { SHORTEST_NUMBER } else { SHORTEST };
        value.get().len() >= SHORTEST && is_telling(value.get()) || is_number(value.get(), shortest)
    } else {
        value.get().len() >= SHORTEST_VAGUE && is_mixed(value.get())
    };
    if !taken || value.is_nothing() {
        return None;
    }
    pair::add(KeyKind::Password, &value, found)
}

fn is_number(text: &str, shortest: usize) -> bool {
    text.len() >= shortest && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// No word, number, place or comparison.
pub(super) fn is_telling(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let mixed = digits > 0
        && text.bytes().any(|b| b.is_ascii_uppercase())
        && text.bytes().any(|b| b.is_ascii_lowercase());
    let structure = text.contains(['/', '<', '>', '(', '[', '{', ':', '\\'])
        || text.contains("..")
        || text.contains('=') && !mixed;
    let inner = text.chars().skip(1).any(char::is_uppercase) && text.chars().any(char::is_lowercase);
    let odd = text.contains(['!', '$', '*', '#', '@', '%', '^', '&', '+', '?']);
    let snake = text.contains('_') && !inner && digits == 0 && !odd;
    letters > 0 && !structure && !snake && (digits > 0 || inner || odd)
}

/// Letters and digits that look drawn by lot: all kinds of them, or small letters and capitals that change often.
pub(super) fn is_mixed(text: &str) -> bool {
    let has = |test: fn(&u8) -> bool| text.bytes().any(|byte| test(&byte));
    let pairs = text.as_bytes().windows(2);
    let changes =
        pairs.filter(|two| matches!(two, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase())).count();
    (has(u8::is_ascii_digit) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase)
        || changes >= MANY_CHANGES)
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'/' | b'='))
}
