//! Requests by endpoint, out of the text that Prometheus would read.

use std::collections::BTreeMap;

/// How the requests to one endpoint ended.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Answers {
    pub(super) good: f64,
    /// The client's fault, 4xx.
    pub(super) refused: f64,
    /// Ours, 5xx.
    pub(super) failed: f64,
}

/// Adds up `http_requests_total` by endpoint and method.
pub(super) fn by_endpoint(exposition: &str) -> BTreeMap<(String, String), Answers> {
    let mut found = BTreeMap::new();
    for (labels, value) in exposition.lines().filter_map(|line| sample(line, "http_requests_total")) {
        let label = |name: &str| labels.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
        let key = (label("endpoint").unwrap_or_default(), label("method").unwrap_or_default());
        let answers: &mut Answers = found.entry(key).or_default();
        match label("status").unwrap_or_default().bytes().next() {
            Some(b'4') => answers.refused += value,
            Some(b'5') => answers.failed += value,
            _ => answers.good += value,
        }
    }
    found
}

/// The value of a metric without labels.
pub(super) fn gauge(exposition: &str, name: &str) -> Option<f64> {
    exposition.lines().find_map(|line| sample(line, name)).map(|(_, value)| value)
}

type Labels<'t> = Vec<(&'t str, String)>;

fn sample<'t>(line: &'t str, name: &str) -> Option<(Labels<'t>, f64)> {
    let mut rest = line.strip_prefix(name)?;
    let mut labels = Vec::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        while !rest.starts_with('}') {
            let (key, quoted) = rest.split_once("=\"")?;
            let (value, after) = unquote(quoted)?;
            labels.push((key, value));
            rest = after.strip_prefix(',').unwrap_or(after);
        }
        rest = rest.strip_prefix('}')?;
    }
    // A longer name goes on here; a sample has a space.
    let value = rest.strip_prefix(' ')?.split(' ').next()?;
    Some((labels, value.parse().ok()?))
}

/// Reads up to the closing quote; returns what stands behind it, too.
fn unquote(text: &str) -> Option<(String, &str)> {
    let (mut value, mut characters) = (String::new(), text.char_indices());
    loop {
        match characters.next()? {
            (end, '"') => return Some((value, text.get(end + 1..)?)),
            (_, '\\') => value.push(match characters.next()?.1 {
                'n' => '\n',
                other => other,
            }),
            (_, other) => value.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_added_up_by_kind() {
        let text = "# TYPE http_requests_total counter\n\
            http_requests_total{method=\"GET\",endpoint=\"/a\",status=\"200\"} 3\n\
            http_requests_total{method=\"GET\",endpoint=\"/a\",status=\"304\"} 1\n\
            http_requests_total{status=\"404\",method=\"GET\",endpoint=\"/a\",} 2 1700000000\n\
            http_requests_total{method=\"PUT\",endpoint=\"x\\\"}\\\\\\ny\",status=\"503\"} 5e0\n\
            http_requests_total_more{method=\"GET\"} 9\n\
            active_users_total 7\n";
        let found: Vec<_> = by_endpoint(text).into_iter().collect();
        let key = |endpoint: &str, method: &str| (endpoint.to_owned(), method.to_owned());
        assert_eq!(
            found,
            [
                (key("/a", "GET"), Answers { good: 4.0, refused: 2.0, failed: 0.0 }),
                (key("x\"}\\\ny", "PUT"), Answers { good: 0.0, refused: 0.0, failed: 5.0 }),
            ]
        );
        assert_eq!(gauge(text, "active_users_total"), Some(7.0));
        assert_eq!(gauge(text, "active_users"), None);
    }
}
