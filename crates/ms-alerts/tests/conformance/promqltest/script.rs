//! Prometheus's own test scripts; `promql/promqltest/README.md` of its source tells their language.

use std::collections::BTreeMap;

/// Labels, the metric's name among them.
pub(super) type Series = BTreeMap<String, String>;

#[derive(Debug)]
pub(super) enum Command {
    Clear,
    /// Samples, one a step from 0 on.
    Load {
        step: i64,
        series: Vec<(Series, Values)>,
    },
    Evaluate(Evaluation),
}

#[derive(Debug)]
pub(super) enum Values {
    Floats(Vec<Sample>),
    /// Native histograms, or beginnings of counters: no floats.
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Sample {
    Missing,
    Stale,
    Value(f64),
}

#[derive(Debug)]
pub(super) struct Evaluation {
    pub(super) line: usize,
    pub(super) expression: String,
    pub(super) when: When,
    pub(super) fails: bool,
    pub(super) ordered: bool,
    pub(super) expected: Expected,
}

/// In milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) enum When {
    Instant(i64),
    Range { start: i64, end: i64, step: i64 },
}

#[derive(Debug)]
pub(super) enum Expected {
    Scalar(f64),
    Text,
    Series(Vec<(Series, Values)>),
}

pub(super) fn parse(text: &str) -> Vec<Command> {
    let mut lines = text.lines().enumerate().peekable();
    let mut commands = Vec::new();
    while let Some((number, line)) = lines.next() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let mut block = Vec::new();
        while let Some((_, next)) =
            lines.next_if(|(_, next)| next.starts_with([' ', '\t']) && !next.trim().is_empty())
        {
            let next = next.trim();
            if !next.starts_with('#') {
                block.push(next);
            }
        }
        commands.push(match line.split_whitespace().next().unwrap() {
            "clear" => Command::Clear,
            "load" => Command::Load {
                step: duration(line.split_whitespace().nth(1).unwrap()),
                series: block.into_iter().map(series).collect(),
            },
            word if word.starts_with("eval") => Command::Evaluate(evaluation(number + 1, line, &block)),
            word => panic!("line {}: {word}", number + 1),
        });
    }
    commands
}

fn evaluation(line: usize, head: &str, block: &[&str]) -> Evaluation {
    let (command, rest) = head.split_once(char::is_whitespace).unwrap();
    let rest = rest.trim_start();
    let mut words = rest.split_whitespace();
    let (count, when) = match words.next().unwrap() {
        "instant" => (3, When::Instant(duration(words.nth(1).unwrap()))),
        _ => {
            let start = duration(words.nth(1).unwrap());
            let end = duration(words.nth(1).unwrap());
            (7, When::Range { start, end, step: duration(words.nth(1).unwrap()) })
        }
    };
    let mut expression = rest;
    for _ in 0..count {
        expression = expression.split_once(char::is_whitespace).unwrap().1.trim_start();
    }
    let expects = |what: &str| block.iter().any(|line| line.starts_with(what));
    let is_result = |line: &&&str| !line.starts_with("expect") && !line.starts_with("expected_fail");
    let results: Vec<&str> = block.iter().filter(is_result).copied().collect();
    let expected = match results[..] {
        [only] if number(only).is_some() => Expected::Scalar(number(only).unwrap()),
        _ if expects("expect string") || results.iter().any(|line| line.starts_with(['"', '\'', '`'])) => {
            Expected::Text
        }
        _ => Expected::Series(results.iter().map(|line| series(line)).collect()),
    };
    Evaluation {
        line,
        expression: expression.trim().to_owned(),
        when,
        fails: command == "eval_fail" || expects("expect fail"),
        ordered: command == "eval_ordered" || expects("expect ordered"),
        expected,
    }
}

/// `metric{label="value"} 1 2+1x3`.
fn series(line: &str) -> (Series, Values) {
    let (labels, mut rest) = labels(line);
    if let Some(behind) = rest.strip_prefix("@st") {
        rest = behind;
        assert!(!rest.is_empty());
        return (labels, Values::Other);
    }
    if rest.contains("{{") {
        return (labels, Values::Other);
    }
    (labels, Values::Floats(rest.split_whitespace().flat_map(values).collect()))
}

/// Gives the labels, and what is behind them.
pub(super) fn labels(line: &str) -> (Series, &str) {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '.');
    let end = line.find(|c| !is_name(c)).unwrap_or(line.len());
    let (name, mut rest) = line.split_at(end);
    let mut labels = Series::new();
    if !name.is_empty() {
        labels.insert("__name__".to_owned(), name.to_owned());
    }
    let Some(inner) = rest.strip_prefix('{') else { return (labels, rest) };
    rest = inner.trim_start();
    while !rest.starts_with('}') {
        let name;
        if rest.starts_with('"') {
            (name, rest) = string(rest);
            // A metric's name in quotes stands alone.
            if !rest.trim_start().starts_with('=') {
                labels.insert("__name__".to_owned(), name);
                rest = rest.trim_start().trim_start_matches(',').trim_start();
                continue;
            }
        } else {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap();
            name = rest[..end].to_owned();
            rest = &rest[end..];
        }
        let value;
        (value, rest) = string(rest.trim_start().strip_prefix('=').unwrap().trim_start());
        labels.insert(name, value);
        rest = rest.trim_start().trim_start_matches(',').trim_start();
    }
    (labels.into_iter().filter(|(_, value)| !value.is_empty()).collect(), &rest[1..])
}

fn string(text: &str) -> (String, &str) {
    let quote = text.chars().next().unwrap();
    let mut value = String::new();
    let mut characters = text[1..].char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            _ if character == quote => return (value, &text[at + 2..]),
            '\\' if quote != '`' => match characters.next().unwrap().1 {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                other => value.push(other),
            },
            plain => value.push(plain),
        }
    }
    panic!("{text} has no end")
}

/// `1`, `_`, `stale`, `_x3`, `1x3`, `1+2x3`, `1-2x3`.
fn values(word: &str) -> Vec<Sample> {
    if word == "stale" {
        return vec![Sample::Stale];
    }
    if let Some(value) = number(word) {
        return vec![Sample::Value(value)];
    }
    if let Some(times) = word.strip_prefix('_') {
        let count = times.strip_prefix('x').map_or(1, |times| times.parse().unwrap());
        return vec![Sample::Missing; count];
    }
    let (formula, times) = word.rsplit_once('x').unwrap_or_else(|| panic!("{word}"));
    let times: usize = times.parse().unwrap();
    // The sign that is neither the first nor that of an exponent.
    let split = formula.char_indices().skip(1).find(|(at, sign)| {
        matches!(sign, '+' | '-')
            && !formula[..*at].ends_with(['e', 'E'])
            && number(&formula[..*at]).is_some()
    });
    let (first, step) = match split {
        Some((at, _)) => (number(&formula[..at]).unwrap(), number(&formula[at..]).unwrap()),
        None => (number(formula).unwrap_or_else(|| panic!("{word}")), 0.0),
    };
    let mut value = first;
    let mut all = Vec::new();
    for _ in 0..=times {
        all.push(Sample::Value(value));
        value += step;
    }
    all
}

pub(super) fn number(text: &str) -> Option<f64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    if matches!(lower.as_str(), "inf" | "nan") || lower.starts_with(|c: char| c.is_ascii_digit() || c == '.')
    {
        return lower.parse::<f64>().ok().map(|value| sign * value);
    }
    None
}

/// Of a script: `5m`, `10s53ms`, or a number of seconds.
fn duration(text: &str) -> i64 {
    if let Some(seconds) = number(text) {
        return (seconds * 1000.0).round() as i64;
    }
    let (sign, mut rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let mut total = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or_else(|| panic!("{text}"));
        let behind = &rest[end..];
        let unit = behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len());
        let milliseconds = match &behind[..unit] {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 7 * 86_400_000,
            "y" => 365 * 86_400_000,
            other => panic!("{other} in {text}"),
        };
        total += rest[..end].parse::<i64>().unwrap() * milliseconds;
        rest = &behind[unit..];
    }
    sign * total
}
