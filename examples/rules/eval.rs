//! `rules eval`

use std::io::Write;

use clap::Args;
use ms_alerts::{Answer, Element, Expression};
use serde_json::{Value, json};

use crate::Version;
use crate::exposition::Given;
use crate::output::{Failure, Outcome, number, selector};

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    given: Given,
    /// The expression.
    #[arg(long)]
    expr: String,
    /// The version of Prometheus whose answer is given.
    #[arg(long, value_enum, default_value = "3")]
    compat: Version,
    /// Print the answer as Prometheus's API does.
    #[arg(long)]
    json: bool,
}

pub fn run(options: &Options, out: &mut impl Write) -> Result<Outcome, Failure> {
    let wrong = |source| Failure::Expression { expression: options.expr.clone(), source };
    let expression = Expression::parse(&options.expr, options.compat.into()).map_err(wrong)?;
    let (store, at) = options.given.read()?;
    let answer = expression.evaluate(&store, at).map_err(wrong)?;
    let seconds = at.as_millisecond() as f64 / 1000.0;
    if options.json {
        serde_json::to_writer(&mut *out, &api(&answer, seconds))?;
        writeln!(out)?;
        return Ok(Outcome::Well);
    }
    match answer {
        Answer::Vector(vector) => {
            for element in vector {
                writeln!(out, "{} => {} @[{seconds}]", selector(&element.labels), number(element.value))?;
            }
        }
        Answer::Scalar(value) => writeln!(out, "scalar: {} @[{seconds}]", number(value))?,
        _ => {}
    }
    Ok(Outcome::Well)
}

fn api(answer: &Answer, seconds: f64) -> Value {
    let row =
        |element: &Element| json!({"metric": element.labels, "value": [seconds, number(element.value)]});
    match answer {
        Answer::Vector(vector) => {
            json!({"resultType": "vector", "result": vector.iter().map(row).collect::<Vec<_>>()})
        }
        Answer::Scalar(value) => json!({"resultType": "scalar", "result": [seconds, number(*value)]}),
        _ => Value::Null,
    }
}
