//! Random expressions over random series, beside a real Prometheus that has the same samples.

mod expression;
mod server;
mod world;

use std::collections::BTreeMap;

use jiff::Timestamp;
use ms_alerts::{Answer, Compat, Expression, ExpressionError, Labels, SeriesStore};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

use server::Prometheus;

/// The same in each run: once in some ten thousand cases a comparison hangs on the last bit of a mean.
const SEED: u64 = 20_261_125;
const CASES_A_WORLD: u32 = 100;

fn environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name}={value}")))
}

/// `MS_ALERTS_SEED` and `MS_ALERTS_CASES` ask for other cases, and more than the 600 of each run.
#[test]
#[expect(clippy::print_stdout, reason = "the seed is told where all is well too")]
fn random_expressions_are_answered_as_by_prometheus() {
    let seed = environment("MS_ALERTS_SEED").unwrap_or(SEED);
    let cases = u32::try_from(environment("MS_ALERTS_CASES").unwrap_or(600)).unwrap();
    println!("MS_ALERTS_SEED={seed} MS_ALERTS_CASES={cases}");
    // A runner counts its cases over all of its runs, so each world has its own.
    let runner = |number: usize| {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        bytes[8..16].copy_from_slice(&(number as u64).to_le_bytes());
        let config =
            ProptestConfig { cases: CASES_A_WORLD, failure_persistence: None, ..ProptestConfig::default() };
        TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
    };

    let mut runners: Vec<_> = (0..cases.div_ceil(CASES_A_WORLD) as usize).map(runner).collect();
    let worlds: Vec<_> =
        runners.iter_mut().map(|runner| world::series().new_tree(runner).unwrap().current()).collect();
    let mut text = String::new();
    worlds.iter().enumerate().for_each(|(number, series)| world::write(&mut text, series, number));
    text += "# EOF\n";
    let folder = tempfile::tempdir().unwrap();
    let server = Prometheus::start(&text, folder.path());

    let (answered, compared) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    for ((number, series), mut runner) in worlds.iter().enumerate().zip(runners) {
        let store = world::store(series, number);
        let beginning = world::beginning(number);
        let moment = (0..9600_i64).prop_map(move |eighths| beginning + eighths * 125);
        let outcome = runner.run(&(expression::vector(beginning), moment), |(expression, at)| {
            compared.set(compared.get() + 1);
            let (ours, theirs) = (ours(&store, &expression, at), server.evaluate(&expression, at));
            match (&ours, &theirs) {
                (Ok(ours), Ok(theirs)) => {
                    prop_assert!(are_alike(ours, theirs), "ours {ours:?}\ntheirs {theirs:?}");
                    answered.set(answered.get() + u32::from(!ours.is_empty()));
                }
                (Err(_), Err(_)) => {}
                _ => prop_assert!(false, "ours {ours:?}\ntheirs {theirs:?}"),
            }
            Ok(())
        });
        if let Err(error) = outcome {
            let kept = folder.keep();
            panic!("MS_ALERTS_SEED={seed} MS_ALERTS_CASES={cases}, samples in {}: {error}", kept.display());
        }
    }
    println!("{} of {} answers have elements", answered.get(), compared.get());
    assert!(compared.get() >= cases, "only {} cases were compared", compared.get());
    assert!(answered.get() > cases / 4, "only {} of {cases} answers have elements", answered.get());
}

fn ours(store: &SeriesStore, expression: &str, at: i64) -> Result<server::Answer, ExpressionError> {
    let expression = Expression::parse(expression, Compat::V2_42)?;
    Ok(match expression.evaluate(store, Timestamp::from_millisecond(at).unwrap())? {
        Answer::Scalar(number) => BTreeMap::from([(Labels::default(), number)]),
        Answer::Vector(vector) => vector.into_iter().map(|element| (element.labels, element.value)).collect(),
        other => panic!("{other:?}"),
    })
}

fn are_alike(ours: &server::Answer, theirs: &server::Answer) -> bool {
    ours.len() == theirs.len()
        && ours.iter().zip(theirs).all(|(ours, theirs)| ours.0 == theirs.0 && is_close(*ours.1, *theirs.1))
}

fn is_close(ours: f64, theirs: f64) -> bool {
    // What is left of a mean whose terms cancel, of which none is below an eighth, is nothing.
    let largest = ours.abs().max(theirs.abs()).max(1e-3);
    ours == theirs || (ours.is_nan() && theirs.is_nan()) || (ours - theirs).abs() <= 1e-9 * largest
}
