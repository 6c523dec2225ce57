//! What the crate says it does not evaluate: native histograms, and what Prometheus 3 calls experimental. Told by what a case holds,
//! never by its file.

use ms_alerts::Compat;

use super::script::{Evaluation, Expected, Values};

/// Functions of native histograms alone.
const OF_HISTOGRAMS: [&str; 7] = [
    "histogram_avg",
    "histogram_count",
    "histogram_stddev",
    "histogram_stdvar",
    "histogram_sum",
    // These take classic ones into several series, by an experimental function.
    "histogram_quantiles",
    "histogram_trim",
];
/// Aggregations, modifiers and functions behind switches of version 3.
const EXPERIMENTAL: [&str; 24] = [
    "fill",
    "fill_left",
    "fill_right",
    "info",
    "limitk",
    "limit_ratio",
    "anchored",
    "smoothed",
    "mad_over_time",
    "sort_by_label",
    "sort_by_label_desc",
    "double_exponential_smoothing",
    "first_over_time",
    "ts_of_first_over_time",
    "ts_of_last_over_time",
    "ts_of_min_over_time",
    "ts_of_max_over_time",
    "start_timestamp",
    "integral",
    "min_of",
    "max_of",
    "step",
    "range",
    "max_range",
];
/// Functions that are not called where their word stands before a bracket, and those that keep names.
const NO_CALLS: [&str; 29] = [
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
    "bool",
    "and",
    "or",
    "unless",
    "sum",
    "avg",
    "min",
    "max",
    "count",
    "group",
    "stddev",
    "stdvar",
    "topk",
    "bottomk",
    "quantile",
    "count_values",
    "label_replace",
    "label_join",
    "last_over_time",
    "sort",
    "sort_desc",
    "vector",
    "scalar",
];

/// Gives why a case is out of scope, if it is. `others` are the names of the series that are loaded and no floats.
pub(super) fn of(evaluation: &Evaluation, others: &[String], compat: Compat) -> Option<&'static str> {
    let words = words(&evaluation.expression);
    let calls = |names: &[&str]| words.iter().any(|word| names.contains(&word.text) && word.is_called);
    if let Expected::Series(series) = &evaluation.expected
        && series.iter().any(|(_, values)| matches!(values, Values::Other))
    {
        return Some("the answer is a native histogram");
    }
    if calls(&OF_HISTOGRAMS) || ["</", ">/"].iter().any(|sign| evaluation.expression.contains(sign)) {
        return Some("a function or operator of native histograms");
    }
    let has_nameless = words.iter().any(|word| word.text == "{" && !word.is_behind_name);
    if words.iter().any(|word| others.iter().any(|name| name == word.text))
        || has_nameless && !others.is_empty()
    {
        return Some("it selects native histograms or beginnings of counters");
    }
    if compat != Compat::V3 {
        return None;
    }
    let is_experimental = |text: &str| EXPERIMENTAL.contains(&text);
    let is_modifier = |text: &str| matches!(text, "anchored" | "smoothed");
    if words.iter().any(|word| is_experimental(word.text) && (word.is_called || is_modifier(word.text))) {
        return Some("experimental in version 3");
    }
    let is_bound =
        |word: &Word<'_>| matches!(word.text, "start" | "end") && word.is_called && word.before != "@";
    if words.iter().any(is_bound) {
        return Some("`start()` and `end()` as numbers, experimental in version 3");
    }
    if has_duration_expression(&words) {
        return Some("a duration expression, experimental in version 3");
    }
    // The scripts of version 3 are written for names that go at the very end, which a server does behind a switch alone.
    let drops =
        words.iter().any(|word| word.is_called && is_name(word.text) && !NO_CALLS.contains(&word.text));
    let asks = words.iter().any(|word| word.text.trim_matches('"') == "__name__" && word.is_out_of_braces);
    (drops && (asks || has_nameless)).then_some("delayed removal of names, experimental in version 3")
}

#[derive(Debug)]
struct Word<'e> {
    text: &'e str,
    before: &'e str,
    /// An opening bracket is next.
    is_called: bool,
    is_behind_name: bool,
    is_out_of_braces: bool,
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// Arithmetic, or a call, where a duration stands.
fn has_duration_expression(words: &[Word<'_>]) -> bool {
    let mut depth = 0;
    for (place, word) in words.iter().enumerate() {
        match word.text {
            "[" => depth += 1,
            "]" => depth -= 1,
            "+" | "-" | "*" | "/" | "%" | "^" | "(" if depth > 0 => return true,
            "offset" if words.get(place + 1).is_some_and(|next| next.text == "(" || is_name(next.text)) => {
                return true;
            }
            "offset" => {
                let sign = words.get(place + 1).is_some_and(|next| matches!(next.text, "+" | "-"));
                let behind = &words[(place + 1 + usize::from(sign)).min(words.len())..];
                if behind.first().is_some_and(|next| next.text == "(" || is_name(next.text)) {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

fn words(expression: &str) -> Vec<Word<'_>> {
    let mut texts: Vec<&str> = Vec::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' | '\'' | '`' => {
                let mut escaped = false;
                let end = rest.char_indices().skip(1).find(|(_, c)| {
                    let is_end = *c == first && !escaped;
                    escaped = *c == '\\' && !escaped;
                    is_end
                });
                end.map_or(rest.len(), |(at, _)| at + 1)
            }
            c if c.is_alphanumeric() || matches!(c, '_' | ':' | '.') => rest
                .find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | ':' | '.'))
                .unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (text, behind) = rest.split_at(length);
        if !text.trim().is_empty() && !text.starts_with('#') {
            texts.push(text);
        }
        rest = behind;
    }
    let mut braces = 0;
    let mut words = Vec::new();
    for (place, text) in texts.iter().enumerate() {
        let before = place.checked_sub(1).map_or("", |before| texts[before]);
        braces += i32::from(*text == "{") - i32::from(*text == "}");
        words.push(Word {
            text,
            before,
            is_called: texts.get(place + 1) == Some(&"("),
            is_behind_name: is_name(before) && !matches!(before, "by" | "and" | "or" | "unless" | "bool"),
            is_out_of_braces: braces == 0,
        });
    }
    words
}
