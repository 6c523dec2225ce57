//! Regular expressions of Go, anchored as in Prometheus but for those of templates.
//!
//! Go's syntax and that of the regex crate look alike and differ in what they mean: `\d` and `\w` are ASCII in Go, `[a&&b]`
//! and `[a[b]]` are plain sets there, `{,3}` is text. So a pattern is read as Go reads it and written anew; what is not
//! surely the same is refused.

use std::iter::Peekable;
use std::str::Chars;

use ::regex::{Regex, RegexBuilder};

const LARGEST: usize = 1 << 20;

/// Since version 3 a dot of Prometheus matches a line break too.
pub(super) fn compile(pattern: &str) -> Result<Regex, String> {
    build(&format!("^(?:{})$", translated(pattern)?), true)
}

/// One whose dot matches no line break.
pub(crate) fn compile_lines(pattern: &str) -> Result<Regex, String> {
    build(&format!("^(?:{})$", translated(pattern)?), false)
}

/// One that is found anywhere, whose dot matches no line break: that of a template.
pub(crate) fn compile_anywhere(pattern: &str) -> Result<Regex, String> {
    build(&translated(pattern)?, false)
}

fn translated(pattern: &str) -> Result<String, String> {
    Translator { rest: pattern.chars().peekable(), out: String::new(), open: 0 }.translate()
}

fn build(pattern: &str, dot_matches_breaks: bool) -> Result<Regex, String> {
    RegexBuilder::new(pattern).dot_matches_new_line(dot_matches_breaks).size_limit(LARGEST).build().map_err(
        |error| match error {
            ::regex::Error::CompiledTooBig(_) => "too large".to_owned(),
            _ => "not a valid expression".to_owned(),
        },
    )
}

struct Translator<'a> {
    rest: Peekable<Chars<'a>>,
    out: String,
    /// Groups that wait for their end. One too few or too many would pair with the parentheses around the whole.
    open: usize,
}

impl Translator<'_> {
    fn translate(mut self) -> Result<String, String> {
        // Go refuses a second repetition of the same thing; for us it would be a repetition of the repetition.
        let mut repeated = false;
        while let Some(character) = self.rest.next() {
            match character {
                '\\' => self.escape()?,
                '[' => self.class()?,
                '(' => self.group()?,
                ')' => {
                    self.open = self.open.checked_sub(1).ok_or("a `)` without its `(`")?;
                    self.out.push(')');
                }
                '*' | '+' | '?' if repeated => return Err("a repetition of a repetition".to_owned()),
                '{' => match self.counted()? {
                    Some(_) if repeated => return Err("a repetition of a repetition".to_owned()),
                    Some(counted) => self.out.push_str(&counted),
                    None => {
                        self.out.push_str("\\{");
                        repeated = false;
                        continue;
                    }
                },
                plain @ ('.' | '*' | '+' | '?' | '|' | '^' | '$') => self.out.push(plain),
                literal => push_literal(&mut self.out, literal),
            }
            repeated = matches!(character, '*' | '+' | '?' | '{');
            if repeated && self.rest.next_if_eq(&'?').is_some() {
                self.out.push('?');
            }
        }
        if self.open > 0 { Err("a `(` without its `)`".to_owned()) } else { Ok(self.out) }
    }

    /// `{n}`, `{n,}` or `{n,m}` behind an opening brace; anything else is text.
    fn counted(&mut self) -> Result<Option<String>, String> {
        let inside: String = self.rest.clone().take_while(|c| c.is_ascii_digit() || *c == ',').collect();
        let closed = self.rest.clone().nth(inside.len()) == Some('}');
        let (low, high) = inside.split_once(',').unwrap_or((&inside, ""));
        if !closed || low.is_empty() || high.contains(',') {
            return Ok(None);
        }
        // Go's largest count.
        let too_many =
            |count: &str| !count.is_empty() && !count.parse::<u16>().is_ok_and(|count| count <= 1000);
        if too_many(low) || too_many(high) {
            return Err("a repetition of more than 1000".to_owned());
        }
        self.rest.nth(inside.len());
        Ok(Some(format!("{{{inside}}}")))
    }

    fn group(&mut self) -> Result<(), String> {
        self.out.push('(');
        if self.rest.next_if_eq(&'?').is_none() {
            self.open += 1;
            return Ok(());
        }
        let mut flags = String::new();
        while let Some(flag) = self.rest.next_if(|c| matches!(c, 'i' | 's' | '-')) {
            flags.push(flag);
        }
        match self.rest.next() {
            Some(end @ (':' | ')')) if !flags.ends_with('-') && (end == ':' || !flags.is_empty()) => {
                self.out.push('?');
                self.out.push_str(&flags);
                self.out.push(end);
                self.open += usize::from(end == ':');
                Ok(())
            }
            _ => Err("a group of this kind is not supported".to_owned()),
        }
    }

    fn escape(&mut self) -> Result<(), String> {
        match self.rest.next() {
            Some('d') => self.out.push_str("[0-9]"),
            Some('D') => self.out.push_str("[^0-9]"),
            Some('w') => self.out.push_str("[0-9A-Za-z_]"),
            Some('W') => self.out.push_str("[^0-9A-Za-z_]"),
            Some('s') => self.out.push_str("[\\t\\n\\f\\r ]"),
            Some('S') => self.out.push_str("[^\\t\\n\\f\\r ]"),
            Some('b') => self.out.push_str("(?-u:\\b)"),
            Some('A') => self.out.push_str("\\A"),
            Some('z') => self.out.push_str("\\z"),
            other => {
                let literal = self.escaped_literal(other)?;
                push_literal(&mut self.out, literal);
            }
        }
        Ok(())
    }

    /// The character that an escape stands for, in or out of brackets.
    fn escaped_literal(&mut self, escape: Option<char>) -> Result<char, String> {
        match escape {
            Some('t') => Ok('\t'),
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some('f') => Ok('\u{c}'),
            Some('v') => Ok('\u{b}'),
            Some('a') => Ok('\u{7}'),
            Some(mark) if mark.is_ascii_punctuation() => Ok(mark),
            Some(other) => Err(format!("`\\{other}` is not supported")),
            None => Err("a backslash at the end".to_owned()),
        }
    }

    /// A set in brackets, up to its end.
    fn class(&mut self) -> Result<(), String> {
        self.out.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        let mut first = true;
        loop {
            let low = match self.rest.next() {
                None => return Err("a bracket without its end".to_owned()),
                Some(']') if !first => break,
                Some('[') if self.rest.peek() == Some(&':') => {
                    return Err("a named set `[:…:]` is not supported".to_owned());
                }
                Some('\\') => match self.set_escape()? {
                    Some(literal) => literal,
                    None => {
                        first = false;
                        continue;
                    }
                },
                Some(literal) => literal,
            };
            first = false;
            self.range(low)?;
        }
        self.out.push(']');
        Ok(())
    }

    /// An escape in brackets: a set, which is written at once, or a character.
    fn set_escape(&mut self) -> Result<Option<char>, String> {
        let escape = self.rest.next();
        let set = match escape {
            Some('d') => "0-9",
            Some('w') => "0-9A-Za-z_",
            Some('s') => "\\t\\n\\f\\r ",
            _ => return self.escaped_literal(escape).map(Some),
        };
        self.out.push_str(set);
        Ok(None)
    }

    /// Writes `low`, or the range that it begins.
    fn range(&mut self, low: char) -> Result<(), String> {
        push_literal(&mut self.out, low);
        let mut ahead = self.rest.clone();
        if ahead.next() != Some('-') || matches!(ahead.next(), None | Some(']')) {
            return Ok(());
        }
        self.rest.next();
        let high = match self.rest.next() {
            Some('\\') => {
                let escape = self.rest.next();
                self.escaped_literal(escape)?
            }
            Some(literal) => literal,
            None => return Err("a bracket without its end".to_owned()),
        };
        self.out.push('-');
        push_literal(&mut self.out, high);
        Ok(())
    }
}

/// Marks are escaped wherever they stand, so that no pair of them means anything.
fn push_literal(out: &mut String, literal: char) {
    if literal.is_ascii_punctuation() && literal != '_' && literal != '<' && literal != '>' {
        out.push('\\');
    }
    out.push(literal);
}

#[cfg(test)]
#[path = "regex/tests.rs"]
mod tests;
