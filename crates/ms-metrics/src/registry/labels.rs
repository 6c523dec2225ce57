//! The labels of a series, read from its text.

use super::kind::Kind;

pub(super) fn labels_of(name: &str, kind: Kind, text: &str) -> Vec<(String, String)> {
    match kind {
        Kind::Histogram | Kind::Summary => read_labels(text),
        Kind::Counter | Kind::Gauge => {
            let labels = text.strip_prefix(name).and_then(|rest| rest.strip_prefix('{')?.strip_suffix("} "));
            read_labels(labels.unwrap_or_default())
        }
    }
}

/// Reads what [`text::label`](crate::exposition::text::label) has written, with commas between.
///
/// The text is kept for the page; the labels beside it would double what a series costs.
fn read_labels(text: &str) -> Vec<(String, String)> {
    let mut labels = Vec::new();
    let mut rest = text;
    while let Some((name, quoted)) = rest.split_once("=\"") {
        let mut value = String::new();
        let mut letters = quoted.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '"' => break,
                '\\' => {
                    value.extend(letters.next().map(|escaped| if escaped == 'n' { '\n' } else { escaped }))
                }
                _ => value.push(letter),
            }
        }
        labels.push((name.trim_start_matches(',').to_owned(), value));
        rest = letters.as_str();
    }
    labels
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::exposition::text;
    use crate::guard::CheckedLabel;

    fn labels() -> impl Strategy<Value = Vec<(String, String)>> {
        let part =
            prop::sample::select(vec!["\\", "\n", "\"", "n", ",", "=", "{", "}", "} ", "=\"", "ş", "\r"]);
        let value = prop_oneof![prop::collection::vec(part, 1..9).prop_map(|parts| parts.concat()), "\\PC+"];
        prop::collection::vec(("[a-zA-Z_][a-zA-Z0-9_]{0,5}", value), 0..5)
    }

    proptest! {
        #[test]
        fn labels_read_back(labels in labels()) {
            let mut written = String::new();
            for (name, value) in &labels {
                if !written.is_empty() {
                    written.push(',');
                }
                let label = CheckedLabel::own(name, value);
                text::label(&mut written, &label.name, &label.value);
            }
            prop_assert_eq!(read_labels(&written), labels);
        }
    }
}
