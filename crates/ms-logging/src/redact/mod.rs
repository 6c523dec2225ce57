//! What must not reach a log, and how it is found.

mod address;
mod card;
mod iban;
mod keys;
mod names;
mod number;
mod pair;
mod patterns;
mod phone;
mod rules;
mod tckn;
mod value;
mod view;

use std::borrow::Cow;

use crate::format::escape::{class, scan};
pub(crate) use keys::KeyKind;
use view::View;

/// What stands in the place of a value that was taken out.
pub(crate) const REDACTED: &str = "[redacted]";
const MOST_ROUNDS: usize = 8;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A Turkish identity number with the right check digits, or the value of a field named for one.
    Tckn,
    /// A telephone number.
    Phone,
    /// An e-mail address.
    Email,
    /// An account number with the right check digits.
    Iban,
    /// A payment card: a known issuer, the right check digit and a usual grouping.
    Card,
    /// A JSON web token.
    Jwt,
    /// A credential after `Bearer`, `Basic` and the like, or a token of a known make.
    Bearer,
    /// A password in a URL.
    DsnSecret,
    /// The value of a field named for a password, token or key.
    Password,
    /// The value of a field named for somebody's name.
    PatientName,
}

impl Kind {
    /// The kind in lower case, as in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tckn => "tckn",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Iban => "iban",
            Self::Card => "card",
            Self::Jwt => "jwt",
            Self::Bearer => "bearer",
            Self::DsnSecret => "dsn_secret",
            Self::Password => "password",
            Self::PatientName => "patient_name",
        }
    }
}

/// A part of a text that is redacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// What it is.
    pub kind: Kind,
    /// Its first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
}

/// Takes secrets and personal data out of texts; the sinks have one of their own.
///
/// ```
/// use ms_logging::Redactor;
///
/// let redactor = Redactor::default();
/// assert_eq!(redactor.redact("no row for 10000000146"), "no row for [redacted]");
/// assert_eq!(redactor.redact("postgres://app:hunter2@db/med"), "postgres://app:[redacted]@db/med");
/// assert_eq!(redactor.redact("order 10000000147 is ready"), "order 10000000147 is ready"); // wrong check digits
/// ```
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    off: bool,
    keys: Vec<String>,
}

impl Redactor {
    pub(crate) fn new(off: bool, keys: &[String]) -> Self {
        Self { off, keys: keys.iter().map(|key| keys::folded(key)).collect() }
    }

    /// Gives `text` with `[redacted]` in the place of what must not be logged. Doing it twice changes nothing.
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let spans = self.spans(text);
        if spans.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut clean = without(text, &spans);
        // What stood beside a value may now stand out: `a@b.com` once the number glued to it is gone.
        for _ in 0..MOST_ROUNDS {
            let spans = self.spans(&clean);
            if spans.is_empty() {
                break;
            }
            clean = without(&clean, &spans);
        }
        Cow::Owned(clean)
    }

    /// Finds what must not be logged, in order and without overlaps; places are bytes of `text`.
    pub fn spans(&self, text: &str) -> Vec<Span> {
        if self.off || is_harmless(text) {
            return Vec::new();
        }
        let view = View::of(text);
        let mut spans = rules::find(&view.text, &self.keys);
        spans.iter_mut().for_each(|span| view.map(span));
        spans
    }

    /// Whether a field of this name is redacted whatever its value is.
    pub fn is_sensitive_key(&self, name: &str) -> bool {
        !self.off && (keys::is_sensitive(name) || self.keys.contains(&keys::folded(name)))
    }

    /// What a field of this name may hold, if its name alone does not tell.
    pub(crate) fn vague_key(&self, name: &str) -> Option<KeyKind> {
        keys::vague(name).filter(|_| !self.off)
    }

    /// Whether the value of such a field is that.
    pub(crate) fn hides(&self, vague: Option<KeyKind>, value: &str) -> bool {
        vague.is_some_and(|kind| pair::tells(kind, value))
    }

    /// Whether these digits are somebody's.
    pub(crate) fn hides_number(&self, digits: &str) -> bool {
        // Shorter numbers are nobody's.
        digits.len() >= 10 && !self.spans(digits).is_empty()
    }

    /// Whether a whole number that became a float is somebody's, as it happens to columns with gaps.
    pub(crate) fn hides_float(&self, value: f64) -> bool {
        value.abs() >= 1e9
            && value.fract() == 0.0
            && !self.spans(zmij::Buffer::new().format(value)).is_empty()
    }
}

fn without(text: &str, spans: &[Span]) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut kept = 0;
    for span in spans {
        clean.push_str(text.get(kept..span.start).unwrap_or_default());
        clean.push_str(REDACTED);
        kept = span.end;
    }
    clean.push_str(text.get(kept..).unwrap_or_default());
    clean
}

/// Most texts of a log hold no digit and no sign at all.
fn is_harmless(text: &str) -> bool {
    let classes = scan(text.as_bytes());
    classes & (class::DIGIT | class::SIGN | class::WIDE) == 0
        && !(classes & class::MARK != 0 && patterns::may_hold_option(text))
        && !patterns::may_hold_credential(text)
}

#[cfg(test)]
mod tests;
