//! Random series, of which each world has its own hours.

use std::fmt::Write as _;

use jiff::Timestamp;
use ms_alerts::{Labels, SeriesStore};
use proptest::prelude::*;

/// So far apart that no expression sees two.
const APART: i64 = 2 * 3600 * 1000;
/// A multiple of the length of a block.
const FIRST: i64 = 1_699_999_200_000 / APART * APART;

/// Where the samples of a world begin, in milliseconds since 1970.
pub(super) fn beginning(number: usize) -> i64 {
    FIRST + number as i64 * APART + 20 * 60 * 1000
}

/// A series: its metric, labels, and samples by milliseconds behind the beginning.
#[derive(Debug, Clone)]
pub(super) struct Series {
    name: &'static str,
    labels: Vec<(&'static str, &'static str)>,
    points: Vec<(i64, f64)>,
}

/// Moments are multiples of an eighth of a second, which the text keeps to the millisecond.
fn moments() -> impl Strategy<Value = Vec<i64>> {
    let regular = (prop::sample::select(vec![10_000, 15_000, 30_000]), 0..80_i64, 10..90_usize)
        .prop_map(|(step, late, count)| (0..count as i64).map(|at| at * step + late * 125).collect());
    let irregular = prop::collection::btree_set(0..7200_i64, 2..40)
        .prop_map(|set| set.iter().map(|at| at * 125).collect());
    let gaps = prop::collection::btree_set(0..120_i64, 2..60)
        .prop_map(|set| set.iter().map(|at| at * 15_000).collect());
    prop_oneof![3 => regular, 1 => irregular, 2 => gaps]
}

/// Sums of these are exact, so that their order does not matter.
fn gauge() -> impl Strategy<Value = f64> {
    prop_oneof![
        12 => (-400..400_i32).prop_map(|eighths| f64::from(eighths) / 8.0),
        3 => (-3..4_i32).prop_map(f64::from),
    ]
}

fn odd() -> impl Strategy<Value = f64> {
    prop_oneof![
        20 => gauge(),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0]),
    ]
}

fn counter(steps: Vec<(f64, bool)>) -> Vec<f64> {
    let grown = steps.into_iter().scan(0.0, |total, (step, is_reset)| {
        *total = if is_reset { step } else { *total + step };
        Some(*total)
    });
    grown.collect()
}

fn labels() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    let values = (
        prop::option::weighted(0.8, prop::sample::select(vec!["x", "y", "xy", "10"])),
        prop::option::weighted(0.6, prop::sample::select(vec!["1", "2", "ü"])),
        prop::option::weighted(0.2, Just("only")),
    );
    values.prop_map(|(a, b, c)| {
        [("a", a), ("b", b), ("c", c)].into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    })
}

fn zip(moments: Vec<i64>, values: &[f64]) -> Vec<(i64, f64)> {
    moments.into_iter().zip(values.iter().copied().cycle()).collect()
}

pub(super) fn series() -> impl Strategy<Value = Vec<Series>> {
    let plain =
        (prop::sample::select(vec!["m", "n:x"]), labels(), moments(), prop::collection::vec(gauge(), 60));
    let plain = plain.prop_map(|(name, labels, moments, values)| Series {
        name,
        labels,
        points: zip(moments, &values),
    });
    let strange = (labels(), moments(), prop::collection::vec(odd(), 60));
    let strange = strange.prop_map(|(labels, moments, values)| Series {
        name: "odd",
        labels,
        points: zip(moments, &values),
    });
    let step = ((0..40_u32).prop_map(|eighths| f64::from(eighths) / 8.0), prop::bool::weighted(0.07));
    let growing = (labels(), moments(), prop::collection::vec(step, 60));
    let growing = growing.prop_map(|(labels, moments, steps)| Series {
        name: "m_total",
        labels,
        points: zip(moments, &counter(steps)),
    });
    let histogram = (labels(), prop::collection::vec(0..4_u32, 4 * 40));
    let histogram = histogram.prop_map(|(labels, counts)| {
        let mut totals = [0_u32; 4];
        let mut points = [const { Vec::new() }; 4];
        for (at, counts) in counts.chunks(4).enumerate() {
            let mut sum = 0;
            for ((total, points), count) in totals.iter_mut().zip(&mut points).zip(counts) {
                *total += count;
                sum += *total;
                points.push((at as i64 * 15_000, f64::from(sum)));
            }
        }
        let bounds = ["0.1", "0.5", "2", "+Inf"].into_iter().zip(points);
        let of_bound = |(bound, points)| {
            let labels = labels.iter().copied().chain([("le", bound)]).collect();
            Series { name: "h_bucket", labels, points }
        };
        bounds.map(of_bound).collect::<Vec<_>>()
    });
    let all = (
        prop::collection::vec(plain, 3..10),
        prop::collection::vec(growing, 1..6),
        prop::collection::vec(strange, 0..4),
        prop::collection::vec(histogram, 0..3),
    );
    all.prop_map(|(plain, growing, strange, histograms)| {
        let mut all = [plain, growing, strange, histograms.concat()].concat();
        all.sort_by(|one, other| (one.name, &one.labels).cmp(&(other.name, &other.labels)));
        all.dedup_by(|one, other| (one.name, &one.labels) == (other.name, &other.labels));
        all
    })
}

/// Writes the samples of a world as OpenMetrics.
pub(super) fn write(text: &mut String, series: &[Series], number: usize) {
    for series in series {
        let labels: Vec<_> = series.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        for (behind, value) in &series.points {
            let at = beginning(number) + behind;
            let value = if value.is_infinite() { format!("{value:+}") } else { format!("{value}") };
            writeln!(
                text,
                "{}{{{}}} {} {}.{:03}",
                series.name,
                labels.join(","),
                value.replace("inf", "Inf"),
                at / 1000,
                at % 1000
            )
            .unwrap();
        }
    }
}

pub(super) fn store(series: &[Series], number: usize) -> SeriesStore {
    let mut store = SeriesStore::new();
    for series in series {
        let labels: Labels = series.labels.iter().copied().chain([("__name__", series.name)]).collect();
        for (behind, value) in &series.points {
            let at = Timestamp::from_millisecond(beginning(number) + behind).unwrap();
            store.push(&labels, at, *value);
        }
    }
    store
}
