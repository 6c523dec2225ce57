//! What the queries of a template look at, as far as that is known before it is filled in.

use super::tree::{Node, Operand, Pipe, What};
use crate::Compat;
use crate::promql::{Query, Reach};
use crate::samples::Asked;

/// What stands for a value that is not known yet: a word, or where that makes no expression, a number.
const STANDS_FOR: [&str; 2] = ["x", "1"];

/// Which metrics are looked at, and what of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Queries(Vec<(Option<String>, Reach)>);

impl Queries {
    pub(super) fn of(nodes: &[Node]) -> Self {
        let mut queries = Self::default();
        queries.list(nodes);
        queries
    }

    pub(super) fn ask(&self, asked: &mut Asked) {
        self.0.iter().for_each(|(name, reach)| asked.ask(name.as_deref(), *reach));
    }

    fn list(&mut self, nodes: &[Node]) {
        for node in nodes {
            match node {
                Node::Action(pipe) => self.pipe(pipe),
                Node::If(branch) | Node::With(branch) | Node::Range(branch) => {
                    self.pipe(&branch.pipe);
                    self.list(&branch.then);
                    self.list(&branch.otherwise);
                }
                Node::Text(_) | Node::Break | Node::Continue => {}
            }
        }
    }

    fn pipe(&mut self, pipe: &Pipe) {
        for (place, command) in pipe.commands.iter().enumerate() {
            for operand in command {
                if let What::Pipe(inner) = &operand.what {
                    self.pipe(inner);
                }
            }
            if let Some((Operand { what: What::Function(name, _), .. }, arguments)) = command.split_first()
                && name == "query"
            {
                let before = pipe.commands.get(..place).unwrap_or_default();
                self.query(|stands_for| match arguments {
                    [only] => written(only, stands_for),
                    _ => result(before, stands_for),
                });
            }
        }
    }

    /// What cannot be read is an error when the template is filled in, as in Prometheus.
    fn query(&mut self, text: impl Fn(&str) -> Option<(String, bool)>) {
        let mut is_whole = false;
        for stands_for in STANDS_FOR {
            let Some((text, is_known)) = text(stands_for) else { break };
            is_whole = is_known;
            if let Ok(query) = Query::parse(&text, Compat::V2_42) {
                query.looks_at(|name, reach| self.0.push((name.map(str::to_owned), reach)));
                break;
            }
        }
        // It may be of any metric as of now, one that rules write too.
        if !is_whole {
            self.0.push((None, Reach::NOW));
        }
    }
}

/// The text of an operand, and whether all of it is known.
fn written(operand: &Operand, stands_for: &str) -> Option<(String, bool)> {
    match &operand.what {
        What::Text(text) => Some((text.clone(), true)),
        What::Pipe(pipe) if operand.fields.is_empty() => result(&pipe.commands, stands_for),
        _ => None,
    }
}

/// The text that commands give one to the other.
fn result(commands: &[Vec<Operand>], stands_for: &str) -> Option<(String, bool)> {
    match commands.last()?.as_slice() {
        [only] if commands.len() == 1 => written(only, stands_for),
        [Operand { what: What::Function(name, _), .. }, Operand { what: What::Text(format), .. }, ..]
            if name == "printf" =>
        {
            Some(filled(format, stands_for))
        }
        _ => None,
    }
}

/// A format with something in the place of its verbs.
fn filled(format: &str, stands_for: &str) -> (String, bool) {
    let (mut out, mut is_whole) = (String::new(), true);
    let mut rest = format.chars();
    while let Some(character) = rest.next() {
        if character != '%' {
            out.push(character);
            continue;
        }
        match rest.find(|c| !matches!(c, '+' | '-' | ' ' | '#' | '.' | '*' | '0'..='9')) {
            Some('%') => out.push('%'),
            Some('q') => {
                is_whole = false;
                out.push_str("\"x\"");
            }
            Some('d' | 'e' | 'E' | 'f' | 'F' | 'g' | 'G') => {
                is_whole = false;
                out.push('1');
            }
            _ => {
                is_whole = false;
                out.push_str(stands_for);
            }
        }
    }
    (out, is_whole)
}
