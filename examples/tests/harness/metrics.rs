//! Prometheus text, read.

use std::collections::BTreeMap;

use super::Client;

/// The samples of one scrape, by `name{label="value",…}` with the labels in alphabetical order.
#[derive(Debug)]
pub struct Samples(BTreeMap<String, f64>);

impl Samples {
    pub fn of(client: &Client) -> Self {
        let answer = client.get("/metrics");
        assert_eq!(answer.status, 200);
        assert!(answer.header("content-type").starts_with("text/plain; version=0.0.4"), "{answer:?}");
        Self::read(answer.text())
    }

    pub fn read(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self(lines.map(sample).collect())
    }

    /// One value; the labels in any order.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.0.get(&series(name, &labels)).copied()
    }

    /// All series of a name.
    pub fn named<'a>(&'a self, name: &str) -> impl Iterator<Item = (&'a str, f64)> {
        let bare = name.to_owned();
        let of_name = move |series: &str| series.split('{').next() == Some(bare.as_str());
        self.0
            .iter()
            .filter(move |(series, _)| of_name(series))
            .map(|(series, value)| (series.as_str(), *value))
    }

    pub fn sum(&self, name: &str) -> f64 {
        self.named(name).map(|(_, value)| value).sum()
    }
}

fn sample(line: &str) -> (String, f64) {
    let (head, labels, rest) = match line.split_once('{') {
        Some((name, rest)) => {
            let (labels, rest) = labels(rest);
            (name, labels, rest)
        }
        None => {
            let (name, rest) = line.split_once(' ').expect("a value");
            (name, BTreeMap::new(), rest)
        }
    };
    let value = rest.split_whitespace().next().expect("a value");
    (series(head, &labels), value.parse().unwrap_or_else(|_| panic!("not a number: {line}")))
}

/// Reads `name="value",…}` and returns what follows.
fn labels(mut text: &str) -> (BTreeMap<String, String>, &str) {
    let mut labels = BTreeMap::new();
    loop {
        text = text.trim_start_matches(',');
        if let Some(rest) = text.strip_prefix('}') {
            return (labels, rest);
        }
        let (name, rest) = text.split_once("=\"").expect("a label");
        let (mut value, mut chars) = (String::new(), rest.char_indices());
        text = loop {
            match chars.next().expect("a closing quote") {
                (at, '"') => break &rest[at + 1..],
                (_, '\\') => match chars.next().expect("an escaped character").1 {
                    'n' => value.push('\n'),
                    other => value.push(other),
                },
                (_, other) => value.push(other),
            }
        };
        assert!(labels.insert(name.to_owned(), value).is_none(), "label {name} twice");
    }
}

fn series(name: &str, labels: &BTreeMap<String, String>) -> String {
    let labels: Vec<_> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    if labels.is_empty() { name.to_owned() } else { format!("{name}{{{}}}", labels.join(",")) }
}
