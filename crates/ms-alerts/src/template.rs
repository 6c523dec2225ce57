//! Texts with the value and the labels of a series in them, as Prometheus's own are: Go's `text/template` with the
//! functions of a server.

mod compare;
mod functions;
mod numbers;
mod parse;
mod printf;
mod run;
mod style;
mod token;
mod tree;
mod value;
mod words;

use crate::samples::Sample;
use tree::Node;

/// A text ready to be filled in.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    source: String,
    nodes: Vec<Node>,
}

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// Where the part at fault begins, in bytes.
    pub(crate) at: usize,
    pub(crate) message: String,
}

impl Refused {
    fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }

    /// What stands between the braces around the part at fault, in the template.
    pub(crate) fn action(&self, text: &str) -> String {
        let (before, behind) = text.split_at_checked(self.at).unwrap_or((text, ""));
        let start = before.rfind("{{").map_or(0, |at| at + 2);
        let end = behind.find("}}").map_or(text.len(), |end| before.len() + end);
        text.get(start..end).unwrap_or_default().trim().to_owned()
    }
}

impl Template {
    /// Reads a template. What is not known is refused: a text that says something else than what Prometheus would say
    /// is worse than none.
    pub(crate) fn parse(text: &str) -> Result<Self, Refused> {
        let nodes = parse::parse(text)?;
        Ok(Self { source: text.to_owned(), nodes })
    }

    /// A text in which nothing is filled in.
    #[cfg(feature = "rules")]
    pub(crate) fn literal(text: &str) -> Self {
        Self { source: text.to_owned(), nodes: vec![Node::Text(text.to_owned())] }
    }

    /// The text that it was read from.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Fills it in; as in Prometheus, the text of a template that fails says so.
    pub(crate) fn fill(&self, sample: &Sample<'_>) -> String {
        match self.nodes.as_slice() {
            [] => String::new(),
            [Node::Text(text)] => text.clone(),
            nodes => run::run(nodes, *sample)
                .unwrap_or_else(|error| format!("<error expanding template: {error}>")),
        }
    }
}

#[cfg(test)]
mod tests;
