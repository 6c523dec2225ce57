//! What is taken out of a value, by what its name tells.

use super::key_kind::KeyKind;
use super::rules::Found;
use super::telling::is_telling;
use super::value::{Value, unquoted};
use super::view::SOFT_SPACE;
use super::{Kind, card, cookie, keys, patterns, replace};

/// Between two groups of digits.
const MOST_SEPARATORS: usize = 3;
/// A number of fewer digits is no token.
const SHORTEST_NUMBER: usize = 6;
const SHORTEST_PIN: usize = 4;
const LONGEST_CARD: usize = 19;
/// Words within a name that begin with a small letter.
const PARTICLES: [&str; 14] =
    ["van", "der", "den", "de", "von", "da", "di", "del", "bin", "ibn", "el", "al", "la", "ten"];

const SHORTEST_SURNAME: usize = 3;
/// What stands in capitals behind a name, and is no surname.
const SHOUTED: [&str; 14] = [
    "INFO", "WARN", "WARNING", "ERROR", "DEBUG", "TRACE", "FATAL", "GET", "PUT", "POST", "PATCH", "DELETE",
    "TCKN", "ICU",
];

/// Whether a whole value is what its name says that it may be.
pub(crate) fn tells(kind: KeyKind, text: &str) -> bool {
    let value = Value { text, start: 0, end: text.len(), quoted: true };
    place(kind, &value, &mut Found::none(&keys::Keys::default())).is_some()
}

/// `password: must not be empty`: bare words that go on as a sentence do.
pub(super) fn is_sentence(value: &Value<'_>) -> bool {
    let word = |text: &str| {
        let letters = text.chars().all(char::is_alphabetic) && !text.chars().skip(1).any(char::is_uppercase);
        letters && !text.is_empty()
    };
    let Some(rest) = value.text.get(value.end..).and_then(|rest| rest.strip_prefix(' ')) else {
        return false;
    };
    let next = rest.split([' ', ',', '.', ';', '\n']).next().unwrap_or_default();
    !value.quoted && word(value.get()) && word(next)
}

/// What is taken out of a value of this kind; `None` if that is nothing.
pub(super) fn place(kind: KeyKind, value: &Value<'_>, found: &mut Found<'_>) -> Option<(usize, usize)> {
    if value.is_nothing() {
        return None;
    }
    let length = value.get().len();
    let number = value.get().bytes().all(|byte| byte.is_ascii_digit());
    let taken = match kind {
        KeyKind::Password | KeyKind::Own => (value.start, value.end),
        KeyKind::Told if value.quoted || is_telling(value.get()) => (value.start, value.end),
        KeyKind::Pin if length >= SHORTEST_PIN => (value.start, value.end),
        KeyKind::Token if !number || length >= SHORTEST_NUMBER => (value.start, value.end),
        KeyKind::Told | KeyKind::Pin | KeyKind::Token => return None,
        KeyKind::Authorization => credential(value)?,
        KeyKind::Cookie => return cookie::place(value, found),
        KeyKind::Person if value.quoted && is_full_name(value.get()) => (value.start, value.end),
        KeyKind::Person => return None,
        KeyKind::Name => (value.start, if value.quoted { value.end } else { end_of_name(value) }),
        KeyKind::Tckn | KeyKind::Phone | KeyKind::Email | KeyKind::Iban | KeyKind::Card => {
            personal(kind, value)?
        }
    };
    (taken.1 > taken.0).then_some(taken)
}

pub(super) fn found_kind(kind: KeyKind, taken: &str) -> Kind {
    match kind {
        KeyKind::Authorization | KeyKind::Token if patterns::jwt(taken).is_some() => Kind::Jwt,
        other => other.found(),
    }
}

/// The credential behind the name of its scheme, if there is one.
fn credential(value: &Value<'_>) -> Option<(usize, usize)> {
    let rest = value.text.get(value.start..)?;
    // A space of a query.
    let lead = rest.len() - rest.trim_start_matches('+').len();
    let Some(scheme) = rest.get(lead..).and_then(patterns::scheme).map(|scheme| lead + scheme) else {
        // `Authorization: header is missing`.
        return (!is_sentence(value)).then_some((value.start, value.end));
    };
    let several = rest.get(lead..scheme)?.eq_ignore_ascii_case("digest");
    let gap =
        rest.get(scheme..)?.bytes().take_while(|byte| matches!(*byte, b' ' | SOFT_SPACE | b'+')).count();
    let start = value.start + scheme + gap;
    if replace::tag(value.text.get(start..)?).is_some() {
        return None;
    }
    let end = if value.quoted {
        value.end
    } else if several {
        // Its parts are quoted each.
        value.text.get(start..)?.find(['\n', '\r']).map_or(value.text.len(), |end| start + end)
    } else {
        start + unquoted(value.text.get(start..)?)
    };
    Some((start, end))
}

/// A bare name goes on while its words begin with capitals.
pub(super) fn end_of_name(value: &Value<'_>) -> usize {
    let mut end = value.end;
    let capital = |word: &str| word.starts_with(char::is_uppercase);
    let shouted = |word: &str| !word.chars().any(char::is_lowercase);
    if !capital(value.get()) {
        return end;
    }
    let (mut behind, mut ended) = (end, false);
    while let Some(rest) =
        value.text.get(behind..).and_then(|rest| rest.strip_prefix([' ', char::from(SOFT_SPACE)]))
    {
        let length = unquoted(rest);
        let word = rest.get(..length).unwrap_or_default();
        behind += 1 + length;
        if PARTICLES.contains(&word) {
            continue;
        }
        let other = shouted(word) != shouted(value.get()) && word.chars().count() > 1 && !word.ends_with('.');
        // `Ayşe Nur YILMAZ`: the surname, and so the last word.
        let surname = word.chars().count() >= SHORTEST_SURNAME
            && word.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '\''))
            && !SHOUTED.contains(&word);
        let follows = !other || shouted(value.get()) || surname;
        if ended || !capital(word) || word.contains(['=', ':', '/']) || !follows {
            break;
        }
        (end, ended) = (behind, other && surname && !shouted(value.get()));
    }
    end
}

/// Two to four words that begin with capitals, and nothing else.
fn is_full_name(text: &str) -> bool {
    let words = text.split(' ').filter(|word| !PARTICLES.contains(word));
    let is_name = |word: &str| {
        word.starts_with(char::is_uppercase)
            && word.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '.' | '\''))
    };
    (2..=4).contains(&text.split(' ').count()) && words.clone().count() >= 2 && words.clone().all(is_name)
}

/// Numbers and addresses are taken whole, but only if they look like one: `phone: none given` is not.
fn personal(kind: KeyKind, value: &Value<'_>) -> Option<(usize, usize)> {
    let end = if value.quoted { value.end } else { value.end.max(end_of_number(kind, value)) };
    let text = value.text.get(value.start..end)?;
    let text = if value.quoted { text } else { text.trim_end_matches(|c: char| c.is_ascii_punctuation()) };
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (digits >= 5 || text.contains('@')).then_some((value.start, value.start + text.len()))
}

/// Groups of digits belong together, as far as such a number has so many.
fn end_of_number(kind: KeyKind, value: &Value<'_>) -> usize {
    let rest = value.text.get(value.start..).unwrap_or_default();
    let mut known = [0; LONGEST_CARD];
    let abroad = || rest.bytes().filter(u8::is_ascii_digit).take(3).eq(*b"900");
    let most = match kind {
        KeyKind::Tckn => 11,
        KeyKind::Card => LONGEST_CARD,
        // `+90 (0532)`
        KeyKind::Phone if abroad() => 13,
        KeyKind::Phone if rest.starts_with("00") => 14,
        KeyKind::Phone if rest.starts_with('0') || rest.starts_with("(0") => 11,
        KeyKind::Phone if rest.starts_with('5') => 10,
        KeyKind::Phone => 12,
        _ => return value.end,
    };
    let (mut digits, mut end, mut gap) = (0, value.start, 0);
    let mut at = 0;
    for byte in rest.bytes() {
        at += 1;
        match byte {
            b'0'..=b'9' => {
                (digits, gap) = (digits + 1, 0);
                let goes_on = rest.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
                let Some(place) = known.get_mut(digits - 1).filter(|_| digits <= most) else { break };
                *place = byte - b'0';
                if goes_on {
                    continue;
                }
                end = value.start + at;
                // What follows a whole card is another number.
                if kind == KeyKind::Card && known.get(..digits).is_some_and(card::is_valid) {
                    break;
                }
            }
            b' ' | SOFT_SPACE | b'(' | b')' | b'+' | b'-' | b'.' | b'/' | b'_' if gap < MOST_SEPARATORS => {
                gap += 1
            }
            _ => break,
        }
    }
    end
}
