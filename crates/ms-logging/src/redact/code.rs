//! `OTP 428193`, `doğrulama kodunuz 4281`: numbers that open a door once.

use super::rules::{Found, is_word};
use super::{Kind, keys};

/// What such a number is called, by its last word, folded, and what stands before that.
pub(super) const LAST: [&str; 12] = [
    "otp", "code", "kodu", "kodunuz", "kodun", "kodum", "pin", "sifre", "sifresi", "sifreniz", "parola",
    "password",
];
const FIRST: [&str; 16] = [
    "verification",
    "onetime",
    "time",
    "dogrulama",
    "sms",
    "pin",
    "giris",
    "login",
    "otp",
    "security",
    "guvenlik",
    "2fa",
    "kullanimlik",
    "gecici",
    "temporary",
    "kart",
];
/// What may stand between it and the number.
const LINKS: [&str; 7] = [" is ", " was ", ": ", ":", " = ", "=", " "];
const SHORTEST: usize = 4;
const LONGEST: usize = 8;
/// The longest word before the last one, with what is between them.
const NEAR: usize = 24;

/// Looks at the word that begins at `at`.
pub(crate) fn at(text: &str, at: usize, found: &mut Found<'_>) -> Option<usize> {
    let rest = text.get(at..)?;
    let near = rest.get(..rest.floor_char_boundary(NEAR))?;
    let length = near.find(|c: char| !c.is_alphabetic())?;
    let last = near.get(..length)?;
    let folded = || keys::folded(last);
    let known =
        |known: &&str| if last.is_ascii() { known.eq_ignore_ascii_case(last) } else { **known == folded() };
    if !LAST.iter().any(known) {
        return None;
    }
    // A pin of a chip has a number too.
    let pin = last.eq_ignore_ascii_case("pin");
    if !pin && !last.eq_ignore_ascii_case("otp") {
        let front = text.get(text.floor_char_boundary(at.saturating_sub(NEAR))..at)?.trim_end();
        let first = front.rsplit(|c: char| !c.is_alphanumeric()).next()?;
        FIRST.contains(&keys::folded(first).as_str()).then_some(())?;
    }
    let behind = rest.get(length..)?;
    let link =
        LINKS.iter().find(|link| behind.starts_with(**link)).filter(|link| !pin || **link == " is ")?;
    let digits = behind.get(link.len()..)?.bytes().take_while(u8::is_ascii_digit).count();
    let start = at + length + link.len();
    let ends = !is_word(text.as_bytes().get(start + digits).copied());
    if !(SHORTEST..=LONGEST).contains(&digits) || !ends {
        return None;
    }
    found.add(Kind::Password, start, start + digits);
    Some(start + digits)
}
