//! The words of a template, cut as Go's `text/template` cuts them.

use super::Refused;

/// One word of an action, and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token<'t> {
    pub(super) at: usize,
    /// Whether white space stands before it: `$a .b` and `$a.b` differ.
    pub(super) spaced: bool,
    pub(super) kind: Kind<'t>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind<'t> {
    Word(&'t str),
    /// Without the dot before it.
    Field(&'t str),
    /// Without the `$` before it.
    Variable(&'t str),
    Integer(i64),
    Number(f64),
    Text(String),
    Dot,
    Open,
    Close,
    Pipe,
    Comma,
    Assign,
    Declare,
    /// The action's end.
    End,
}

/// A template that is read from its beginning to its end.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Takes the text up to the next action and stands behind its braces; tells whether there is one.
    pub(super) fn text(&mut self) -> (&'t str, bool) {
        let rest = self.rest();
        let Some((before, behind)) = rest.split_once("{{") else {
            self.at = self.text.len();
            return (rest, false);
        };
        let mut pieces = before;
        self.at = self.text.len() - behind.len();
        let trims = behind.strip_prefix('-').is_some_and(|rest| rest.starts_with(is_space));
        if trims {
            self.at += 2;
            pieces = pieces.trim_end_matches(is_space);
        }
        (pieces, true)
    }

    /// Passes over a comment, if one begins here.
    pub(super) fn comment(&mut self) -> Result<bool, Refused> {
        let start = self.at;
        let Some(comment) = self.rest().strip_prefix("/*") else { return Ok(false) };
        let Some(length) = comment.find("*/") else {
            return Err(Refused::new(start, "a comment without its end"));
        };
        self.at += length + 4;
        if self.end() { Ok(true) } else { Err(Refused::new(start, "expected `}}` right behind the comment")) }
    }

    /// Passes over the end of an action, if it is here, and over the white space that it cuts off.
    fn end(&mut self) -> bool {
        let rest = self.rest();
        if rest.starts_with("}}") {
            self.at += 2;
            return true;
        }
        let mut characters = rest.chars();
        let trims = characters.next().is_some_and(is_space) && characters.as_str().starts_with("-}}");
        if trims {
            let behind = rest.get(4..).unwrap_or_default();
            self.at += 4 + behind.len() - behind.trim_start_matches(is_space).len();
        }
        trims
    }

    /// Takes the next word of an action.
    pub(super) fn next(&mut self) -> Result<Token<'t>, Refused> {
        let start = self.at;
        loop {
            let at = self.at;
            if self.end() {
                return Ok(Token { at, spaced: at > start, kind: Kind::End });
            }
            if !self.rest().starts_with(is_space) {
                break;
            }
            self.at += 1;
        }
        let at = self.at;
        let kind = self.kind()?;
        Ok(Token { at, spaced: at > start, kind })
    }

    fn kind(&mut self) -> Result<Kind<'t>, Refused> {
        let (at, rest) = (self.at, self.rest());
        let mut characters = rest.chars();
        let Some(first) = characters.next() else { return Err(Refused::new(at, "an action without `}}`")) };
        let behind = characters.as_str();
        let kind = match first {
            '(' => Kind::Open,
            ')' => Kind::Close,
            '|' => Kind::Pipe,
            ',' => Kind::Comma,
            '=' => Kind::Assign,
            ':' if behind.starts_with('=') => {
                self.at += 2;
                return Ok(Kind::Declare);
            }
            '"' | '`' | '\'' => return self.quoted(first, behind),
            '$' => {
                let name = self.name(behind, 1)?;
                return Ok(Kind::Variable(name));
            }
            '.' if !behind.starts_with(|c: char| c.is_ascii_digit()) => {
                let name = self.name(behind, 1)?;
                return Ok(if name.is_empty() { Kind::Dot } else { Kind::Field(name) });
            }
            '+' | '-' | '.' | '0'..='9' => return self.number(),
            letter if is_word(letter) => return self.name(rest, 0).map(Kind::Word),
            _ => return Err(Refused::new(at, format!("{first:?} cannot stand here"))),
        };
        self.at += first.len_utf8();
        Ok(kind)
    }

    /// Takes a name, behind which only some characters may stand.
    fn name(&mut self, text: &'t str, before: usize) -> Result<&'t str, Refused> {
        let (name, behind) = text.split_at(text.find(|c| !is_word(c)).unwrap_or(text.len()));
        self.at += before + name.len();
        let ends = behind.is_empty()
            || behind.starts_with("}}")
            || behind.starts_with(|c: char| is_space(c) || ".,|:()".contains(c));
        if ends { Ok(name) } else { Err(Refused::new(self.at, "expected a space")) }
    }

    fn number(&mut self) -> Result<Kind<'t>, Refused> {
        let (at, rest) = (self.at, self.rest());
        let mut before = ' ';
        let length = rest.find(|c: char| {
            let sign = matches!(c, '+' | '-') && matches!(before, ' ' | 'e' | 'E');
            before = c;
            !(sign || c == '.' || is_word(c))
        });
        let text = rest.get(..length.unwrap_or(rest.len())).unwrap_or_default();
        self.at += text.len();
        number(text).ok_or_else(|| Refused::new(at, format!("{text:?} is not a number")))
    }

    fn quoted(&mut self, quote: char, text: &'t str) -> Result<Kind<'t>, Refused> {
        let at = self.at;
        let mut is_escaped = false;
        let end = text.char_indices().find(|(_, c)| {
            let ends = *c == quote && !is_escaped || *c == '\n' && quote != '`';
            is_escaped = *c == '\\' && !is_escaped && quote != '`';
            ends
        });
        let inner = end.filter(|(_, c)| *c == quote).and_then(|(length, _)| text.get(..length));
        let Some(inner) = inner else { return Err(Refused::new(at, "a text without its closing quote")) };
        self.at += inner.len() + 2;
        if quote == '`' {
            return Ok(Kind::Text(inner.replace('\r', "")));
        }
        let text =
            unescaped(inner, quote).ok_or_else(|| Refused::new(at, "an escape that is not supported"))?;
        if quote == '"' {
            return Ok(Kind::Text(text));
        }
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(one), None) => Ok(Kind::Integer(i64::from(u32::from(one)))),
            _ => Err(Refused::new(at, "expected one character between the quotes")),
        }
    }
}

pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// Reads a number as Go does: with a point or an exponent it is a float, else a whole number.
fn number(text: &str) -> Option<Kind<'static>> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let radix = match digits.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("0x") => 16,
        Some("0b") => 2,
        Some("0o") => 8,
        _ => 10,
    };
    let is_float = radix == 10 && digits.contains(['.', 'e', 'E']);
    if digits.contains('_') || !digits.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if is_float {
        let is_plain = digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'));
        return text.parse().ok().filter(|number: &f64| is_plain && number.is_finite()).map(Kind::Number);
    }
    // A number that begins with zero is octal.
    let is_octal = radix == 10 && digits.len() > 1 && digits.starts_with('0');
    let (digits, radix) = match radix {
        10 => (digits, if is_octal { 8 } else { 10 }),
        _ => (digits.get(2..)?, radix),
    };
    let digits = Some(digits).filter(|digits| digits.starts_with(|c: char| c.is_ascii_alphanumeric()))?;
    let sign = if text.starts_with('-') { "-" } else { "" };
    i64::from_str_radix(&format!("{sign}{digits}"), radix).ok().map(Kind::Integer)
}

fn unescaped(text: &str, quote: char) -> Option<String> {
    let mut out = String::new();
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        out.push(if character == '\\' { escape(&mut rest, quote)? } else { character });
    }
    Some(out)
}

/// What stands for the escape of which the backslash has been read.
fn escape(rest: &mut std::str::Chars<'_>, quote: char) -> Option<char> {
    let letter = rest.next()?;
    let (length, radix) = match letter {
        'a' => return Some('\u{7}'),
        'b' => return Some('\u{8}'),
        'f' => return Some('\u{c}'),
        'n' => return Some('\n'),
        'r' => return Some('\r'),
        't' => return Some('\t'),
        'v' => return Some('\u{b}'),
        '\\' => return Some('\\'),
        other if other == quote => return Some(quote),
        'x' => (2, 16),
        'u' => (4, 16),
        'U' => (8, 16),
        '0'..='7' => (2, 8),
        _ => return None,
    };
    let first = Some(letter).filter(|_| radix == 8);
    let digits: String = first.into_iter().chain(rest.by_ref().take(length)).collect();
    let is_whole = digits.len() == length + usize::from(first.is_some()) && !digits.starts_with('+');
    let number = u32::from_str_radix(&digits, radix).ok().filter(|_| is_whole)?;
    // A lone byte of more than seven bits is no character.
    char::from_u32(number).filter(|_| length > 2 || number < 0x80)
}
