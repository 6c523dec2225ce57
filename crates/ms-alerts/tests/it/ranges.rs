//! Rules made in code that judge a range, beside slow references.

use std::time::Duration;

use ms_alerts::{
    AlertManager, AlertRule, Answer, Compat, Expression, Labels, Over, SeriesStore, parse_exposition,
};
use proptest::prelude::*;
use tokio::time::advance;

/// What is to be judged, from everything that was; `None` if there is no answer.
fn of_range(over: Over, all: &[(u64, f64)], now: u64, range: u64) -> Option<f64> {
    let within: Vec<_> = all.iter().filter(|(at, _)| now - at < range).copied().collect();
    let mut sorted: Vec<f64> = within.iter().map(|(_, value)| *value).collect();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.last()?;
    Some(match over {
        Over::Avg => {
            let mean =
                |(mean, count): (f64, f64), value: &f64| (mean + (value - mean) / (count + 1.0), count + 1.0);
            sorted.iter().fold((0.0, 0.0), mean).0
        }
        Over::Min => sorted[0],
        Over::Max => *last,
        Over::Rate => return rate(&within, now, range),
        Over::Quantile(share) => {
            let rank = share * (sorted.len() - 1) as f64;
            let (low, high) = (sorted[rank.floor() as usize], sorted[rank.ceil() as usize]);
            low + (high - low) * (rank - rank.floor())
        }
        _ => unreachable!("no other is asked for"),
    })
}

/// What PromQL answers of the same samples.
fn rate(samples: &[(u64, f64)], now: u64, range: u64) -> Option<f64> {
    let (mut store, series) = (SeriesStore::new(), Labels::from_iter([("__name__", "x")]));
    let second = |second: u64| jiff::Timestamp::from_second(1_000 + second as i64).unwrap();
    samples.iter().for_each(|(at, value)| store.push(&series, second(*at), *value));
    let rate = Expression::parse(&format!("rate(x[{range}s])"), Compat::V3).unwrap();
    match rate.evaluate(&store, second(now)).unwrap() {
        Answer::Vector(vector) => vector.first().map(|element| element.value),
        other => unreachable!("{other:?}"),
    }
}

proptest! {
    #[test]
    fn every_range_is_that_of_the_reference(
        steps in prop::collection::vec((1..40_u64, prop::option::weighted(0.8, 0.0..100.0_f64)), 1..60),
        range in 1..200_u64,
        over in prop_oneof![
            Just(Over::Avg), Just(Over::Min), Just(Over::Max), Just(Over::Rate), (0.0..=1.0_f64).prop_map(Over::Quantile),
        ],
    ) {
        let rule = AlertRule::new("x", |_: f64, _: f64| true, 0.0).window(Duration::ZERO);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(async {
            let manager = AlertManager::new();
            manager.add_rule(rule.over(over, Duration::from_secs(range))).unwrap();
            let (mut all, mut at) = (Vec::new(), 0);
            for (pause, value) in steps {
                at += pause;
                advance(Duration::from_secs(pause)).await;
                let text = value.map_or_else(|| "x NaN\n".to_owned(), |value| format!("x {value:?}\n"));
                let told = manager.check_samples(&parse_exposition(&text).unwrap()).await;
                all.extend(value.map(|value| (at, value)));
                let expected = value.and_then(|_| of_range(over, &all, at, range));
                let judged = told.first().map(|alert| alert.value);
                let alike = match (judged, expected) {
                    (Some(one), Some(other)) => (one - other).abs() <= 1e-9 * other.abs().max(1.0),
                    (one, other) => one == other,
                };
                prop_assert!(alike, "{:?} at {}: {:?}, expected {:?}", over, at, judged, expected);
            }
            Ok(())
        })?;
    }
}
