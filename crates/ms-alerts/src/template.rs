//! Texts with `{{ $value }}` and `{{ $labels.name }}` in them.

use crate::format;
use crate::samples::Sample;

/// A text ready to be filled in.
#[derive(Debug, Clone)]
pub(crate) struct Template(Vec<Part>);

#[derive(Debug, Clone)]
enum Part {
    Text(String),
    Value,
    Label(String),
}

/// The part of a template that is not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unsupported {
    /// Where the action begins, in bytes.
    pub(crate) at: usize,
    pub(crate) action: String,
}

impl Template {
    /// Reads a template. Anything but the two actions is refused: a text that says something else than what Prometheus
    /// would say is worse than none.
    pub(crate) fn parse(text: &str) -> Result<Self, Unsupported> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("{{") {
            let at = text.len() - behind.len() - 2;
            let unsupported = |action: &str| Unsupported { at, action: action.trim().to_owned() };
            let Some((action, after)) = behind.split_once("}}") else { return Err(unsupported(behind)) };
            push_text(&mut parts, before);
            parts.push(Part::of_action(action).ok_or_else(|| unsupported(action))?);
            rest = after;
        }
        push_text(&mut parts, rest);
        Ok(Self(parts))
    }

    pub(crate) fn fill(&self, sample: &Sample<'_>) -> String {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::Value => text.push_str(&format::plain(sample.value())),
                Part::Label(name) => text.push_str(sample.label(name)),
            }
        }
        text
    }
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    if !text.is_empty() {
        parts.push(Part::Text(text.to_owned()));
    }
}

impl Part {
    fn of_action(action: &str) -> Option<Self> {
        let action = action.trim_matches([' ', '\t', '\r', '\n']);
        if action == "$value" {
            return Some(Self::Value);
        }
        let name = action.strip_prefix("$labels.")?;
        crate::labels::is_label_name(name).then(|| Self::Label(name.to_owned()))
    }
}
