//! Whether a bare word looks like a secret, or like a word of a language.

/// Words with digits that sentences about passwords have.
const KNOWN: [&str; 17] = [
    "sha1", "sha256", "sha512", "sha-1", "sha-256", "sha-512", "sha3", "argon2", "argon2i", "argon2id",
    "pbkdf2", "base64", "oauth2", "utf-8", "utf8", "x509", "ed25519",
];
/// A digest or a UUID.
const SHORTEST_HEX: usize = 32;
/// A name in camel case has fewer capitals.
const MANY_CHANGES: usize = 4;

pub(super) fn is_number(text: &str, shortest: usize) -> bool {
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
    let known = || KNOWN.iter().any(|known| known.eq_ignore_ascii_case(text));
    letters > 0 && !structure && !snake && (digits > 0 || inner || odd) && !known()
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

/// The same, or hexadecimal digits of a digest or an id.
pub(super) fn is_drawn(text: &str) -> bool {
    let hex = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    is_mixed(text)
        || text.len() >= SHORTEST_HEX
            && text.bytes().all(hex)
            && text.bytes().any(|byte| byte.is_ascii_digit())
            && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}
