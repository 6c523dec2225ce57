//! Functions that change labels.

use std::borrow::Cow;

use ::regex::Captures;

use super::eval::EvalError;
use super::plan::{LabelJoin, LabelReplace};
use super::vector::Element;

/// Longer values are nobody's, in bytes; calls in each other could double one fifty times.
const LONGEST: usize = 64 * 1024;

impl LabelReplace {
    pub(super) fn apply<'s>(&'s self, vector: &mut [Element<'s>]) -> Result<(), EvalError> {
        for element in vector {
            let from = element.label(&self.from).to_owned();
            if let Some(captures) = self.pattern.captures(&from) {
                element.set(&self.to, bounded(expand(&self.replacement, &captures))?);
            }
        }
        Ok(())
    }
}

impl LabelJoin {
    pub(super) fn apply<'s>(&'s self, vector: &mut [Element<'s>]) -> Result<(), EvalError> {
        for element in vector {
            let parts: Vec<&str> = self.from.iter().map(|name| element.label(name)).collect();
            let joined = parts.join(&self.separator);
            element.set(&self.to, bounded(joined)?);
        }
        Ok(())
    }
}

fn bounded<'s>(value: String) -> Result<Cow<'s, str>, EvalError> {
    if value.len() > LONGEST { Err(EvalError::LongLabel) } else { Ok(Cow::Owned(value)) }
}

/// Puts groups in the place of `$1`, `${1}` and `$name`, as Go's `Expand` does: what no group has is empty, `$$` is a dollar
/// sign, and so is one behind which nothing can stand.
pub(crate) fn expand(template: &str, captures: &Captures<'_>) -> String {
    let mut expanded = String::new();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('$') {
        expanded.push_str(before);
        rest = behind;
        if let Some(behind) = rest.strip_prefix('$') {
            expanded.push('$');
            rest = behind;
            continue;
        }
        match reference(rest) {
            Some((name, behind)) => {
                let group = match name.parse::<usize>() {
                    Ok(number) => captures.get(number),
                    Err(_) => captures.name(name),
                };
                expanded.push_str(group.map_or("", |group| group.as_str()));
                rest = behind;
            }
            None => expanded.push('$'),
        }
    }
    expanded.push_str(rest);
    expanded
}

/// The name that a text begins with, and what is behind it.
fn reference(text: &str) -> Option<(&str, &str)> {
    let (inner, closed) = text.strip_prefix('{').map_or((text, false), |inner| (inner, true));
    let end = inner.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(inner.len());
    let (name, behind) = inner.split_at_checked(end).filter(|(name, _)| !name.is_empty())?;
    Some((name, if closed { behind.strip_prefix('}')? } else { behind }))
}

#[cfg(test)]
mod tests {
    use ::regex::Regex;

    use super::*;

    #[test]
    fn templates_are_expanded_as_go_does() {
        let pattern = Regex::new("^(?:(.)(.)(x)?(.*))$").unwrap();
        let captures = pattern.captures("abcd").unwrap();
        for (template, expected) in [
            ("$1-$2", "a-b"),
            ("${1}x$4", "axcd"),
            ("$1x", ""),
            ("$3|$9|$nobody", "||"),
            ("$$1", "$1"),
            ("$", "$"),
            ("a$-", "a$-"),
            ("${1", "${1"),
            ("${}", "${}"),
            ("${1-2}", "${1-2}"),
            ("$0", "abcd"),
        ] {
            assert_eq!(expand(template, &captures), expected, "{template}");
        }
    }
}
