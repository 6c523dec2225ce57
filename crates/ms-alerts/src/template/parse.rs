//! Reads a template. What Go's `text/template` refuses is refused, and what is not supported is, by name.

use super::Refused;
use super::functions::{Dialect, Function};
use super::token::{Cursor, Kind, Token};
use super::tree::{Branch, Node, Operand, Pipe, What};

/// Deeper nesting is nobody's, and would overflow the stack.
const DEEPEST: usize = 64;

pub(super) fn parse(text: &str, dialect: Dialect) -> Result<Vec<Node>, Refused> {
    let variables = dialect.given().iter().map(|name| (*name).to_owned()).collect();
    let mut parser =
        Parser { cursor: Cursor::new(text), dialect, variables, depth: 0, loops: 0, peeked: None };
    match parser.list()? {
        (nodes, Stop::Text) => Ok(nodes),
        (_, Stop::End(at) | Stop::Else(at)) => Err(Refused::new(at, "nothing is open that this could end")),
    }
}

struct Parser<'t> {
    cursor: Cursor<'t>,
    dialect: Dialect,
    /// Those that are known here.
    variables: Vec<String>,
    depth: usize,
    /// Those around this place.
    loops: usize,
    peeked: Option<Token<'t>>,
}

/// What a list of nodes ends with.
enum Stop {
    Text,
    End(usize),
    Else(usize),
}

impl<'t> Parser<'t> {
    fn list(&mut self) -> Result<(Vec<Node>, Stop), Refused> {
        let mut nodes = Vec::new();
        loop {
            let (text, has_action) = self.cursor.text();
            if !text.is_empty() {
                nodes.push(Node::Text(text.to_owned()));
            }
            if !has_action {
                return Ok((nodes, Stop::Text));
            }
            if self.cursor.comment()? {
                continue;
            }
            let first = self.peek()?.clone();
            let Kind::Word(word) = first.kind else {
                nodes.push(Node::Action(self.action()?));
                continue;
            };
            match word {
                "end" => {
                    self.next()?;
                    self.expect_end()?;
                    return Ok((nodes, Stop::End(first.at)));
                }
                "else" => {
                    self.next()?;
                    return Ok((nodes, Stop::Else(first.at)));
                }
                "if" | "with" | "range" => {
                    self.next()?;
                    nodes.push(self.branch(word, first.at)?);
                }
                "break" | "continue" => {
                    self.next()?;
                    self.expect_end()?;
                    if self.loops == 0 {
                        return Err(Refused::new(first.at, format!("`{word}` outside a `range`")));
                    }
                    nodes.push(if word == "break" { Node::Break } else { Node::Continue });
                }
                "define" | "template" | "block" => {
                    return Err(Refused::new(first.at, format!("`{word}` is not supported")));
                }
                _ => nodes.push(Node::Action(self.action()?)),
            }
        }
    }

    /// An action that gives text; the variables that it declares are known behind it.
    fn action(&mut self) -> Result<Pipe, Refused> {
        let pipe = self.pipe(false)?;
        self.expect_end()?;
        Ok(pipe)
    }

    fn branch(&mut self, word: &str, at: usize) -> Result<Node, Refused> {
        self.deeper(at)?;
        let known = self.variables.len();
        let is_range = word == "range";
        let pipe = self.pipe(is_range)?;
        self.expect_end()?;
        self.loops += usize::from(is_range);
        let (then, stop) = self.list()?;
        self.loops -= usize::from(is_range);
        let otherwise = match stop {
            Stop::End(_) => Vec::new(),
            Stop::Else(_) => self.otherwise(word, at)?,
            Stop::Text => return Err(Refused::new(at, format!("`{word}` without its `end`"))),
        };
        self.variables.truncate(known);
        self.depth -= 1;
        let branch = Branch { pipe, then, otherwise };
        Ok(match word {
            "if" => Node::If(branch),
            "with" => Node::With(branch),
            _ => Node::Range(branch),
        })
    }

    /// What stands behind `else`: the rest of an `else if`, which shares the `end`, or a list.
    fn otherwise(&mut self, word: &str, at: usize) -> Result<Vec<Node>, Refused> {
        let next = self.peek()?.clone();
        if next.kind == Kind::Word("if") && word == "if" {
            self.next()?;
            return Ok(vec![self.branch("if", next.at)?]);
        }
        self.expect_end()?;
        match self.list()? {
            (nodes, Stop::End(_)) => Ok(nodes),
            (_, Stop::Else(at)) => Err(Refused::new(at, "expected `end`")),
            (_, Stop::Text) => Err(Refused::new(at, format!("`{word}` without its `end`"))),
        }
    }

    fn pipe(&mut self, is_range: bool) -> Result<Pipe, Refused> {
        let at = self.peek()?.at;
        self.deeper(at)?;
        let (variables, assigns) = self.declaration(is_range)?;
        let mut commands = Vec::new();
        loop {
            let command = self.command()?;
            let runs = |operand: &Operand| !operand.fields.is_empty() || operand.what.runs();
            if !commands.is_empty() && !command.first().is_some_and(runs) {
                return Err(Refused::new(at, "expected a function behind `|`"));
            }
            commands.push(command);
            if self.peek()?.kind != Kind::Pipe {
                break;
            }
            self.next()?;
        }
        if !assigns {
            self.variables.extend(variables.iter().cloned());
        }
        self.depth -= 1;
        Ok(Pipe { variables, assigns, commands })
    }

    /// `$a :=`, `$a =`, and in a range `$a, $b :=`.
    fn declaration(&mut self, is_range: bool) -> Result<(Vec<String>, bool), Refused> {
        let (before, peeked) = (self.cursor.clone(), self.peeked.clone());
        let mut names = Vec::new();
        while let Kind::Variable(name) = self.peek()?.kind {
            let at = self.next()?.at;
            names.push((name, at));
            match self.next()?.kind {
                Kind::Declare => {
                    return Ok((names.iter().map(|(name, _)| (*name).to_owned()).collect(), false));
                }
                Kind::Assign => {
                    for (name, at) in &names {
                        self.check_known(name, *at)?;
                    }
                    return Ok((names.iter().map(|(name, _)| (*name).to_owned()).collect(), true));
                }
                Kind::Comma if is_range && names.len() < 2 => {}
                _ => break,
            }
        }
        (self.cursor, self.peeked) = (before, peeked);
        Ok((Vec::new(), false))
    }

    fn command(&mut self) -> Result<Vec<Operand>, Refused> {
        let mut operands: Vec<Operand> = Vec::new();
        loop {
            let token = self.peek()?.clone();
            if matches!(token.kind, Kind::End | Kind::Close | Kind::Pipe) {
                if operands.is_empty() {
                    return Err(Refused::new(token.at, "a value or a function is missing"));
                }
                if matches!(operands.as_slice(), [Operand { what: What::Nil, .. }]) {
                    return Err(Refused::new(token.at, "`nil` cannot stand alone"));
                }
                return Ok(operands);
            }
            if !operands.is_empty() && !token.spaced {
                return Err(Refused::new(token.at, "expected a space"));
            }
            operands.push(self.operand()?);
        }
    }

    fn operand(&mut self) -> Result<Operand, Refused> {
        let Token { at, kind, .. } = self.next()?;
        let mut fields = Vec::new();
        let what = match kind {
            Kind::Dot => What::Dot,
            Kind::Field(name) => {
                fields.push(name.to_owned());
                What::Dot
            }
            Kind::Variable(name) => {
                self.check_known(name, at)?;
                What::Variable(name.to_owned())
            }
            Kind::Integer(number) => What::Integer(number),
            Kind::Number(number) => What::Number(number),
            Kind::Text(text) => What::Text(text),
            Kind::Word("true") => What::Truth(true),
            Kind::Word("false") => What::Truth(false),
            Kind::Word("nil") => What::Nil,
            Kind::Word(name) => {
                let function =
                    Function::named(name, self.dialect).ok_or_else(|| unknown(name, at, self.dialect))?;
                What::Function(name.to_owned(), function)
            }
            Kind::Open => {
                let pipe = self.pipe(false)?;
                let close = self.next()?;
                if close.kind != Kind::Close {
                    return Err(Refused::new(close.at, "expected `)`"));
                }
                What::Pipe(Box::new(pipe))
            }
            _ => return Err(Refused::new(at, "expected a value or a function")),
        };
        while let Kind::Field(name) = self.peek()?.kind {
            if self.peek()?.spaced {
                break;
            }
            if !matches!(what, What::Dot | What::Variable(_) | What::Pipe(_)) {
                return Err(Refused::new(self.peek()?.at, "this has no fields"));
            }
            fields.push(name.to_owned());
            self.next()?;
        }
        Ok(Operand { what, fields })
    }

    fn check_known(&self, name: &str, at: usize) -> Result<(), Refused> {
        if self.variables.iter().any(|known| known == name) {
            return Ok(());
        }
        Err(Refused::new(at, format!("the variable `${name}` is not known")))
    }

    fn deeper(&mut self, at: usize) -> Result<(), Refused> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Refused::new(at, "nested too deep"));
        }
        Ok(())
    }

    fn expect_end(&mut self) -> Result<(), Refused> {
        let token = self.next()?;
        if token.kind == Kind::End {
            return Ok(());
        }
        Err(Refused::new(token.at, "expected `}}`"))
    }

    fn peek(&mut self) -> Result<&Token<'t>, Refused> {
        let token = match self.peeked.take() {
            Some(token) => token,
            None => self.cursor.next()?,
        };
        Ok(self.peeked.insert(token))
    }

    fn next(&mut self) -> Result<Token<'t>, Refused> {
        match self.peeked.take() {
            Some(token) => Ok(token),
            None => self.cursor.next(),
        }
    }
}

fn unknown(name: &str, at: usize, dialect: Dialect) -> Refused {
    let whose = match dialect {
        Dialect::Rules => "Prometheus",
        #[cfg(feature = "webhook")]
        Dialect::Notifications => "Alertmanager",
    };
    Refused::new(at, format!("`{name}` is not supported; expected a function of {whose} or Go"))
}

impl Dialect {
    /// The variables that every template has.
    fn given(self) -> &'static [&'static str] {
        match self {
            Self::Rules => &["", "labels", "externalLabels", "externalURL", "value"],
            #[cfg(feature = "webhook")]
            Self::Notifications => &[""],
        }
    }
}

impl What {
    /// Whether it may stand behind a `|`.
    fn runs(&self) -> bool {
        matches!(self, Self::Variable(_) | Self::Function(..) | Self::Pipe(_))
    }
}
