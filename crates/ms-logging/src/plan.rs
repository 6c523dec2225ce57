//! What a call site decides once: names, their escaped forms, and whether a name tells of a secret.

use std::rc::Rc;
use std::sync::Arc;

use tracing::Metadata;
use tracing::callsite::Identifier;

use crate::format::escape;
use crate::limit::Site;
use crate::redact::{KeyKind, Kind, Redactor};
use crate::sample::Rate;

/// The name of the call sites that `log_event!` makes.
pub(crate) const EVENT: &str = "ms_logging.event";
/// The name of the call site of `StructuredLogger`.
pub(crate) const STRUCTURED: &str = "ms_logging.structured";

/// Names that a line has of its own.
const RESERVED: [&str; 1] = ["truncated"];

#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) kind: PlanKind,
    pub(crate) fields: Vec<FieldPlan>,
    /// `"level":"INFO","target":"ms_health"`
    pub(crate) json_head: Vec<u8>,
    /// The target, escaped for people.
    pub(crate) target: Vec<u8>,
    /// Where the lines of the call site are counted, if it may write only so many.
    pub(crate) site: Option<Arc<Site>>,
    /// The share of its events that is written, if not all of them are.
    pub(crate) rate: Option<Arc<Rate>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlanKind {
    /// An ordinary event of tracing.
    Ordinary,
    /// A record of the crate `log`, which keeps its target in a field.
    Log,
    /// `log_event!`: the first field is the type, the others are the data.
    Event,
    /// `StructuredLogger`: the first field is the type, the second the data as JSON.
    Structured,
    Span,
}

impl PlanKind {
    /// Tells whether the event has a type and data of the caller's, and so a JSON of exactly three keys.
    pub(crate) fn is_structured(self) -> bool {
        matches!(self, Self::Event | Self::Structured)
    }
}

#[derive(Debug)]
pub(crate) struct FieldPlan {
    pub(crate) index: usize,
    pub(crate) role: Role,
    /// What the value is, whatever it looks like.
    pub(crate) sensitive: Option<Kind>,
    /// What the value is if it looks like that.
    pub(crate) vague: Option<KeyKind>,
    /// `"name":`
    pub(crate) json: Vec<u8>,
    /// `name=`
    pub(crate) text: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The message, or the type of an event.
    Message,
    Value,
    /// JSON text.
    Data,
    Skip,
}

impl Plan {
    pub(crate) fn new(metadata: &'static Metadata<'static>, kind: PlanKind, redactor: &Redactor) -> Self {
        let mut used: Vec<String> = RESERVED.map(str::to_owned).to_vec();
        let fields = metadata
            .fields()
            .iter()
            .map(|field| {
                let name = unused(field.name(), &mut used);
                let role = role(kind, field.index(), field.name());
                let sensitive = redactor.sensitive_key(field.name()).filter(|_| role == Role::Value);
                FieldPlan {
                    index: field.index(),
                    role,
                    sensitive,
                    vague: redactor.vague_key(field.name()).filter(|_| role == Role::Value),
                    json: json_key(&name),
                    text: text_key(&name),
                }
            })
            .collect();
        let mut target = Vec::new();
        escape::plain(&mut target, metadata.target());
        let mut head = Vec::new();
        json_head(&mut head, *metadata.level(), metadata.target());
        Self { kind, fields, json_head: head, target, site: None, rate: None }
    }
}

pub(crate) fn json_head(out: &mut Vec<u8>, level: tracing::Level, target: &str) {
    out.extend_from_slice(b"\"level\":\"");
    out.extend_from_slice(level.as_str().as_bytes());
    out.extend_from_slice(b"\",\"target\":\"");
    escape::json(out, target);
    out.push(b'"');
}

fn role(kind: PlanKind, index: usize, name: &str) -> Role {
    match (kind, index) {
        (PlanKind::Event | PlanKind::Structured, 0) => Role::Message,
        (PlanKind::Structured, 1) => Role::Data,
        (PlanKind::Ordinary | PlanKind::Log, _) if name == "message" => Role::Message,
        (PlanKind::Log, _) if name.starts_with("log.") => Role::Skip,
        _ => Role::Value,
    }
}

/// A name that occurs twice would let one value hide the other from whoever parses the line.
fn unused(name: &str, used: &mut Vec<String>) -> String {
    let mut candidate = name.to_owned();
    let mut number = 2;
    while used.contains(&candidate) {
        candidate = format!("{name}_{number}");
        number += 1;
    }
    used.push(candidate.clone());
    candidate
}

pub(crate) fn json_key(name: &str) -> Vec<u8> {
    let mut key = vec![b'"'];
    escape::json(&mut key, name);
    key.extend_from_slice(b"\":");
    key
}

pub(crate) fn text_key(name: &str) -> Vec<u8> {
    let mut key = Vec::new();
    crate::format::text::word(&mut key, name);
    key.push(b'=');
    key
}

/// The plans that a thread has made. Call sites are part of the program, so there are only so many.
#[derive(Debug, Default)]
pub(crate) struct Plans {
    plans: std::collections::HashMap<(u64, Identifier), Rc<Plan>, std::hash::BuildHasherDefault<Fold>>,
}

impl Plans {
    pub(crate) fn of(
        &mut self,
        logger: u64,
        metadata: &'static Metadata<'static>,
        make: impl FnOnce() -> Plan,
    ) -> Rc<Plan> {
        let plan = self.plans.entry((logger, metadata.callsite())).or_insert_with(|| Rc::new(make()));
        Rc::clone(plan)
    }
}

/// Mixes the two addresses that a key consists of; nobody outside chooses them.
#[derive(Debug, Default)]
pub(crate) struct Fold(u64);

impl std::hash::Hasher for Fold {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }
}
