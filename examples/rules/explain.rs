//! `rules explain`

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use ms_alerts::{Answer, Explanation, RuleExplanation, RuleKind, explain_rules};
use serde_json::{Value, json};

use crate::Version;
use crate::exposition::Given;
use crate::output::{Failure, Outcome, number, selector};

/// So many elements are shown of each part.
const SHOWN: usize = 3;

#[derive(Debug, Args)]
pub struct Options {
    /// The name of the rule.
    rule: String,
    /// Rule files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    given: Given,
    /// The version of Prometheus whose answer is given.
    #[arg(long, value_enum, default_value = "3")]
    compat: Version,
    /// Print JSON instead of a tree.
    #[arg(long)]
    json: bool,
}

/// Tells why a rule does or does not hold, and which rules find no series at all.
pub fn run(options: &Options, out: &mut impl Write) -> Result<Outcome, Failure> {
    let (store, at) = options.given.read()?;
    let mut rules = Vec::new();
    for path in &options.files {
        rules.extend(explain_rules(path, &store, at, options.compat.into())?);
    }
    let asked: Vec<_> = rules.iter().filter(|rule| rule.name == options.rule).collect();
    if asked.is_empty() {
        let names = rules.iter().map(|rule| rule.name.clone()).collect();
        return Err(Failure::NoRule { rule: options.rule.clone(), names });
    }
    let blind: Vec<&str> = rules
        .iter()
        .filter(|rule| rule.explanation.selects_nothing())
        .map(|rule| rule.name.as_str())
        .collect();
    if options.json {
        let asked: Vec<Value> = asked.into_iter().map(rule_json).collect();
        serde_json::to_writer_pretty(&mut *out, &json!({"rules": asked, "without_series": blind}))?;
        writeln!(out)?;
        return Ok(Outcome::Well);
    }
    for rule in asked {
        writeln!(out, "{}", headline(rule))?;
        tree(out, &rule.explanation, "", "")?;
        writeln!(out)?;
    }
    if !blind.is_empty() {
        writeln!(out, "Rules that find no series at all: {}", blind.join(", "))?;
    }
    Ok(Outcome::Well)
}

fn headline(rule: &RuleExplanation) -> String {
    let RuleExplanation { name, group, kind, hold, explanation, .. } = rule;
    let count = explanation.elements();
    let holds = if count == 1 { "1 element".to_owned() } else { format!("{count} elements") };
    let verdict = match (kind, &explanation.error) {
        (_, Some(error)) => format!("fails: {error}"),
        (RuleKind::Recording, _) => format!("writes {count} series"),
        (_, _) if count == 0 => "does not fire: its condition holds for nothing".to_owned(),
        (_, _) if *hold == Duration::ZERO => format!("fires: its condition holds for {holds}"),
        (_, _) => {
            format!("is pending: its condition holds for {holds}, and must for {} s", hold.as_secs_f64())
        }
    };
    format!("{name} (group {group}) {verdict}")
}

/// `first` stands before the line of this part, `others` before all that follow.
fn tree(out: &mut impl Write, part: &Explanation, first: &str, others: &str) -> Result<(), Failure> {
    writeln!(out, "{first}{} => {}", part.expression.replace('\n', " "), answer(part))?;
    let inner = if part.parts.is_empty() { "    " } else { "|   " };
    for note in &part.notes {
        writeln!(out, "{others}{inner}{note}")?;
    }
    let last = part.parts.len().saturating_sub(1);
    for (place, child) in part.parts.iter().enumerate() {
        let (branch, below) = if place == last { ("`-- ", "    ") } else { ("|-- ", "|   ") };
        tree(out, child, &format!("{others}{branch}"), &format!("{others}{below}"))?;
    }
    Ok(())
}

fn answer(part: &Explanation) -> String {
    match (&part.answer, &part.error, part.series) {
        (_, Some(error), _) => format!("fails: {error}"),
        (Some(Answer::Scalar(value)), ..) => number(*value),
        (Some(Answer::Vector(vector)), ..) if vector.is_empty() => "nothing".to_owned(),
        (Some(Answer::Vector(vector)), ..) => {
            let shown: Vec<String> = vector
                .iter()
                .take(SHOWN)
                .map(|element| format!("{} {}", selector(&element.labels), number(element.value)))
                .collect();
            let more = vector.len().saturating_sub(SHOWN);
            let more = if more > 0 { format!(", and {more} more") } else { String::new() };
            format!("{}{more}", shown.join(", "))
        }
        (_, _, Some(series)) => format!("{series} series"),
        _ => "a range".to_owned(),
    }
}

fn rule_json(rule: &RuleExplanation) -> Value {
    json!({
        "name": rule.name,
        "group": rule.group,
        "type": if rule.kind == RuleKind::Recording { "recording" } else { "alerting" },
        "for": rule.hold.as_secs_f64(),
        "holds": rule.explanation.elements() > 0,
        "explanation": part_json(&rule.explanation),
    })
}

fn part_json(part: &Explanation) -> Value {
    let answer = match &part.answer {
        Some(Answer::Scalar(value)) => json!(number(*value)),
        Some(Answer::Vector(vector)) => vector
            .iter()
            .map(|element| json!({"metric": element.labels, "value": number(element.value)}))
            .collect(),
        _ => Value::Null,
    };
    json!({
        "expression": part.expression,
        "answer": answer,
        "error": part.error,
        "series": part.series,
        "notes": part.notes,
        "parts": part.parts.iter().map(part_json).collect::<Vec<_>>(),
    })
}
