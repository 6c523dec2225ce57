//! The entries of an object, which tell of each other.

use std::collections::HashSet;
use std::ops::Range;

use serde::de::MapAccess;

use super::Value;
use crate::format::{Style, text};
use crate::plan::{json_key, text_key};
use crate::redact::{KeyKind, Kind, Redactor, Within, is_label, is_of_a_pair, is_surname, may_be_first};

/// An object of which some entries are copied.
pub(super) struct Object {
    within: Within,
    style: Style,
    /// Names that are taken.
    names: HashSet<String>,
    /// What `"name":"password"` tells of the `"value"` beside it.
    described: (Option<Kind>, Option<KeyKind>),
    /// Where a name stands that is somebody's if a surname follows, and the name.
    first: Option<(Range<usize>, String)>,
}

impl Object {
    pub(super) fn new(within: Within, style: Style) -> Self {
        Self { within, style, names: HashSet::new(), described: (None, None), first: None }
    }

    /// Copies the next entry; `false` if there is none.
    pub(super) fn copy<'de, A: MapAccess<'de>>(
        &mut self,
        entries: &mut A,
        out: &mut Vec<u8>,
        redactor: &Redactor,
    ) -> Result<bool, A::Error> {
        let Some(name) = entries.next_key::<String>()? else { return Ok(false) };
        if is_surname(&name) {
            self.hide_first(out, redactor);
        }
        // Names may be data too: a map from numbers of patients to their wards.
        let shown = unused(redactor.redact(&name).into_owned(), &self.names);
        let json = self.style.is_json();
        if !self.names.is_empty() {
            out.push(if json { b',' } else { b' ' });
        }
        out.extend_from_slice(&if json { json_key(&shown) } else { text_key(&shown) });
        let mut kept = None;
        let (secret, vague) = self.kinds(&name, redactor);
        let keeps = is_label(&name) || may_be_first(&name);
        let start = out.len();
        entries.next_value_seed(Value {
            secret,
            vague,
            within: Within::named(&name),
            kept: keeps.then_some(&mut kept),
            bare: !json,
            ..Value::unnamed(out, redactor)
        })?;
        if let Some(text) = kept {
            if is_label(&name) {
                self.described = (redactor.sensitive_key(&text), redactor.vague_key(&text));
            }
            if may_be_first(&name) && secret.is_none() {
                self.first = Some((start..out.len(), text));
            }
        }
        self.names.insert(shown);
        Ok(true)
    }

    /// What the value behind a name is, for sure or if it looks like that.
    fn kinds(&self, name: &str, redactor: &Redactor) -> (Option<Kind>, Option<KeyKind>) {
        let of_pair = || if is_of_a_pair(name) { self.described } else { (None, None) };
        let within = || redactor.sensitive_within(self.within, name);
        let secret = redactor.sensitive_key(name).or_else(within).or_else(|| of_pair().0);
        (secret, redactor.vague_key(name).or_else(|| of_pair().1))
    }

    /// `"ad":"Ayşe","soyad":"…"`.
    fn hide_first(&mut self, out: &mut Vec<u8>, redactor: &Redactor) {
        let Some((place, name)) = self.first.take().filter(|_| !redactor.is_off()) else { return };
        let shown = redactor.replacement(Kind::PatientName, &name);
        let mut value = Vec::new();
        match (redactor.drops(), self.style.is_json()) {
            (true, _) => value.extend_from_slice(b"null"),
            (false, true) => text::string(&mut value, &shown),
            (false, false) => value.extend_from_slice(shown.as_bytes()),
        }
        out.splice(place, value);
    }
}

/// A name that occurs twice would let one value hide the other from whoever parses the line.
fn unused(name: String, used: &HashSet<String>) -> String {
    if !used.contains(&name) {
        return name;
    }
    (2..).map(|number: u64| format!("{name}_{number}")).find(|name| !used.contains(name)).unwrap_or(name)
}
