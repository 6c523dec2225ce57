//! Whatever an expression is, it is refused by a place within it, or answered within bounds, and explained with the same answer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ms_alerts::{Answer, Compat, Expression, ExpressionError, SeriesStore, parse_exposition};

const SAMPLES: &str = "\
m{a=\"x\"} 1 9000\nm{a=\"x\"} 2 10000\nm{a=\"y\"} -3\nm_total 5 5000\nm_total 1 8000\nm_total 4\n\
h_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 3\nn NaN\n";

fn sorted(answer: Answer) -> String {
    let Answer::Vector(mut vector) = answer else { return format!("{answer:?}") };
    vector.sort_by(|one, other| one.labels.cmp(&other.labels));
    format!("{vector:?}")
}

fuzz_target!(|text: &str| {
    let at = jiff::Timestamp::from_second(10).expect("a moment");
    let mut store = SeriesStore::new();
    store.push_samples(&parse_exposition(SAMPLES).expect("valid"), at);
    for compat in [Compat::V3, Compat::V2_42] {
        match Expression::parse(text, compat) {
            Err(ExpressionError::Refused { column, message }) => {
                assert!(
                    (1..=text.chars().count() + 1).contains(&column) && !message.is_empty(),
                    "{column}: {message}"
                );
            }
            Err(other) => panic!("{other}"),
            Ok(expression) => {
                let explained = expression.explain(&store, at);
                match expression.evaluate(&store, at) {
                    Ok(answer) => assert_eq!(explained.answer.map(sorted), Some(sorted(answer))),
                    Err(_) => assert!(explained.error.is_some()),
                }
            }
        }
    }
});
