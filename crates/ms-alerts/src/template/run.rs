//! Fills a template in.

mod names;

use super::functions::{Call, Function, LONGEST};
use super::output::{Form, Output};
use super::scene::Scene;
use super::tree::{Branch, Node, Operand, Pipe, What};
use super::value::{Failed, Value};
use crate::samples::Sample;

/// How much a template may take and give.
struct Limits {
    /// Loops within loops that take more are nobody's, in texts, actions and branches.
    steps: usize,
    bytes: usize,
}

const OF_RULES: Limits = Limits { steps: 100_000, bytes: LONGEST };
/// A group may have thousands of alerts.
#[cfg(feature = "webhook")]
const OF_NOTIFICATIONS: Limits = Limits { steps: 1_000_000, bytes: 4 << 20 };
/// So that no text asks more than a hundred times.
#[cfg(feature = "rules")]
const STEPS_OF_QUERY: usize = 1_000;

pub(super) fn run<'s>(nodes: &'s [Node], sample: Sample<'s>, scene: Scene<'s>) -> Result<String, Failed> {
    let given = [
        ("", Value::Alert),
        ("labels", Value::Alert),
        ("externalLabels", Value::Alert),
        ("externalURL", Value::text(&*scene.view.external.url)),
        ("value", Value::Number(sample.value())),
    ];
    let world = World::Rule(sample, scene);
    let out = Output::new(Form::Text);
    let mut run = Run { world, variables: given.to_vec(), out, steps: 0, limits: OF_RULES };
    run.list(nodes, &Value::Alert)?;
    Ok(run.out.text)
}

/// Fills in what is told of a notification.
#[cfg(feature = "webhook")]
pub(super) fn tell<'s>(nodes: &'s [Node], told: Value<'s>, form: Form) -> Result<String, Failed> {
    let variables = vec![("", told.clone())];
    let out = Output::new(form);
    let mut run = Run { world: World::Notification, variables, out, steps: 0, limits: OF_NOTIFICATIONS };
    run.list(nodes, &told)?;
    Ok(run.out.text)
}

/// What is there beside variables.
#[derive(Clone, Copy)]
enum World<'s> {
    Rule(Sample<'s>, Scene<'s>),
    #[cfg(feature = "webhook")]
    Notification,
}

struct Run<'s> {
    world: World<'s>,
    /// The newest of a name is the one that is seen.
    variables: Vec<(&'s str, Value<'s>)>,
    out: Output,
    steps: usize,
    limits: Limits,
}

/// What follows a node.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    Break,
    Continue,
}

impl<'s> Run<'s> {
    fn list(&mut self, nodes: &'s [Node], dot: &Value<'s>) -> Result<Flow, Failed> {
        for node in nodes {
            let flow = self.node(node, dot)?;
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    fn node(&mut self, node: &'s Node, dot: &Value<'s>) -> Result<Flow, Failed> {
        self.step(1)?;
        match node {
            Node::Text(text) => self.write(text)?,
            Node::Action(pipe) => {
                let value = self.pipe(pipe, dot)?;
                if pipe.variables.is_empty() {
                    self.print(&value)?;
                }
            }
            Node::If(branch) => return self.choose(branch, dot, false),
            Node::With(branch) => return self.choose(branch, dot, true),
            Node::Range(branch) => return self.range(branch, dot),
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::On)
    }

    fn step(&mut self, steps: usize) -> Result<(), Failed> {
        self.steps += steps;
        if self.steps > self.limits.steps {
            return Err(format!("it takes more than {} steps", self.limits.steps));
        }
        Ok(())
    }

    fn write(&mut self, text: &str) -> Result<(), Failed> {
        self.out.write(text);
        self.check_length()
    }

    fn print(&mut self, value: &Value<'s>) -> Result<(), Failed> {
        self.out.print(value)?;
        self.check_length()
    }

    fn check_length(&self) -> Result<(), Failed> {
        let most = self.limits.bytes;
        if self.out.text.len() > most {
            return Err(format!("the text is longer than {most} bytes"));
        }
        Ok(())
    }

    fn choose(&mut self, branch: &'s Branch, dot: &Value<'s>, is_with: bool) -> Result<Flow, Failed> {
        let known = self.variables.len();
        let value = self.pipe(&branch.pipe, dot)?;
        let flow = match value.is_true() {
            true => self.list(&branch.then, if is_with { &value } else { dot }),
            false => self.list(&branch.otherwise, dot),
        };
        self.variables.truncate(known);
        flow
    }

    fn range(&mut self, branch: &'s Branch, dot: &Value<'s>) -> Result<Flow, Failed> {
        let known = self.variables.len();
        let elements = elements(&self.evaluate(&branch.pipe, dot)?)?;
        let mut flow = Flow::On;
        if elements.is_empty() {
            flow = self.list(&branch.otherwise, dot)?;
        }
        for (key, element) in elements {
            match branch.pipe.variables.as_slice() {
                [] => {}
                [only] => self.bind(only, element.clone(), branch.pipe.assigns),
                [first, second, ..] => {
                    self.bind(first, key, branch.pipe.assigns);
                    self.bind(second, element.clone(), branch.pipe.assigns);
                }
            }
            let ended = self.list(&branch.then, &element)?;
            self.variables.truncate(known);
            if ended == Flow::Break {
                break;
            }
        }
        self.variables.truncate(known);
        Ok(flow)
    }

    fn bind(&mut self, name: &'s str, value: Value<'s>, assigns: bool) {
        match self.variables.iter_mut().rev().find(|(known, _)| assigns && *known == name) {
            Some((_, old)) => *old = value,
            None => self.variables.push((name, value)),
        }
    }

    fn pipe(&mut self, pipe: &'s Pipe, dot: &Value<'s>) -> Result<Value<'s>, Failed> {
        let value = self.evaluate(pipe, dot)?;
        for name in &pipe.variables {
            self.bind(name, value.clone(), pipe.assigns);
        }
        Ok(value)
    }

    fn evaluate(&mut self, pipe: &'s Pipe, dot: &Value<'s>) -> Result<Value<'s>, Failed> {
        let mut last = None;
        for command in &pipe.commands {
            last = Some(self.command(command, dot, last)?);
        }
        Ok(last.unwrap_or(Value::Nothing))
    }

    /// `last` is what the command before it in the pipe gave.
    fn command(
        &mut self,
        command: &'s [Operand],
        dot: &Value<'s>,
        last: Option<Value<'s>>,
    ) -> Result<Value<'s>, Failed> {
        let Some((first, arguments)) = command.split_first() else { return Ok(Value::Nothing) };
        if let What::Function(name, function) = &first.what {
            return self.call((name, *function), arguments, dot, last);
        }
        if last.is_some() || !arguments.is_empty() {
            return Err("can't give argument to non-function".to_owned());
        }
        self.operand(first, dot)
    }

    fn call(
        &mut self,
        (name, function): (&str, Function),
        arguments: &'s [Operand],
        dot: &Value<'s>,
        last: Option<Value<'s>>,
    ) -> Result<Value<'s>, Failed> {
        let count = arguments.len() + usize::from(last.is_some());
        if !function.takes.contains(count) {
            return Err(format!("wrong number of args for {name}: got {count}"));
        }
        let mut values = Vec::with_capacity(count);
        for argument in arguments {
            values.push(self.operand(argument, dot)?);
            // The rest is not looked at, once one decides.
            if let (Call::Until(truth), Some(value)) = (function.call, values.last())
                && value.is_true() == truth
            {
                return Ok(value.clone());
            }
        }
        values.extend(last);
        match function.call {
            Call::Until(_) => Ok(values.pop().unwrap_or(Value::Nothing)),
            #[cfg(feature = "rules")]
            Call::Query => {
                self.step(STEPS_OF_QUERY)?;
                let text = values.first().unwrap_or(&Value::Nothing).as_text();
                let answer = text.and_then(|text| self.query(text));
                answer.map(Value::Answer).map_err(|error| format!("error calling {name}: {error}"))
            }
            Call::With(call) => call(&values).map_err(|error| format!("error calling {name}: {error}")),
        }
    }

    fn operand(&mut self, operand: &'s Operand, dot: &Value<'s>) -> Result<Value<'s>, Failed> {
        let mut fields = operand.fields.iter();
        let mut value = match &operand.what {
            What::Dot => dot.clone(),
            What::Nil => Value::Nothing,
            What::Truth(truth) => Value::Truth(*truth),
            What::Integer(number) => Value::Integer(*number),
            What::Number(number) => Value::Number(*number),
            What::Text(text) => Value::text(text),
            What::Variable(name) => match (name.as_str(), fields.clone().next(), self.world) {
                // Most actions are like this one, and need no map.
                ("labels", Some(label), World::Rule(sample, _)) if self.is_given(1, name) => {
                    fields.next();
                    Value::text(sample.label(label))
                }
                _ => self.variable(name),
            },
            What::Pipe(pipe) => self.pipe(pipe, dot)?,
            What::Function(name, function) => self.call((name, *function), &[], dot, None)?,
        };
        for field in fields {
            value = self.field(value, field)?;
        }
        Ok(value)
    }
}

/// What a `range` goes through, each with its key.
fn elements<'s>(value: &Value<'s>) -> Result<Vec<(Value<'s>, Value<'s>)>, Failed> {
    match value {
        Value::Labels(labels) => {
            let both = labels.iter().map(|(name, value)| (name.clone(), value.clone()));
            Ok(both.map(|(name, value)| (Value::text(name), Value::text(value))).collect())
        }
        Value::Answer(series) => {
            let counted = (0..).map(Value::Integer).zip(series.iter().cloned());
            Ok(counted.map(|(place, found)| (place, Value::Series(found))).collect())
        }
        Value::List(list) => Ok((0..).map(Value::Integer).zip(list.iter().cloned()).collect()),
        other => Err(format!("range can't iterate over {}", other.kind())),
    }
}
