//! Writes the fields of an event or a span in the shape of one sink: redacted raw, then escaped.

use std::error::Error;
use std::fmt::{self, Debug, Write as _};
use std::mem;

use tracing::field::{Field, Visit};

use crate::causes::Chain;
use crate::fit::{Capped, cut, fill};
use crate::format::{Style, escape, json, text};
use crate::line;
use crate::plan::{FieldPlan, Role};
use crate::redact::{KeyKind, Kind, Redactor, is_tag};
use crate::structured;

/// The message and the fields of a line get so much of it; the rest is for what stands before and for the spans.
pub(crate) const LONGEST: usize = line::LONGEST - 8 * 1024;

/// The buffers that a line is made of; they are kept by the thread.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub(crate) message: Vec<u8>,
    pub(crate) fields: Vec<u8>,
    /// Each written field's index, and where its text begins.
    pub(crate) starts: Vec<(usize, usize)>,
    scratch: String,
}

impl Parts {
    fn clear(&mut self) {
        self.message.clear();
        self.fields.clear();
        self.starts.clear();
    }
}

pub(crate) struct FieldWriter<'a> {
    style: Style,
    plan: &'a [FieldPlan],
    redactor: &'a Redactor,
    parts: &'a mut Parts,
    longest: usize,
    pub(crate) truncated: bool,
}

impl<'a> FieldWriter<'a> {
    pub(crate) fn new(
        style: Style,
        plan: &'a [FieldPlan],
        redactor: &'a Redactor,
        parts: &'a mut Parts,
        longest: usize,
    ) -> Self {
        parts.clear();
        Self { style, plan, redactor, parts, longest, truncated: false }
    }

    fn field(&self, field: &Field) -> Option<&'a FieldPlan> {
        self.plan.get(field.index()).filter(|plan| plan.role != Role::Skip)
    }

    fn room(&self) -> usize {
        self.longest.saturating_sub(self.parts.fields.len() + self.parts.message.len())
    }

    /// Writes the name; `false` if the line is full.
    fn begin(&mut self, plan: &FieldPlan) -> bool {
        let json = self.style.is_json();
        let key = if json { &plan.json } else { &plan.text };
        if self.room() <= key.len() {
            self.truncated = true;
            return false;
        }
        let out = &mut self.parts.fields;
        if !out.is_empty() {
            out.push(if json { b',' } else { b' ' });
        }
        self.parts.starts.push((plan.index, out.len()));
        out.extend_from_slice(key);
        true
    }

    /// A value that needs no escaping.
    fn bare(&mut self, plan: &FieldPlan, value: &str) {
        if plan.role != Role::Value {
            return self.string(plan, value);
        }
        if let Some(kind) = self.hidden(plan, value).or_else(|| self.redactor.number(value)) {
            return self.redacted(plan, kind, value);
        }
        if self.begin(plan) {
            self.parts.fields.extend_from_slice(value.as_bytes());
        }
    }

    /// An integer; as numbers, readers of JSON would round large ones.
    fn whole(&mut self, plan: &FieldPlan, value: &str, small: bool) {
        if small { self.bare(plan, value) } else { self.string(plan, value) }
    }

    /// What the value is by the name of its field.
    fn hidden(&self, plan: &FieldPlan, value: &str) -> Option<Kind> {
        let vague = || plan.vague.filter(|_| self.redactor.hides(plan.vague, value));
        plan.sensitive.or_else(|| vague().map(KeyKind::found))
    }

    fn redacted(&mut self, plan: &FieldPlan, kind: Kind, value: &str) {
        if !self.redactor.drops() && self.begin(plan) {
            let shown = self.redactor.replacement(kind, value);
            let out = &mut self.parts.fields;
            if self.style.is_json() {
                text::string(out, &shown);
            } else {
                out.extend_from_slice(shown.as_bytes());
            }
        }
    }

    fn string(&mut self, plan: &FieldPlan, value: &str) {
        match plan.role {
            Role::Skip => {}
            Role::Message => self.message(value),
            Role::Data => self.data(value),
            Role::Value => {
                if let Some(kind) = self.hidden(plan, value) {
                    self.redacted(plan, kind, value);
                } else if self.begin(plan) {
                    let (clean, classes) = self.redactor.redact_scanned(self.cut(value));
                    let room = self.room();
                    let json = self.style.is_json();
                    self.truncated |= fill(&mut self.parts.fields, &clean, room, |out, part| {
                        if json {
                            out.push(b'"');
                            escape::json_of(out, part, classes);
                            out.push(b'"');
                        } else if is_tag(part) {
                            out.extend_from_slice(part.as_bytes());
                        } else {
                            text::string_of(out, part, classes);
                        }
                    });
                }
            }
        }
    }

    fn message(&mut self, value: &str) {
        let (clean, classes) = self.redactor.redact_scanned(self.cut(value));
        let room = self.room();
        let json = self.style.is_json();
        self.truncated |= fill(&mut self.parts.message, &clean, room, |out, part| {
            if json {
                escape::json_of(out, part, classes);
            } else {
                escape::plain_of(out, part, classes);
            }
        });
    }

    fn data(&mut self, value: &str) {
        let room = self.room();
        let value = self.cut(value);
        let result = structured::write(&mut self.parts.fields, value, self.style, self.redactor);
        if result.is_err() || self.parts.fields.len() > room {
            // Only a text that was cut, is nested too deep, or became longer.
            self.parts.fields.clear();
            let clean = self.redactor.redact(value);
            let room = self.room();
            if !self.style.is_json() {
                self.truncated |= fill(&mut self.parts.fields, &clean, room, text::string);
                return;
            }
            let mut json = Vec::new();
            self.truncated |= fill(&mut json, &clean, room, |out, part| {
                out.push(b'"');
                escape::json(out, part);
                out.push(b'"');
            });
            let out = &mut self.parts.fields;
            if self.truncated {
                out.extend_from_slice(b"{\"json\":");
                out.append(&mut json);
                out.extend_from_slice(b",\"truncated\":true}");
            } else {
                out.append(&mut json);
            }
        }
    }

    fn cut<'v>(&mut self, value: &'v str) -> &'v str {
        let room = self.room();
        if value.len() <= room {
            return value;
        }
        self.truncated = true;
        cut(value, room)
    }

    fn debug(&mut self, plan: &FieldPlan, value: fmt::Arguments<'_>) {
        let mut scratch = mem::take(&mut self.parts.scratch);
        scratch.clear();
        // One byte more than there is room for, so that the cut is noticed.
        let mut capped = Capped { out: &mut scratch, room: self.room() + 1 };
        // Ends early when it is full; an error of the value's own leaves what it wrote.
        let _ = capped.write_fmt(value);
        self.string(plan, &scratch);
        self.parts.scratch = scratch;
    }
}

impl Visit for FieldWriter<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        let Some(plan) = self.field(field) else { return };
        if let Some(kind) = plan.sensitive.or_else(|| self.redactor.float(value)) {
            return self.redacted(plan, kind, zmij::Buffer::new().format(value));
        }
        if plan.role != Role::Value {
            return self.string(plan, zmij::Buffer::new().format(value));
        }
        if self.begin(plan) {
            if self.style.is_json() {
                json::float(&mut self.parts.fields, value);
            } else if value.is_finite() {
                self.parts.fields.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
            } else {
                self.parts.fields.extend_from_slice(json::not_finite(value).as_bytes());
            }
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        let Some(plan) = self.field(field) else { return };
        self.bare(plan, itoa::Buffer::new().format(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        let Some(plan) = self.field(field) else { return };
        self.bare(plan, itoa::Buffer::new().format(value));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        let Some(plan) = self.field(field) else { return };
        self.whole(
            plan,
            itoa::Buffer::new().format(value),
            i64::try_from(value).is_ok() || u64::try_from(value).is_ok(),
        );
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        let Some(plan) = self.field(field) else { return };
        self.whole(plan, itoa::Buffer::new().format(value), u64::try_from(value).is_ok());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        let Some(plan) = self.field(field) else { return };
        let value = if value { "true" } else { "false" };
        // That there is a password is no secret.
        if plan.role != Role::Value {
            self.string(plan, value);
        } else if self.begin(plan) {
            self.parts.fields.extend_from_slice(value.as_bytes());
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let Some(plan) = self.field(field) else { return };
        self.string(plan, value);
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        let Some(plan) = self.field(field) else { return };
        self.debug(plan, format_args!("{}", text::Hex(value)));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let Some(plan) = self.field(field) else { return };
        self.debug(plan, format_args!("{}", Chain(value)));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let Some(plan) = self.field(field) else { return };
        self.debug(plan, format_args!("{value:?}"));
    }
}
