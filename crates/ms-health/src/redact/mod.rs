//! Makes the text of a failing check fit to show.
//!
//! Errors of drivers carry connection strings, and those carry passwords. What looks like one is cut out whole: an
//! operator misses little, and nobody has to trust that a pattern found the end of a password.

mod numbers;

use std::fmt::Write as _;

/// The longest text shown, in characters; far more is cut before the work begins.
const LONGEST: usize = 200;
const LONGEST_LOOKED_AT: usize = 4096;
const REDACTED: &str = "[redacted]";
/// An unbroken word of this many letters and digits is a key or a token.
const LONGEST_OPAQUE: usize = 32;
const SECRET_KEYS: [&str; 12] = [
    "pass",
    "pwd",
    "secret",
    "token",
    "key",
    "auth",
    "credential",
    "cookie",
    "session",
    "signature",
    "jwt",
    "dsn",
];
/// The word after one of these is a credential.
const SCHEMES: [&str; 4] = ["bearer", "basic", "digest", "negotiate"];

/// Gives `text` on one line, without credentials, addresses of people and long numbers, cut to 200 characters.
pub(crate) fn redact(text: &str) -> String {
    let text: String = text.chars().take(LONGEST_LOOKED_AT).map(plain).collect();
    let mut out = String::with_capacity(text.len().min(LONGEST * 4));
    let mut after = After::Word;
    let mut rest = text.trim();
    while let Some((word, tail)) = next_word(rest) {
        if !out.is_empty() {
            out.push(' ');
        }
        after = write_word(&mut out, word, after);
        // What a quoted or spaced value has left is still part of the secret.
        rest = match after {
            After::OpenQuote(quote) => {
                after = After::Word;
                tail.split_once(quote).map_or("", |(_, behind)| behind).trim_start()
            }
            After::Word | After::SecretName | After::SecretKey => tail,
        };
    }
    shorten(numbers::without_long(&out))
}

/// What the word before promises of the next.
#[derive(Clone, Copy, PartialEq)]
enum After {
    Word,
    /// A sign or a quote makes the next word the value of a secret.
    SecretName,
    /// The next word is the value of a secret.
    SecretKey,
    /// A secret began with this quote and has not ended.
    OpenQuote(char),
}

/// Control characters and the ones that turn the direction of writing have no place in a line of text.
fn plain(character: char) -> char {
    match character {
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => ' ',
        // Full-width forms of ASCII would hide digits and `@`.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(character as u32 - 0xfee0).unwrap_or(' '),
        control if control.is_control() => ' ',
        other => other,
    }
}

fn next_word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    if text.is_empty() {
        return None;
    }
    Some(text.split_once(char::is_whitespace).unwrap_or((text, "")))
}

fn write_word(out: &mut String, word: &str, before: After) -> After {
    let named = before == After::SecretName && word.starts_with(['=', ':', '"', '\'']);
    if named || before == After::SecretKey || SCHEMES.contains(&&*bare(word)) {
        return write_secret(out, word);
    }
    if let Some((scheme, _)) = word.split_once("://") {
        let _ = write!(out, "{}://{REDACTED}", scheme_name(scheme));
        return After::Word;
    }
    if word.contains('@') || is_opaque(word) {
        out.push_str(REDACTED);
        return After::Word;
    }
    write_pairs(out, word)
}

/// A word where the value of a secret is expected: the value, or the sign, quote or scheme before it.
fn write_secret(out: &mut String, word: &str) -> After {
    let bare = bare(word);
    if (bare.is_empty() && !opens_quote(word)) || SCHEMES.contains(&&*bare) {
        out.push_str(word);
        return After::SecretKey;
    }
    out.push_str(REDACTED);
    unfinished(word)
}

/// Only signs and quotes are cut off: a password may be made of punctuation alone.
fn bare(word: &str) -> String {
    word.trim_matches(['=', ':', '"', '\'', '{', '[', '(']).to_lowercase()
}

/// A word that may hold `key=value` or `key: value`.
fn write_pairs(out: &mut String, word: &str) -> After {
    let Some(at) = word.find(['=', ':']) else {
        out.push_str(word);
        return if is_secret_key(word) { After::SecretName } else { After::Word };
    };
    let (key, value) = word.split_at(at);
    if !is_secret_key(key) {
        // A later pair in the same word (`host=a;password=b`) may still be one.
        if word.match_indices(['=', ':']).any(|(at, _)| is_secret_key(word.get(..at).unwrap_or(word))) {
            out.push_str(REDACTED);
            return unfinished(value);
        }
        out.push_str(word);
        return After::Word;
    }
    let sign = value.get(..1).unwrap_or("=");
    out.push_str(key);
    out.push_str(sign);
    write_secret(out, value.get(1..).unwrap_or(""))
}

/// Whether a value opens a quote that it does not close.
fn unfinished(value: &str) -> After {
    match value.chars().find(|c| matches!(c, '"' | '\'')) {
        Some(quote) if value.matches(quote).count() % 2 == 1 => After::OpenQuote(quote),
        _ => After::Word,
    }
}

fn opens_quote(word: &str) -> bool {
    matches!(unfinished(word), After::OpenQuote(_))
}

/// The last name before the sign holds a word that names secrets.
fn is_secret_key(key: &str) -> bool {
    let name = key.rsplit([';', ',', '&', '?', '{', '(']).next().unwrap_or(key).to_lowercase();
    SECRET_KEYS.iter().any(|secret| name.contains(secret))
}

/// The scheme itself, without what is glued to it.
fn scheme_name(before: &str) -> &str {
    before.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '+').next().unwrap_or("")
}

fn is_opaque(word: &str) -> bool {
    let opaque = |part: &str| part.len() >= LONGEST_OPAQUE && part.chars().any(|c| c.is_ascii_digit());
    let joined = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '=');
    word.starts_with("eyJ") || word.split(|c| !joined(c)).any(opaque)
}

/// After the redaction, so that a cut never makes half a secret unrecognisable.
fn shorten(mut text: String) -> String {
    if let Some((at, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(at);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::redact;
    use proptest::prelude::*;

    #[test]
    fn connection_strings_lose_everything_behind_the_scheme() {
        let shown =
            redact("error connecting to postgres://app:hunter2@db.internal/med?sslmode=off: timed out");
        assert_eq!(shown, "error connecting to postgres://[redacted] timed out");
        assert_eq!(redact("dial redis+tls://:p%40ss@10.0.0.7:6379"), "dial redis+tls://[redacted]");
    }

    #[test]
    fn values_of_secret_keys_go_however_they_are_written() {
        for text in [
            "host=db user=app password=hunter2 dbname=med",
            "password: hunter2",
            "password = hunter2",
            "password =hunter2",
            "wrong password 'a hunter2'",
            "PGPASSWORD='hunter2 is long'",
            "password=\"a hunter2\" port=1",
            "password= \"a hunter2\" port=1",
            "Server=db;Database=med;Pwd=hunter2;",
            "Authorization: Bearer hunter2",
            "authorization=Basic hunter2",
            "{\"db\":\"x\",\"apiKey\":\"hunter2\"}",
            "{\"secret\": \"hunter2\"}",
            "app:hunter2@db.internal:5432",
            "https://x/?token=hunter2",
            "client_secret=hunter2&grant=1",
        ] {
            let shown = redact(text);
            assert!(!shown.contains("hunter2"), "{text} -> {shown}");
            assert!(shown.contains("[redacted]"), "{text} -> {shown}");
        }
    }

    #[test]
    fn numbers_of_people_go_spaced_dashed_or_full_width() {
        for text in [
            "no row for 10000000146",
            "no row for 100 000 001 46",
            "no row for tc_10000000146_rec",
            "no row for 100-000-001-46",
            "no row for １００００００００１４６",
            "call +90 (532) 123 45 67 now",
        ] {
            let shown = redact(text);
            assert!(shown.contains("[redacted]"), "{text} -> {shown}");
            assert!(!shown.contains("46") && !shown.contains("67"), "{text} -> {shown}");
        }
        assert_eq!(redact("mail to ayse@example.org bounced"), "mail to [redacted] bounced");
    }

    #[test]
    fn what_an_operator_needs_stays() {
        for text in [
            "Connection refused (os error 111)",
            "connect to 10.11.12.13:5432: No route to host",
            "pool timed out while waiting for an open connection",
            "FATAL 28P01 for user \"app\"",
            "disk /var/lib/medschedule is 97.5 % full",
        ] {
            assert_eq!(redact(text), text);
        }
    }

    #[test]
    fn keys_and_tokens_without_a_name_go() {
        let shown = redact("bad eyJhbGciOiJIUzI1NiJ9.e30.abc and AKIA0123456789012345678901234567XYZ");
        assert_eq!(shown, "bad [redacted] and [redacted]");
    }

    #[test]
    fn text_is_one_short_line() {
        assert_eq!(redact("a\r\nb\u{1b}[31m\u{202e}c"), "a b [31m c");
        let shown = redact(&"x y ".repeat(1_000_000));
        assert_eq!(shown.chars().count(), 201);
    }

    proptest! {
        #[test]
        fn any_text_gives_one_bounded_line(text in any::<String>()) {
            let shown = redact(&text);
            prop_assert!(shown.chars().count() <= 201);
            prop_assert!(!shown.chars().any(char::is_control));
        }

        #[test]
        fn a_password_in_a_dsn_is_never_shown(password in "[a-zA-Z0-9!#%^*_~-]{6,24}", user in "[a-z]{1,8}") {
            let carriers = [
                format!("cannot reach postgres://{user}:{password}@db/med"),
                format!("host=db user={user} password={password} dbname=med"),
                format!("Authorization: Bearer {password}"),
            ];
            for carrier in carriers {
                prop_assert!(!redact(&carrier).contains(&password), "{}", carrier);
            }
        }
    }
}
