//! `rules eval`

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use ms_alerts::{Answer, Element, Expression, SeriesStore};
use serde_json::{Value, json};

use crate::Version;
use crate::exposition::{fetch_into, read_into, time};
use crate::output::{Failure, Outcome, number, selector};

#[derive(Debug, Args)]
pub struct Options {
    /// Files in the Prometheus text format; - is standard input. Samples of one series may have times of their own.
    #[arg(long, required_unless_present = "url")]
    metrics: Vec<PathBuf>,
    /// Where an exposition is served, such as http://127.0.0.1:8000/metrics.
    #[arg(long)]
    url: Vec<String>,
    /// The expression.
    #[arg(long)]
    expr: String,
    /// When: seconds since 1970, or a time like 2026-03-02T08:00:00Z. Samples without a time are of this moment. Default now.
    #[arg(long)]
    at: Option<String>,
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
    let at = options.at.as_deref().map_or_else(|| Ok(Timestamp::now()), time)?;
    let mut store = SeriesStore::new();
    for path in &options.metrics {
        read_into(&mut store, path, at)?;
    }
    for url in &options.url {
        fetch_into(&mut store, url, at)?;
    }
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
