//! What the words before a number speak of.

/// How far before a number its words are looked at, in bytes.
const NEAR: usize = 32;

/// How words begin that speak of telephones, of cards and of identity numbers.
pub(super) const PHONE: [&str; 10] =
    ["tel", "phone", "gsm", "cep", "mobil", "sms", "whatsapp", "aran", "call", "msisdn"];
pub(super) const CARD: [&str; 6] = ["card", "kart", "pan", "visa", "mastercard", "payment"];
pub(super) const IDENTITY: [&str; 7] =
    ["tc", "kimlik", "identity", "national", "hasta", "patient", "vatanda"];

/// Whether one of the words before `at` begins like one of these.
pub(super) fn is_before(text: &str, at: usize, starts: &[&str]) -> bool {
    let near = text.floor_char_boundary(at.saturating_sub(NEAR));
    let words = text.get(near..at).unwrap_or_default().to_lowercase();
    let mut words = words.split(|c: char| !c.is_alphanumeric());
    words.any(|word| starts.iter().any(|start| word.starts_with(start)))
}
