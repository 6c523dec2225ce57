use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Vec<String> {
    parse_exposition(text).unwrap().iter().map(|sample| format!("{sample:?}")).collect()
}

fn refused(text: &str) -> String {
    parse_exposition(text).map(|samples| format!("{samples:?}")).unwrap_err().to_string()
}

#[test]
fn names_labels_values_and_time_stamps_are_read() {
    let text = "# HELP a help\n# TYPE a counter\na 1\nb:c{x=\"1\" , y = \"\",z=\"q\\\"\\\\\\n\\t\",} +Inf 12\n\nd{}NaN";
    let samples = parse_exposition(text).unwrap();
    let rows: Vec<_> =
        samples.iter().map(|row| (row.name(), row.labels().collect::<Vec<_>>(), row.timestamp())).collect();
    assert_eq!(
        rows,
        [("a", vec![], None), ("b:c", vec![("x", "1"), ("z", "q\"\\\n\\t")], Some(12)), ("d", vec![], None),]
    );
    assert!(samples.named("d").next().unwrap().value().is_nan());
    assert_eq!(samples.named("e").count(), 0);
}

#[test]
fn what_a_server_accepts_is_accepted_however_odd() {
    for text in [
        "",
        "\n\n",
        "# anything at all {",
        "#TYPE a nonsense\n",
        "# TYPE\n",
        "# HELP a-b c\n",
        "# HELP a\n",
        "a+1\n",
        "a{b=\"1\"c=\"2\"} 1\n",
        "a{b=\"1\",} 1\n",
        "a{b=\"x\ny\"} 1\n",
        "a{b=\"1\",b=\"2\",b=\"\"} 1\n",
        "a\t{ b\t=\t\"1\" }\t1\t2\n",
        "# TYPE a summary",
        " \na 1\n \t# HELP a b\n",
        "a 1\n\0b x",
        "#\0\nb x",
        "# \0\nb x",
        "# x\0\na 1",
        "# HELP a \0",
        "# HE\0LP a-b\n",
        "a{b= \0\"\0\"\0} 1",
    ] {
        assert!(parse_exposition(text).is_ok(), "{text:?}: {}", refused(text));
    }
}

#[test]
fn what_a_server_refuses_is_refused_with_its_line() {
    for (text, line, why) in [
        ("a 1\nb\n", 2, "expected a value"),
        ("a 1 2 3", 1, "expected the end of the line"),
        ("a 1 x", 1, "expected a time stamp or the end of the line"),
        ("a 1 99999999999999999999\nb 1", 1, "invalid time stamp"),
        ("\n\na one\n", 3, "invalid number \"one\""),
        ("a{b} 1", 1, "expected `=`"),
        ("a{b=1} 1", 1, "expected a label value"),
        ("a{,} 1", 1, "expected a label name"),
        ("a{b=\"1\",,c=\"2\"} 1", 1, "expected a label name"),
        ("a{b=\"1} 1\n", 1, "expected a closing double quote"),
        ("a{b:c=\"1\"} 1", 1, "expected `=`"),
        ("a{b=\"1\",b=\"2\"} 1", 1, "label \"b\" is not unique"),
        ("a{__name__=\"b\"} 1", 1, "label \"__name__\" is not unique"),
        ("a{b=\"1\"\n} 1", 1, "expected a label name or `}`"),
        ("# TYPE a info\n", 1, "invalid metric type \"info\""),
        ("# HELP aü\n", 1, "a help text is not UTF-8"),
        ("a{__name__=\"\"} 1\n", 1, "expected a name that is not empty"),
        ("# TYPE 1a counter\n", 1, "expected a metric name"),
        ("1a 1\n", 1, "expected a metric name"),
        ("b 1\n\n a 1\n", 3, "expected no blank before a metric name"),
        ("# HELP a\0\n", 1, "expected a blank behind the metric name"),
        ("# HE\0LP 1a\n", 1, "expected a metric name"),
        ("# TYPE a\0counter\n", 1, "expected a blank behind the metric name"),
        ("a{b=\0\"1\"} 1", 1, "expected a label value"),
        ("a{b=\"\\\0\"} 1", 1, "expected a closing double quote"),
        ("a\0 1", 1, "invalid number"),
        ("a 1\0", 1, "invalid number"),
        ("ä 1\n", 1, "expected a metric name"),
        ("a 1\n{} 2", 2, "expected a metric name"),
        ("a{b=\"1\"}{c=\"2\"} 1", 1, "expected a value"),
    ] {
        let error = refused(text);
        assert!(error.starts_with(&format!("line {line}: ")) && error.contains(why), "{text:?}: {error}");
    }
}

#[test]
fn an_empty_value_takes_away_every_label_of_its_name() {
    assert_eq!(read("x{c=\"\"} 1\na{b=\"1\",c=\"2\",b=\"\"} 1\n"), ["x{} 1.0", "a{\"c\": \"2\"} 1.0"]);
}

#[test]
fn one_of_very_many_labels_is_found_twice() {
    let labels: Vec<_> = (0..200_000).map(|number| format!("l{number}=\"x\"")).collect();
    let text = |last: &str| format!("a{{{},{last}=\"x\"}} 1", labels.join(","));
    assert_eq!(parse_exposition(&text("m")).unwrap().iter().next().unwrap().labels().count(), 200_001);
    assert!(refused(&text("l77777")).contains("\"l77777\" is not unique"));
}

#[test]
fn a_nul_behind_a_value_moves_its_end_as_on_a_server() {
    assert_eq!(read("a{b=\"1\"\0\0} 1"), ["a{\"b\": \"1\\\"\\0\"} 1.0"]);
}

#[test]
fn bytes_that_are_no_text_are_allowed_in_comments_alone() {
    for (bytes, accepted) in [
        (&b"# \xff\na 1\n"[..], true),
        (b"#\xff\na{b=\"\xc3\xbc\"} 1\n", true),
        (b"a{b=\"\xff\"} 1\n", false),
        (b"a{b=\"\\\xff\"} 1\n", false),
        (b"# HELP a \xff\n", false),
        (b"# HELP a\xff\n", true),
        (b"# TYPE a \xff\n", false),
        (b"a \xff\n", false),
        (b"a\xff 1\n", false),
        (b"\xff", false),
    ] {
        let samples = parse_exposition_bytes(bytes);
        assert_eq!(samples.is_ok(), accepted, "{:?}: {samples:?}", bytes.escape_ascii().to_string());
    }
}

fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// A sample as a well-behaved exporter writes it.
fn line(name: &str, labels: &[(String, String)], value: f64, timestamp: Option<i64>) -> String {
    let pairs: Vec<_> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escape(value))).collect();
    let stamp = timestamp.map(|at| format!(" {at}")).unwrap_or_default();
    format!("{name}{{{}}} {value:?}{stamp}\n", pairs.join(","))
}

proptest! {
    #[test]
    fn what_was_written_is_read_back(
        name in "[a-zA-Z_:][a-zA-Z0-9_:]{0,9}",
        labels in prop::collection::btree_map("[a-zA-Z][a-zA-Z0-9_]{0,5}", ".{1,9}|[\"\\\\\n ]{1,4}", 0..5),
        value in prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::SUBNORMAL,
        timestamp in prop::option::of(0..i64::MAX),
    ) {
        let labels: Vec<(String, String)> = labels.into_iter().collect();
        let text = line(&name, &labels, value, timestamp);
        let samples = parse_exposition(&text).unwrap();
        let sample = samples.named(&name).next().unwrap();
        let read: Vec<_> = sample.labels().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        prop_assert_eq!(read, labels);
        prop_assert_eq!(sample.value().to_bits(), value.to_bits());
        prop_assert_eq!(sample.timestamp(), timestamp);
    }

    #[test]
    fn any_text_is_read_or_refused_with_a_line_that_exists(text in any::<String>()) {
        if let Err(error) = parse_exposition(&text) {
            prop_assert!(error.line() <= 1 + text.matches('\n').count());
        }
    }

    #[test]
    fn a_damaged_exposition_does_no_harm(cut in 0..70_usize, put in "[ -~\n]{0,4}", at in 0..70_usize) {
        let mut text = "# TYPE a counter\na{b=\"c\\\\d\",e=\"f\"} 1.5 7\na_total 2\n# HELP a x\n".to_owned();
        text.truncate(text.len() - cut.min(text.len()));
        text.insert_str(at.min(text.len()), &put);
        let lines = 1 + text.matches('\n').count();
        match parse_exposition(&text) {
            Ok(samples) => prop_assert!(samples.len() <= lines),
            Err(error) => prop_assert!((1..=lines).contains(&error.line())),
        }
    }
}

#[test]
fn samples_of_one_name_are_found_wherever_they_stand() {
    let samples = parse_exposition("a{x=\"1\"} 1\nb 2\na{x=\"2\"} 3\n").unwrap();
    assert_eq!(samples.named("a").map(|sample| sample.value()).collect::<Vec<_>>(), [1.0, 3.0]);
    let other = parse_exposition("c{y=\"1\"} 4\na{x=\"3\"} 5\n").unwrap();
    let joined = Samples::joined([samples, other]);
    assert_eq!(joined.named("a").map(|sample| sample.value()).collect::<Vec<_>>(), [1.0, 3.0, 5.0]);
    assert_eq!(joined.named("c").next().unwrap().labels().collect::<Vec<_>>(), [("y", "1")]);
    assert_eq!(read("a 1\n"), ["a{} 1.0"]);
}

proptest! {
    /// What a line is read as does not depend on the one before it.
    #[test]
    fn a_line_is_read_as_if_it_were_alone(
        lines in prop::collection::vec(
            prop::sample::select(vec![
                "a{b=\"1\",c=\"2\"} 1", "a{b=\"1\",c=\"\"} 1", "a{b=\"\",c=\"2\"} 1", "a{c=\"2\",b=\"1\"} 1", "a{b=\"1\",b=\"2\"} 1",
                "a{b=\"\",b=\"\"} 1", "a{b=\"1\"} 1", "a 1", "ab{b=\"1\"} 1", "a{bb=\"1\"} 2", "a{b =\"1\"} 1", "a{b=\"1\" c=\"2\"} 1",
                "a{b=\"1\",} 1", "# TYPE a gauge", "a{b=\"\\n\"} 1", "a{b=\"1\",c=\"2\",d=\"3\"} 1 5", "a{b=\"1\",c=\"2\",c=\"3\"} 1",
                "a{} 1", "a{b=\"1\",c=2} 1", "a:{b=\"1\"} 1", "a\t1", "a{__name__=\"b\"} 1", "a{b=\"1\",c=\"2\"}", "",
            ]),
            0..8,
        ),
    ) {
        let shown = |text: &str| -> Result<Vec<String>, String> {
            let samples = parse_exposition(text).map_err(|error| error.problem.to_string())?;
            let shown = |sample: crate::samples::Sample<'_>| {
                let labels: Vec<_> = sample.labels().collect();
                format!("{} {labels:?} {} {:?}", sample.name(), sample.value(), sample.timestamp())
            };
            Ok(samples.iter().map(shown).collect())
        };
        let alone: Result<Vec<Vec<String>>, String> = lines.iter().map(|line| shown(&format!("{line}\n"))).collect();
        let together = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        prop_assert_eq!(shown(&together), alone.map(|lines| lines.concat()));
    }
}
