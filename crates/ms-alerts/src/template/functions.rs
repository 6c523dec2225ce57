//! The functions that a template may call, those of Go's templates and of Prometheus.

#[cfg(feature = "rules")]
use super::answer;
use super::value::{Failed, Value, moment};
use super::{compare, numbers, printf, style, words};
#[cfg(feature = "webhook")]
use super::{json, lists};

/// A function; its name is looked up when a template is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Function {
    pub(super) takes: Count,
    pub(super) call: Call,
}

/// How many arguments; as in Go they are counted when it is called.
#[derive(Debug, Clone, Copy)]
pub(super) struct Count {
    least: usize,
    most: usize,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Call {
    /// Gives the first argument that is as true as this, or the last one.
    Until(bool),
    With(Body),
    /// Evaluates an expression.
    #[cfg(feature = "rules")]
    Query,
}

type Body = for<'s> fn(&[Value<'s>]) -> Result<Value<'s>, Failed>;

const MANY: usize = usize::MAX;
/// Longer texts are nobody's, in bytes.
pub(super) const LONGEST: usize = 64 * 1024;

impl Count {
    pub(super) fn contains(self, count: usize) -> bool {
        (self.least..=self.most).contains(&count)
    }
}

/// Whose functions there are beside those of Go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Prometheus's.
    Rules,
    /// Alertmanager's.
    #[cfg(feature = "webhook")]
    Notifications,
}

impl Function {
    pub(super) fn named(name: &str, dialect: Dialect) -> Option<Self> {
        match dialect {
            Dialect::Rules => Self::of_rules(name),
            #[cfg(feature = "webhook")]
            Dialect::Notifications => Self::of_notifications(name),
        }
    }

    #[cfg(feature = "webhook")]
    fn of_notifications(name: &str) -> Option<Self> {
        const SHARED: [&str; 22] = [
            "and",
            "or",
            "not",
            "eq",
            "ne",
            "lt",
            "le",
            "gt",
            "ge",
            "len",
            "index",
            "print",
            "println",
            "printf",
            "html",
            "urlquery",
            "toUpper",
            "toLower",
            "title",
            "safeHtml",
            "reReplaceAll",
            "match",
        ];
        let (least, most, body): (_, _, Body) = match name {
            "join" => (2, 2, lists::join),
            "stringSlice" => (0, MANY, lists::texts),
            "toJson" => (1, 1, |values| json::of(first(values)).map(Value::Json)),
            "trimSpace" => (1, 1, |values| of_text(values, |text| text.trim().to_owned())),
            shared if SHARED.contains(&shared) => return Self::of_rules(shared),
            _ => return None,
        };
        Some(Self { takes: Count { least, most }, call: Call::With(body) })
    }

    fn of_rules(name: &str) -> Option<Self> {
        let function = |least, most, body: Body| Some((least, most, Call::With(body)));
        let (least, most, call) = match name {
            "and" => Some((1, MANY, Call::Until(false))),
            "or" => Some((1, MANY, Call::Until(true))),
            #[cfg(feature = "rules")]
            "query" => Some((1, 1, Call::Query)),
            #[cfg(feature = "rules")]
            "first" => function(1, 1, answer::first),
            #[cfg(feature = "rules")]
            "value" => function(1, 1, answer::value),
            #[cfg(feature = "rules")]
            "label" => function(2, 2, answer::label),
            #[cfg(feature = "rules")]
            "strvalue" => function(1, 1, answer::text_value),
            #[cfg(feature = "rules")]
            "sortByLabel" => function(2, 2, answer::sort_by_label),
            "not" => function(1, 1, |values| Ok(Value::Truth(!first(values).is_true()))),
            "eq" => function(2, MANY, compare::equal),
            "ne" => function(2, 2, compare::not_equal),
            "lt" => function(2, 2, compare::less),
            "le" => function(2, 2, compare::at_most),
            "gt" => function(2, 2, compare::greater),
            "ge" => function(2, 2, compare::at_least),
            "len" => function(1, 1, length),
            "index" => function(1, MANY, index),
            "print" => function(0, MANY, |values| print(values, false)),
            "println" => function(0, MANY, |values| print(values, true)),
            "printf" => function(1, MANY, |values| {
                let (format, values) = values.split_first().ok_or("no format")?;
                printf::printf(format.as_text()?, values).map(Value::text)
            }),
            "html" => {
                function(1, MANY, |values| joined(values).map(|text| Value::text(words::html_escape(&text))))
            }
            "urlquery" => {
                function(1, MANY, |values| joined(values).map(|text| Value::text(words::query_escape(&text))))
            }
            "toUpper" => function(1, 1, |values| of_text(values, words::upper)),
            "toLower" => function(1, 1, |values| of_text(values, words::lower)),
            "title" => function(1, 1, |values| of_text(values, words::title)),
            "stripPort" => {
                function(1, 1, |values| of_text(values, |text| words::strip_port(text).to_owned()))
            }
            "stripDomain" => function(1, 1, |values| of_text(values, words::strip_domain)),
            "safeHtml" => function(1, 1, |values| of_text(values, str::to_owned)),
            "graphLink" => function(1, 1, |values| of_text(values, |expr| link(expr, 0))),
            "tableLink" => function(1, 1, |values| of_text(values, table_link)),
            "humanize" => function(1, 1, |values| of_number(values, style::humanize)),
            "humanize1024" => function(1, 1, |values| of_number(values, style::humanize1024)),
            "humanizeDuration" => function(1, 1, |values| of_number(values, style::duration)),
            "humanizePercentage" => function(1, 1, |values| of_number(values, style::percentage)),
            "humanizeTimestamp" => function(1, 1, |values| {
                let number = numbers::float(first(values))?;
                Ok(Value::text(match numbers::moment(number)? {
                    Some(milliseconds) => moment(milliseconds)?,
                    None => crate::format::four_digits(number),
                }))
            }),
            "toTime" => function(1, 1, |values| {
                let number = numbers::float(first(values))?;
                numbers::moment(number)?.map(Value::Moment).ok_or_else(|| "value is NaN or Inf".to_owned())
            }),
            #[cfg(feature = "rules")]
            "parseDuration" => function(1, 1, |values| {
                let text = first(values).as_text()?;
                let duration = crate::rules_file::duration::parse(text);
                let seconds = duration.map(|duration| duration.as_secs_f64());
                seconds.map(Value::Number).ok_or_else(|| format!("not a valid duration string: {text:?}"))
            }),
            #[cfg(feature = "rules")]
            "reReplaceAll" => function(3, 3, |values| {
                let [pattern, replacement, text] = values else {
                    return Err("expected three texts".to_owned());
                };
                let (replacement, text) = (replacement.as_text()?, text.as_text()?);
                let regex = crate::promql::regex::compile_anywhere(pattern.as_text()?)?;
                // What is too long is not built at all.
                let mut length = 0;
                let replaced = regex.replace_all(text, |captures: &regex::Captures<'_>| {
                    if length > LONGEST {
                        return String::new();
                    }
                    let expanded = crate::promql::expand(replacement, captures);
                    length += expanded.len();
                    expanded
                });
                if length > LONGEST || replaced.len() > LONGEST {
                    return Err(format!("the text is longer than {LONGEST} bytes"));
                }
                Ok(Value::text(replaced.into_owned()))
            }),
            #[cfg(feature = "rules")]
            "match" => function(2, 2, |values| {
                let [pattern, text] = values else { return Err("expected two texts".to_owned()) };
                let regex = crate::promql::regex::compile_anywhere(pattern.as_text()?)?;
                Ok(Value::Truth(regex.is_match(text.as_text()?)))
            }),
            _ => None,
        }?;
        Some(Self { takes: Count { least, most }, call })
    }
}

fn first<'v, 's>(values: &'v [Value<'s>]) -> &'v Value<'s> {
    values.first().unwrap_or(&Value::Nothing)
}

fn of_text<'s>(values: &[Value<'s>], change: impl Fn(&str) -> String) -> Result<Value<'s>, Failed> {
    let text = change(first(values).as_text()?);
    if text.len() > LONGEST {
        return Err(format!("the text is longer than {LONGEST} bytes"));
    }
    Ok(Value::text(text))
}

fn of_number<'s>(values: &[Value<'s>], show: impl Fn(f64) -> String) -> Result<Value<'s>, Failed> {
    numbers::float(first(values)).map(|number| Value::text(show(number)))
}

fn length<'s>(values: &[Value<'s>]) -> Result<Value<'s>, Failed> {
    let length = match first(values) {
        Value::Text(text) => text.len(),
        Value::Labels(labels) => labels.len(),
        Value::Answer(series) => series.len(),
        Value::List(list) => list.len(),
        other => return Err(format!("len of type {}", other.kind())),
    };
    Ok(Value::Integer(i64::try_from(length).unwrap_or(i64::MAX)))
}

fn index<'s>(values: &[Value<'s>]) -> Result<Value<'s>, Failed> {
    match values {
        [only] => Ok(only.clone()),
        [Value::Labels(labels), key] => {
            Ok(Value::text(labels.get(key.as_text()?).cloned().unwrap_or_default()))
        }
        [Value::Text(text), Value::Integer(at)] => {
            let byte = usize::try_from(*at).ok().and_then(|at| text.as_bytes().get(at));
            byte.map(|byte| Value::Integer(i64::from(*byte)))
                .ok_or_else(|| format!("index out of range: {at}"))
        }
        [Value::Answer(series), Value::Integer(at)] => {
            let found = usize::try_from(*at).ok().and_then(|at| series.get(at));
            found.cloned().map(Value::Series).ok_or_else(|| format!("index out of range: {at}"))
        }
        [Value::List(list), Value::Integer(at)] => {
            let found = usize::try_from(*at).ok().and_then(|at| list.get(at));
            found.cloned().ok_or_else(|| format!("index out of range: {at}"))
        }
        [of, ..] => Err(format!("can't index item of type {}", of.kind())),
        [] => Err("index of nothing".to_owned()),
    }
}

/// As Go's `Sprint`, which puts a space where neither neighbour is a text, or `Sprintln`.
fn print<'s>(values: &[Value<'s>], is_line: bool) -> Result<Value<'s>, Failed> {
    let mut out = String::new();
    let mut before: Option<&Value<'s>> = None;
    for value in values {
        let are_texts = |before: &Value<'s>| [before, value].iter().any(|one| matches!(one, Value::Text(_)));
        if before.is_some_and(|before| is_line || !are_texts(before)) {
            out.push(' ');
        }
        out.push_str(&value.plain()?);
        before = Some(value);
    }
    if is_line {
        out.push('\n');
    }
    if out.len() > LONGEST {
        return Err(format!("the text is longer than {LONGEST} bytes"));
    }
    Ok(Value::text(out))
}

fn joined(values: &[Value<'_>]) -> Result<String, Failed> {
    print(values, false)?.plain()
}

pub(super) fn table_link(expression: &str) -> String {
    link(expression, 1)
}

fn link(expression: &str, tab: u8) -> String {
    format!("/graph?g0.expr={}&g0.tab={tab}", words::query_escape(expression))
}
