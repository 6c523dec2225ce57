//! How Prometheus text 0.0.4 is written.

/// Integers up to here are exact, and shorter without a fraction.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Writes a label as `name="value"`.
pub(crate) fn label(page: &mut String, name: &str, value: &str) {
    page.push_str(name);
    page.push_str("=\"");
    escape(page, value, true);
    page.push('"');
}

/// Writes the lines that stand once before all series of a metric.
pub(crate) fn header(page: &mut String, name: &str, kind: &str, help: Option<&str>) {
    if let Some(help) = help {
        page.push_str("# HELP ");
        page.push_str(name);
        page.push(' ');
        escape(page, help, false);
        page.push('\n');
    }
    page.push_str("# TYPE ");
    page.push_str(name);
    page.push(' ');
    page.push_str(kind);
    page.push('\n');
}

pub(super) fn escape(page: &mut String, text: &str, quotes: bool) {
    for letter in text.chars() {
        match letter {
            '\\' => page.push_str("\\\\"),
            '\n' => page.push_str("\\n"),
            '"' if quotes => page.push_str("\\\""),
            _ => page.push(letter),
        }
    }
}

pub(crate) fn integer(page: &mut String, value: u64) {
    page.push_str(itoa::Buffer::new().format(value));
}

/// Writes the shortest text that reads back as `value`.
pub(crate) fn float(page: &mut String, value: f64) {
    if value.is_nan() {
        page.push_str("NaN");
    } else if value.is_infinite() {
        page.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
    } else if value == 0.0 {
        page.push_str(if value.is_sign_negative() { "-0" } else { "0" });
    } else if value.trunc() == value && value.abs() < EXACT {
        page.push_str(itoa::Buffer::new().format(value as i64));
    } else {
        page.push_str(zmij::Buffer::new().format_finite(value));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(value: f64) -> String {
        let mut page = String::new();
        float(&mut page, value);
        page
    }

    #[test]
    fn numbers_have_the_forms_of_the_format() {
        for (value, text) in [
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (0.0, "0"),
            (-0.0, "-0"),
            (-17.0, "-17"),
            (0.1, "0.1"),
            (1_048_576.0, "1048576"),
        ] {
            assert_eq!(written(value), text);
        }
    }

    #[test]
    fn help_keeps_its_quotes_and_loses_its_line_ends() {
        let mut page = String::new();
        header(&mut page, "m", "gauge", Some("a \"b\"\n\\n"));
        assert_eq!(page, "# HELP m a \"b\"\\n\\\\n\n# TYPE m gauge\n");
    }

    proptest! {
        #[test]
        fn every_number_reads_back_to_the_last_bit(bits: u64) {
            let value = f64::from_bits(bits);
            let back: f64 = written(value).parse().unwrap();
            prop_assert!(back.to_bits() == bits || value.is_nan() && back.is_nan());
        }
    }
}
