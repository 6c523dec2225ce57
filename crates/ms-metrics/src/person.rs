//! Label values that tell who somebody is.
//!
//! A second line of defence: no caller should make a label of a person. Names cannot be told from other words; numbers
//! with check digits and addresses can.

/// Tells if the text holds a Turkish identity number or an e-mail address.
pub(crate) fn is_told_by(text: &str) -> bool {
    let mut runs = text.split(|letter: char| !letter.is_ascii_digit());
    runs.any(|digits| is_identity_number(digits.as_bytes())) || holds_address(text)
}

/// Eleven digits, the first not 0, the last two being check digits of those before (T.C. kimlik numarası).
fn is_identity_number(digits: &[u8]) -> bool {
    let Ok(digits) = <[u8; 11]>::try_from(digits) else { return false };
    let [a, b, c, d, e, f, g, h, i, tenth, last] = digits.map(|digit| i32::from(digit) - i32::from(b'0'));
    let (odd, even) = (a + c + e + g + i, b + d + f + h);
    a != 0 && (odd * 7 - even).rem_euclid(10) == tenth && (odd + even + tenth) % 10 == last
}

/// `name@host.domain`.
fn holds_address(text: &str) -> bool {
    text.match_indices('@').any(|(at, _)| {
        let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
        let named = before.ends_with(|letter: char| letter.is_alphanumeric() || "._%+-".contains(letter));
        let host = after.split(|letter: char| !letter.is_alphanumeric() && !".-".contains(letter)).next();
        let domain = host.map(|host| host.trim_end_matches('.')).and_then(|host| host.rsplit_once('.'));
        let is_domain = |(host, top): (&str, &str)| {
            !host.is_empty() && top.len() >= 2 && top.chars().all(char::is_alphabetic)
        };
        named && domain.is_some_and(is_domain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_numbers_and_addresses_are_found() {
        for text in
            ["10000000146", "tckn:10000000146.", "ayse.yilmaz@hastane.gov.tr", "to <a@b.co>", "ş@ı.com."]
        {
            assert!(is_told_by(text), "{text}");
        }
    }

    #[test]
    fn other_labels_are_left_alone() {
        for text in [
            "10000000147",
            "00000000000",
            "1100000001460",
            "1790000000146",
            "a@b",
            "user@localhost:8000",
            "@example.com",
            "a@.com",
            "v1.2@3.4",
            "/shifts/{id}",
            "Acil Servis 10",
            "2026-03-02T08:00:00.000000146Z",
            "",
        ] {
            assert!(!is_told_by(text), "{text}");
        }
    }
}
