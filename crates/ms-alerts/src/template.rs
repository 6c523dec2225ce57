//! Texts with the value and the labels of a series in them, as Prometheus's own are: Go's `text/template` with the
//! functions of a server.

#[cfg(feature = "rules")]
mod answer;
mod compare;
mod external;
mod functions;
#[cfg(feature = "webhook")]
mod json;
#[cfg(feature = "webhook")]
mod lists;
mod numbers;
mod output;
mod parse;
mod printf;
#[cfg(feature = "rules")]
mod queries;
mod run;
mod scene;
mod style;
mod token;
#[cfg(feature = "webhook")]
mod told;
mod tree;
#[cfg_attr(not(feature = "webhook"), allow(dead_code, reason = "records are of the templates of sinks"))]
mod value;
mod words;

use crate::samples::Sample;
pub(crate) use external::External;
#[cfg(feature = "webhook")]
pub(crate) use output::Form;
#[cfg(feature = "rules")]
pub(crate) use printf::quoted;
pub(crate) use scene::Scene;
#[cfg(feature = "webhook")]
pub(crate) use told::Told;
use tree::Node;

/// A text ready to be filled in.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    source: String,
    nodes: Vec<Node>,
    /// What its queries look at.
    #[cfg(feature = "rules")]
    queries: queries::Queries,
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
        let nodes = parse::parse(text, functions::Dialect::Rules)?;
        Ok(Self {
            source: text.to_owned(),
            #[cfg(feature = "rules")]
            queries: queries::Queries::of(&nodes),
            nodes,
        })
    }

    /// A text in which nothing is filled in.
    #[cfg(feature = "rules")]
    pub(crate) fn literal(text: &str) -> Self {
        let queries = queries::Queries::default();
        Self { source: text.to_owned(), nodes: vec![Node::Text(text.to_owned())], queries }
    }

    /// Tells which metrics its queries look back at.
    #[cfg(feature = "rules")]
    pub(crate) fn ask(&self, asked: &mut crate::samples::Asked) {
        self.queries.ask(asked);
    }

    /// The text that it was read from.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Fills it in; as in Prometheus, the text of a template that fails says so.
    pub(crate) fn fill(&self, sample: &Sample<'_>, scene: &Scene<'_>) -> String {
        match self.nodes.as_slice() {
            [] => String::new(),
            [Node::Text(text)] => text.clone(),
            nodes => run::run(nodes, *sample, *scene)
                .unwrap_or_else(|error| format!("<error expanding template: {error}>")),
        }
    }
}

#[cfg(test)]
mod tests;
