//! The labels of a sample, as they are written.

use std::borrow::Cow;

use memchr::memchr2;

use super::{Problem, Reader, is_name, label_set};

impl<'a> Reader<'a> {
    pub(super) fn labels(&mut self, first_label: usize) -> Result<(), Problem> {
        // Labels of the same names in the same order, none empty, need not be looked at again.
        let (before, mut settled) = (self.samples.labels_of_last(), true);
        loop {
            self.skip_blanks();
            if self.peek() == Some(b'}') {
                self.at += 1;
                let labels = &mut self.samples.labels;
                return if settled { Ok(()) } else { label_set::settle(labels, first_label) };
            }
            let place = self.samples.next_labels() - first_label;
            if let Some(name) = self.name_as_before(before.start + place, before.end) {
                let value = self.quoted()?;
                settled &= !value.is_empty();
                self.samples.push_label(name, value);
                self.skip_blanks();
                self.skip_comma();
                continue;
            }
            settled = false;
            let name = self.label_name().ok_or(Problem::Expected("a label name or `}`"))?;
            self.skip_blanks();
            self.expect(b'=', "`=` behind a label name")?;
            while let Some(b' ' | b'\t') = self.peek() {
                self.at += 1;
                self.skip_nuls();
            }
            self.expect(b'"', "a label value in double quotes")?;
            let value = self.quoted()?;
            self.samples.push_label(name, value);
            self.skip_blanks();
            self.skip_comma();
        }
    }

    /// A comma may follow the last label, and the server does not miss one between two.
    fn skip_comma(&mut self) {
        if self.peek() == Some(b',') {
            self.at += 1;
        }
    }

    /// The name of a label up to the opening quote, if it is the one at `place` in the row before, which ends at `end`.
    fn name_as_before(&mut self, place: usize, end: usize) -> Option<&'a str> {
        let (name, _) = self.samples.labels.get(place).filter(|_| place < end)?;
        let behind = self.rest().strip_prefix(name.as_bytes())?;
        behind.starts_with(b"=\"").then(|| self.at += name.len() + 2)?;
        Some(name)
    }

    fn label_name(&mut self) -> Option<&'a str> {
        let allowed = |byte| is_name(byte) && byte != b':';
        self.peek().filter(|first| allowed(*first) && !first.is_ascii_digit())?;
        Some(self.take_while(allowed))
    }

    /// The text up to the closing quote, which is taken too.
    fn quoted(&mut self) -> Result<Cow<'a, str>, Problem> {
        let start = self.at;
        let mut escaped = false;
        loop {
            let rest = self.rest();
            let found = memchr2(b'"', b'\\', rest).ok_or(Problem::Expected("a closing double quote"))?;
            self.at += found + 1;
            // The server's lexer does not see a NUL in or behind a value.
            self.skip_nuls();
            if rest.get(found) == Some(&b'"') {
                break;
            }
            escaped = true;
            // Whatever is behind a backslash is no quote; a line break is no escape.
            match self.peek() {
                Some(byte) if byte != b'\n' => self.at += 1,
                _ => return Err(Problem::Expected("a character behind the backslash")),
            }
        }
        // One byte is cut off for the quote, though NUL bytes may stand behind it.
        let raw = self.slice(start..self.at - 1).ok_or(Problem::Encoding("a label value"))?;
        Ok(if escaped { Cow::Owned(unescape(raw)) } else { Cow::Borrowed(raw) })
    }

    fn skip_nuls(&mut self) {
        while self.peek() == Some(0) {
            self.at += 1;
        }
    }
}

/// Three escapes mean something; any other backslash stands for itself.
fn unescape(raw: &str) -> String {
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw.chars();
    while let Some(character) = rest.next() {
        let escape = (character == '\\').then(|| rest.as_str().chars().next()).flatten();
        match escape {
            Some('n') => value.push('\n'),
            Some(plain @ ('"' | '\\')) => value.push(plain),
            _ => {
                value.push(character);
                continue;
            }
        }
        rest.next();
    }
    value
}
