//! Work is bounded before it is done.

use std::cell::Cell;

use super::budget::MOST_SAMPLES;
use super::*;
use crate::labels::Labels;
use crate::promql::load;
use crate::promql::{Compat, Dialect};

fn answer(expression: &str, steps: usize) -> Result<usize, EvalError> {
    let mut history = History::whole();
    for number in 0..10 {
        let series = Labels::from_iter([("__name__", "m".to_owned()), ("a", number.to_string())]);
        history.insert(&series, 0, Some(1.0));
    }
    let (node, _) = load::parse(expression, Compat::V3.into()).unwrap();
    let budget = Budget { samples: Cell::new(MOST_SAMPLES), steps: Cell::new(steps) };
    let moment = Moment::new(None, &history, 1, (1, 1), Dialect::default(), &budget);
    moment.answer(&node).map(|found| found.len())
}

#[test]
fn looking_at_series_takes_steps_even_if_none_is_found() {
    for (expression, enough) in [
        ("m{a=\"none\"}", 11),
        ("count_over_time(m{a=\"none\"}[5m])", 11),
        ("count_over_time(m{a=\"none\"}[1s:100ms])", 1 + 10 * 11),
        ("vector(1 + 1)", 4),
        ("count_over_time(vector(1 + 1)[1s:1ms])", 1 + 1000 * 4),
    ] {
        assert!(answer(expression, enough).is_ok(), "{expression}");
        assert_eq!(answer(expression, enough - 1), Err(EvalError::TooManySteps), "{expression}");
    }
}
