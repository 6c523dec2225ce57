//! A reader of pages that shares nothing with what writes them.

use std::collections::{BTreeMap, HashSet};

use metrics::{Key, Label, Level, Metadata};

pub const METADATA: Metadata<'static> = Metadata::new("fuzz", Level::INFO, None);

#[derive(Debug)]
pub struct Sample {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: String,
}

pub fn key(name: &str, labels: &[(String, String)]) -> Key {
    let labels: Vec<_> = labels.iter().map(|(name, value)| Label::new(name.clone(), value.clone())).collect();
    Key::from_parts(name.to_owned(), labels)
}

/// Reads a page of text 0.0.4 or OpenMetrics without exemplars; panics at what neither format allows.
pub fn read(page: &str) -> Vec<Sample> {
    let page = page.strip_suffix("# EOF\n").unwrap_or(page);
    assert!(page.is_empty() || page.ends_with('\n'));
    let (mut samples, mut seen, mut types) = (Vec::new(), HashSet::new(), HashSet::new());
    let mut current = String::new();
    for line in page.split_terminator('\n') {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.splitn(3, ' ');
            let (word, name) = (words.next().expect("a word"), words.next().expect("a name"));
            assert!(["HELP", "TYPE", "UNIT"].contains(&word), "{line}");
            if word == "TYPE" {
                assert!(types.insert(name.to_owned()), "two types of {name}");
                current = name.to_owned();
            }
            continue;
        }
        let sample = sample(line);
        let suffix = sample.name.strip_prefix(&current).unwrap_or_else(|| panic!("{line} in {current}"));
        assert!(["", "_total", "_bucket", "_sum", "_count"].contains(&suffix), "{line} in {current}");
        assert!(seen.insert((sample.name.clone(), sample.labels.clone())), "two lines of one series: {line}");
        samples.push(sample);
    }
    samples
}

fn sample(line: &str) -> Sample {
    let end = line.find(['{', ' ']).expect("a name ends");
    let (name, mut rest) = line.split_at(end);
    assert!(is_name(name, true), "{line}");
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        while !rest.starts_with('}') {
            let (label, quoted) = rest.split_once("=\"").expect("a label");
            assert!(is_name(label, false), "{line}");
            let (value, after) = unescaped(quoted);
            assert!(!value.is_empty(), "an empty label is none: {line}");
            assert!(labels.insert(label.to_owned(), value).is_none(), "a label twice: {line}");
            rest = after.strip_prefix(',').unwrap_or(after);
            assert!(after.starts_with([',', '}']), "{line}");
        }
        rest = &rest[1..];
    }
    let value = rest.strip_prefix(' ').expect("a blank before the value");
    assert!(value.parse::<f64>().is_ok() || ["+Inf", "-Inf", "NaN"].contains(&value), "{line}");
    Sample { name: name.to_owned(), labels, value: value.to_owned() }
}

fn unescaped(quoted: &str) -> (String, &str) {
    let (mut value, mut letters) = (String::new(), quoted.chars());
    loop {
        match letters.next().expect("a closing quote") {
            '"' => return (value, letters.as_str()),
            '\\' => value.push(match letters.next() {
                Some('n') => '\n',
                Some(letter @ ('"' | '\\')) => letter,
                other => panic!("escaped: {other:?}"),
            }),
            letter => value.push(letter),
        }
    }
}

fn is_name(name: &str, colons: bool) -> bool {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || (colons && letter == ':');
    !name.is_empty() && !name.starts_with(|first: char| first.is_ascii_digit()) && name.chars().all(fits)
}
