//! Texts with the value and the labels of a series in them: `{{ $value }}`, `{{ $labels.name }}`.

mod style;

use std::collections::BTreeMap;

use crate::samples::Sample;
use style::Style;

/// A text ready to be filled in.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    source: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
enum Part {
    Text(String),
    Value(Style),
    Label(String),
    /// All labels, as Go prints a map.
    Labels,
}

/// The part of a template that is not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unsupported {
    /// Where the action begins, in bytes.
    pub(crate) at: usize,
    pub(crate) action: String,
}

impl Template {
    /// Reads a template. Any action that is not known is refused: a text that says something else than what Prometheus
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
        Ok(Self { source: text.to_owned(), parts })
    }

    /// A text in which nothing is filled in.
    #[cfg(feature = "rules")]
    pub(crate) fn literal(text: &str) -> Self {
        Self { source: text.to_owned(), parts: vec![Part::Text(text.to_owned())] }
    }

    /// The text that it was read from.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    pub(crate) fn fill(&self, sample: &Sample<'_>) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::Value(style) => text.push_str(&style.show(sample.value())),
                Part::Label(name) => text.push_str(sample.label(name)),
                Part::Labels => text.push_str(&all_labels(sample)),
            }
        }
        text
    }
}

fn all_labels(sample: &Sample<'_>) -> String {
    let labels: BTreeMap<_, _> =
        sample.labels().chain([("__name__", sample.name())]).filter(|(_, value)| !value.is_empty()).collect();
    let labels: Vec<_> = labels.into_iter().map(|(name, value)| format!("{name}:{value}")).collect();
    format!("map[{}]", labels.join(" "))
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    if !text.is_empty() {
        parts.push(Part::Text(text.to_owned()));
    }
}

impl Part {
    fn of_action(action: &str) -> Option<Self> {
        let action = action.trim_matches([' ', '\t', '\r', '\n']);
        if action == "$labels" {
            return Some(Self::Labels);
        }
        if let Some(style) = Style::of_action(action) {
            return Some(Self::Value(style));
        }
        let name = action.strip_prefix("$labels.")?;
        crate::labels::is_label_name(name).then(|| Self::Label(name.to_owned()))
    }
}
