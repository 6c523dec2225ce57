//! Samples, out of the text that Prometheus would read.

/// A line of the exposition.
#[derive(Debug)]
pub(super) struct Sample<'t> {
    pub(super) name: &'t str,
    labels: Vec<(&'t str, String)>,
    pub(super) value: f64,
}

impl Sample<'_> {
    /// The value of a label; empty if there is none, as Prometheus has it.
    pub(super) fn label(&self, name: &str) -> &str {
        self.labels.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value)
    }
}

/// Reads the samples whose names `wanted` takes.
pub(super) fn samples<'t>(
    exposition: &'t str,
    wanted: impl Fn(&str) -> bool + 't,
) -> impl Iterator<Item = Sample<'t>> {
    exposition.lines().filter_map(move |line| sample(line, &wanted))
}

fn sample<'t>(line: &'t str, wanted: &impl Fn(&str) -> bool) -> Option<Sample<'t>> {
    let (name, mut rest) = line.split_at(line.find(['{', ' '])?);
    if !wanted(name) {
        return None;
    }
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
    let value = rest.strip_prefix(' ')?.split(' ').next()?;
    Some(Sample { name, labels, value: value.parse().ok()? })
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
    fn samples_are_read_with_their_labels() {
        let text = "# TYPE a_total counter\n\
            a_total{method=\"GET\",endpoint=\"/a\"} 3\n\
            a_total{endpoint=\"x\\\"}\\\\\\ny\",} 5e0 1700000000\n\
            a_total_more{method=\"GET\"} 9\n\
            b 7\n\
            b{broken=\"} 7\n\
            c NaN\n";
        let read: Vec<_> = samples(text, |name| name != "c")
            .map(|sample| (sample.name, sample.label("endpoint").to_owned(), sample.value))
            .collect();
        assert_eq!(
            read,
            [
                ("a_total", "/a".to_owned(), 3.0),
                ("a_total", "x\"}\\\ny".to_owned(), 5.0),
                ("a_total_more", String::new(), 9.0),
                ("b", String::new(), 7.0),
            ]
        );
        assert!(samples(text, |name| name == "c").all(|sample| sample.value.is_nan()));
    }
}
