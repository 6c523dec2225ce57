//! A template made ready.

use super::functions::Function;

#[derive(Debug, Clone)]
pub(super) enum Node {
    Text(String),
    Action(Pipe),
    If(Branch),
    With(Branch),
    Range(Branch),
    Break,
    Continue,
}

/// What is done if the pipe gives something, and what if it does not.
#[derive(Debug, Clone)]
pub(super) struct Branch {
    pub(super) pipe: Pipe,
    pub(super) then: Vec<Node>,
    pub(super) otherwise: Vec<Node>,
}

/// Commands, each of which hands its result to the next one.
#[derive(Debug, Clone)]
pub(super) struct Pipe {
    /// The variables that take the result.
    pub(super) variables: Vec<String>,
    /// They are known already.
    pub(super) assigns: bool,
    pub(super) commands: Vec<Vec<Operand>>,
}

#[derive(Debug, Clone)]
pub(super) struct Operand {
    pub(super) what: What,
    /// The fields that are taken of it, one of the other.
    pub(super) fields: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    Dot,
    Nil,
    Truth(bool),
    Integer(i64),
    Number(f64),
    Text(String),
    Variable(String),
    Function(String, Function),
    Pipe(Box<Pipe>),
}
