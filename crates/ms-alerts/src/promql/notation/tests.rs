use super::*;

fn read(text: &str) -> Result<Vec<Step>, (usize, String)> {
    series(text, Compat::V3).map(|(_, steps)| steps).map_err(|refused| (refused.at, refused.message))
}

fn values(text: &str) -> Vec<f64> {
    let number = |step: &Step| match step {
        Step::Value(value) => *value,
        Step::Missing => -1000.0,
        Step::Stale => -2000.0,
    };
    read(&format!("m {text}")).unwrap().iter().map(number).collect()
}

#[test]
fn values_are_repeated_and_counted_on() {
    const GAP: f64 = -1000.0;
    for (text, expected) in [
        ("", &[][..]),
        ("1  2\t3 ", &[1.0, 2.0, 3.0]),
        ("1x2", &[1.0, 1.0, 1.0]),
        ("1+2x2 _ 7", &[1.0, 3.0, 5.0, GAP, 7.0]),
        ("1-2x1", &[1.0, -1.0]),
        ("-1-.5x1 +2x0", &[-1.0, -1.5, 2.0]),
        ("_x2 stale", &[GAP, GAP, -2000.0]),
        ("0x3", &[0.0; 4]),
        ("1e2x0 1e-1 2.5E+1", &[100.0, 0.1, 25.0]),
        ("010 08 007+010x1", &[8.0, 8.0, 7.0, 15.0]),
        ("Inf -inf +INF", &[f64::INFINITY, f64::NEG_INFINITY, f64::INFINITY]),
    ] {
        assert_eq!(values(text), expected, "{text}");
    }
    assert!(values("NaN")[0].is_nan());
}

#[test]
fn metrics_have_labels_in_any_quotes() {
    let named = |pairs: &[(&str, &str)]| -> Named {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    for (text, expected) in [
        ("", &[][..]),
        ("{}", &[]),
        ("up", &[("__name__", "up")]),
        (
            " a:b { x = \"\\\"1\\u00fc\" , y='2', z=`\\`,}",
            &[("__name__", "a:b"), ("x", "\"1ü"), ("y", "2"), ("z", "\\")],
        ),
        ("{__name__=\"up\", le=\"\"}", &[("__name__", "up"), ("le", "")]),
        ("sum{by=\"1\"}", &[("__name__", "sum"), ("by", "1")]),
    ] {
        assert_eq!(metric(text, Compat::V2_42).as_ref(), Ok(&named(expected)), "{text}");
    }
    let quoted = "{\"foo.bar\", \"l x\"=\"1\"}";
    assert_eq!(metric(quoted, Compat::V3), Ok(named(&[("__name__", "foo.bar"), ("l x", "1")])));
    assert!(metric(quoted, Compat::V2_42).is_err());
}

#[test]
fn what_is_no_series_is_refused_where_it_stands() {
    for (text, at, message) in [
        ("up{job=\"a\" 1", 11, "expected `,` or `}`, not `1`"),
        ("up{job=~\"a\"} 1", 6, "expected `=`, not `=~`"),
        ("up{job=\"a\"", 10, "expected `,` or `}`, not the end"),
        ("up{job=a} 1", 7, "expected a string, not `a`"),
        ("up{a='1',a='1'} 1", 9, "label `a` stands twice"),
        ("up{a=\"\\xff\"} 1", 5, "an escaped byte above 7f is not supported"),
        ("up{a=\"\\é\"} 1", 5, "an unknown escape in a string"),
        ("up {a=\"1\"} 1", 3, "expected a value, not `{`"),
        ("1 2", 0, "expected a metric, not `1`"),
        ("up 1,2", 4, "expected a blank, not `,`"),
        ("up 1x", 5, "expected how many times, not the end"),
        ("up 1x2.5", 6, "expected a blank, not `.5`"),
        ("up 1+2", 6, "expected `x` and how many times, not the end"),
        ("up 1 + 2", 7, "expected a number, not `2`"),
        ("up stalex2 x", 11, "expected a value, not `x`"),
        ("up 5m", 3, "expected a number, not `5m`"),
        ("up 1x99999999", 5, "more than 10 million values are not supported"),
        ("up {{schema:1}}", 3, "native histograms are not supported"),
    ] {
        assert_eq!(read(text), Err((at, message.to_owned())), "{text}");
    }
}
