//! What must not reach a log, and how it is found.

mod address;
mod bytes;
mod candidate;
mod card;
mod code;
mod cookie;
mod custom;
mod element;
mod endings;
mod form;
mod iban;
mod id;
mod key_kind;
mod keys;
mod kind;
mod makes;
mod name;
mod names;
mod number;
mod option;
mod pair;
mod patterns;
mod pem;
mod phone;
mod place;
mod prose;
mod replace;
mod rules;
mod segment;
mod spoken;
mod sql;
mod tckn;
mod telling;
mod triples;
mod value;
mod view;
mod webhook;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::format::escape::{class, scan};
pub use custom::RedactRule;
pub(crate) use key_kind::KeyKind;
use keys::Keys;
pub use kind::{Kind, Span};
pub(crate) use name::{Within, is_label, is_of_a_pair, is_surname, may_be_first};
pub(crate) use replace::REDACTED;
pub use replace::{HashKey, RedactMode};
use view::View;
pub(crate) use view::begins_code;

/// How often a text is looked at again after something was taken out.
const MOST_ROUNDS: usize = 8;

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
#[derive(Clone, Default)]
pub struct Redactor {
    off: bool,
    keys: Keys,
    mode: RedactMode,
    rules: Vec<Arc<dyn RedactRule>>,
}

impl Redactor {
    /// Redacts the values of fields of this name too. Case, accents, `_`, `-` and `.` make no difference.
    pub fn key(mut self, name: impl AsRef<str>) -> Self {
        self.keys.add(name.as_ref());
        self
    }

    /// Leaves fields of exactly this name to what their values look like.
    pub fn without_key(mut self, name: impl AsRef<str>) -> Self {
        self.keys.remove(name.as_ref());
        self
    }

    /// Adds a rule to those that are built in.
    pub fn rule(mut self, rule: impl RedactRule) -> Self {
        self.rules.push(Arc::new(rule));
        self
    }

    /// Sets what is written in the place of what was found; `[redacted]` unless it is set.
    ///
    /// ```
    /// use ms_logging::{HashKey, RedactMode, Redactor};
    ///
    /// let redactor = Redactor::default().mode(RedactMode::Hash(HashKey::new(b"32 random bytes in a file, say")));
    /// let shown = redactor.redact("tckn=10000000146 admitted").into_owned();
    /// assert!(shown.starts_with("tckn=[redacted:"));
    /// assert_eq!(redactor.redact("tckn=100 000 001 46 admitted"), shown); // the same person
    /// assert_eq!(redactor.redact("password=hunter2"), "password=[redacted]");
    /// ```
    pub fn mode(mut self, mode: RedactMode) -> Self {
        self.mode = mode;
        self
    }

    pub(crate) fn off(mut self, off: bool) -> Self {
        self.off = off;
        self
    }

    /// Gives `text` with `[redacted]` in the place of what must not be logged. Doing it twice changes nothing.
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.redact_scanned(text).0
    }

    /// The same, with the classes of the bytes that are in it.
    pub(crate) fn redact_scanned<'t>(&self, text: &'t str) -> (Cow<'t, str>, u8) {
        let mut clean = Cow::Borrowed(text);
        // What stood beside a value may now stand out: `a@b.com` once the number glued to it is gone.
        for _ in 0..MOST_ROUNDS {
            let classes = scan(clean.as_bytes());
            let spans = self.spans_of(&clean, classes);
            if spans.is_empty() {
                return (clean, classes);
            }
            if has_failed(&spans) {
                return self.failed(text);
            }
            clean = Cow::Owned(self.without(&clean, &spans));
        }
        let classes = scan(clean.as_bytes());
        if self.spans_of(&clean, classes).is_empty() { (clean, classes) } else { self.failed(text) }
    }

    fn failed<'t>(&self, text: &str) -> (Cow<'t, str>, u8) {
        let shown = self.mode.replacement(Kind::Failed, text);
        let classes = scan(shown.as_bytes());
        (shown, classes)
    }

    /// Finds what must not be logged, in order and without overlaps; places are bytes of `text`.
    ///
    /// A text on which a rule fails is one span of [`Kind::Failed`].
    pub fn spans(&self, text: &str) -> Vec<Span> {
        self.spans_of(text, scan(text.as_bytes()))
    }

    fn spans_of(&self, text: &str, classes: u8) -> Vec<Span> {
        if self.off || (self.rules.is_empty() && (is_harmless(text, classes) || id::is_one(text))) {
            return Vec::new();
        }
        let all = || vec![Span { kind: Kind::Failed, start: 0, end: text.len() }];
        let found = custom::built_in(|| {
            let view = View::of(text, classes & class::CODE != 0);
            let mut spans = rules::find(&view, &self.keys);
            spans.iter_mut().for_each(|span| view.map(span, text));
            spans
        });
        let Some(mut spans) = found else { return all() };
        if !self.rules.is_empty() {
            if !self.rules.iter().all(|rule| custom::find(&**rule, text, &mut spans)) {
                // It was masked before, and is all there is.
                return if is_tag(text) { Vec::new() } else { all() };
            }
            spans = rules::merged(spans);
        }
        spans
    }

    /// Whether a field of this name is redacted whatever its value is.
    pub fn is_sensitive_key(&self, name: &str) -> bool {
        self.sensitive_key(name).is_some()
    }

    /// What the value of a field of this name is, whatever it looks like.
    pub(crate) fn sensitive_key(&self, name: &str) -> Option<Kind> {
        self.keys.sure(name).filter(|_| !self.off).map(KeyKind::found)
    }

    /// What the value of such a field is by the object that it stands in.
    pub(crate) fn sensitive_within(&self, within: Within, name: &str) -> Option<Kind> {
        (!self.off && within.tells(name)).then_some(Kind::PatientName)
    }

    /// What a field of this name may hold, if its name alone does not tell.
    pub(crate) fn vague_key(&self, name: &str) -> Option<KeyKind> {
        self.keys.vague(name).filter(|_| !self.off)
    }

    /// Whether the value of such a field is that.
    pub(crate) fn hides(&self, vague: Option<KeyKind>, value: &str) -> bool {
        vague.is_some_and(|kind| place::tells(kind, value))
    }

    /// What is written in the place of such a value.
    pub(crate) fn replacement(&self, kind: Kind, value: &str) -> Cow<'static, str> {
        self.mode.replacement(kind, value)
    }

    pub(crate) fn is_off(&self) -> bool {
        self.off
    }

    /// Whether fields that would be redacted are left out.
    pub(crate) fn drops(&self) -> bool {
        self.mode.is_drop()
    }

    /// Whether these digits are somebody's.
    pub(crate) fn number(&self, digits: &str) -> Option<Kind> {
        // Shorter numbers are nobody's.
        let looked_at = digits.len() >= 10 || !self.rules.is_empty();
        looked_at.then(|| self.spans(digits)).and_then(|spans| spans.first().map(|span| span.kind))
    }

    /// Whether a whole number that became a float is somebody's, as it happens to columns with gaps.
    pub(crate) fn float(&self, value: f64) -> Option<Kind> {
        let whole = value.abs() >= 1e9 && value.fract() == 0.0;
        let looked_at = whole || !self.rules.is_empty();
        looked_at.then(|| self.number(zmij::Buffer::new().format(value)))?
    }

    fn without(&self, text: &str, spans: &[Span]) -> String {
        let mut clean = String::with_capacity(text.len());
        let mut kept = 0;
        for span in spans {
            clean.push_str(text.get(kept..span.start).unwrap_or_default());
            clean.push_str(
                &self.mode.replacement(span.kind, text.get(span.start..span.end).unwrap_or_default()),
            );
            kept = span.end;
        }
        clean.push_str(text.get(kept..).unwrap_or_default());
        clean
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules: Vec<_> = self.rules.iter().map(|rule| rule.name()).collect();
        let Self { off, keys, mode, .. } = self;
        f.debug_struct("Redactor")
            .field("off", off)
            .field("keys", keys)
            .field("mode", mode)
            .field("rules", &rules)
            .finish()
    }
}

/// Whether nothing is known of a text, so that all of it goes and no rule is asked again.
fn has_failed(spans: &[Span]) -> bool {
    spans.iter().any(|span| span.kind == Kind::Failed)
}

/// Whether a text is what stands in the place of a value, and nothing else.
pub(crate) fn is_tag(text: &str) -> bool {
    replace::tag(text) == Some(text.len())
}

/// Most texts of a log hold no digit and no sign at all.
fn is_harmless(text: &str, classes: u8) -> bool {
    classes & (class::DIGIT | class::SIGN | class::WIDE) == 0
        && !(classes & class::MARK != 0 && patterns::may_hold_option(text))
        && !patterns::may_hold_credential(text)
}

#[cfg(test)]
mod tests;
