//! Lines whose encoding is not known.

use std::borrow::Cow;

use super::{Kind, MOST_ROUNDS, Redactor, Span, has_failed};

impl Redactor {
    /// Finds what must not be logged in a line of any encoding; places are bytes of `line`.
    ///
    /// Bytes that are not UTF-8 count as characters of ISO 8859-9, in which old Turkish logs are written.
    pub fn spans_of_bytes(&self, line: &[u8]) -> Vec<Span> {
        match std::str::from_utf8(line) {
            Ok(text) => self.spans(text),
            Err(_) => {
                let decoded = Decoded::of(line);
                self.spans(&decoded.text).into_iter().map(|span| decoded.place(span)).collect()
            }
        }
    }

    /// Gives `line` with `[redacted]` in the place of what must not be logged; every other byte stays.
    ///
    /// ```
    /// let redactor = ms_logging::Redactor::default();
    /// let line = b"\xfeifre=hunter2 kat\xfd=3"; // ISO 8859-9
    /// assert_eq!(*redactor.redact_bytes(line), *b"\xfeifre=[redacted] kat\xfd=3");
    /// ```
    pub fn redact_bytes<'l>(&self, line: &'l [u8]) -> Cow<'l, [u8]> {
        if let Ok(text) = std::str::from_utf8(line) {
            return match self.redact(text) {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            };
        }
        let mut clean = Cow::Borrowed(line);
        for _ in 0..MOST_ROUNDS {
            let decoded = Decoded::of(&clean);
            let spans = self.spans(&decoded.text);
            if spans.is_empty() {
                return clean;
            }
            if has_failed(&spans) {
                break;
            }
            let mut out = Vec::with_capacity(clean.len());
            let mut kept = 0;
            for span in spans {
                let value = decoded.text.get(span.start..span.end).unwrap_or_default();
                let place = decoded.place(span);
                out.extend_from_slice(clean.get(kept..place.start).unwrap_or_default());
                out.extend_from_slice(self.replacement(place.kind, value).as_bytes());
                kept = place.end;
            }
            out.extend_from_slice(clean.get(kept..).unwrap_or_default());
            clean = Cow::Owned(out);
        }
        Cow::Owned(self.replacement(Kind::Failed, "").into_owned().into_bytes())
    }
}

/// A line as text, and where its bytes come from.
struct Decoded {
    text: String,
    /// For each byte of `text`, where it begins in the line; one more for the end.
    origins: Vec<usize>,
}

impl Decoded {
    fn of(line: &[u8]) -> Self {
        let mut decoded =
            Self { text: String::with_capacity(2 * line.len()), origins: Vec::with_capacity(2 * line.len()) };
        let mut at = 0;
        for chunk in line.utf8_chunks() {
            let valid = chunk.valid();
            decoded.text.push_str(valid);
            decoded.origins.extend(at..at + valid.len());
            at += valid.len();
            for byte in chunk.invalid() {
                decoded.text.push(turkish(*byte));
                decoded.origins.resize(decoded.text.len(), at);
                at += 1;
            }
        }
        decoded.origins.push(at);
        decoded
    }

    fn place(&self, span: Span) -> Span {
        let origin = |at: usize| self.origins.get(at).or(self.origins.last()).copied().unwrap_or_default();
        Span { start: origin(span.start), end: origin(span.end), ..span }
    }
}

/// A character of ISO 8859-9: Latin-1 but for six letters.
fn turkish(byte: u8) -> char {
    match byte {
        0xd0 => 'Ğ',
        0xdd => 'İ',
        0xde => 'Ş',
        0xf0 => 'ğ',
        0xfd => 'ı',
        0xfe => 'ş',
        other => char::from(other),
    }
}
