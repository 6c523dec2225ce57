use super::*;
use crate::promql::plan::{Source, When, Window};
use crate::promql::selector::Selector;

fn range(name: &str, seconds: i64) -> Range {
    let selector = Selector::new(Some("m"), &[]).unwrap();
    let window = Window { of: Source::Series(selector), range: seconds * 1000, when: When::NOW };
    Range { function: of_range(name).unwrap(), window, argument: None }
}

/// The values of a range that ends at `end`, at the seconds given.
fn of(name: &str, length: i64, end: i64, points: &[(i64, f64)], compat: Compat) -> Option<f64> {
    let points: Vec<Point> = points.iter().map(|(second, value)| Point::new(second * 1000, *value)).collect();
    let (start, end) = ((end - length) * 1000, end * 1000);
    range(name, length).of(&Stretch { points: &points, start, end, now: end }, 60.0, compat)
}

#[test]
fn version_3_reaches_back_no_further_than_half_an_interval_where_a_series_begins() {
    // 10 s apart, the first 50 s behind the start, and zero 8 s before it.
    let points = [(50, 8.0), (60, 18.0), (70, 28.0), (80, 38.0), (90, 48.0), (100, 58.0)];
    let increase = |compat| of("increase", 100, 100, &points, compat).unwrap();
    assert!((increase(Compat::V3) - 55.0).abs() < 1e-9);
    assert!((increase(Compat::V2_42) - 58.0).abs() < 1e-9);
}

#[test]
fn one_sample_is_no_rate() {
    for name in ["rate", "increase", "delta", "irate", "idelta", "deriv", "predict_linear"] {
        assert_eq!(of(name, 60, 60, &[(30, 5.0)], Compat::V3), None, "{name}");
    }
    assert_eq!(of("changes", 60, 60, &[(30, 5.0)], Compat::V3), Some(0.0));
}

#[test]
fn resets_are_added_and_a_constant_has_no_slope() {
    let points = [(0, 10.0), (10, 20.0), (20, 5.0), (30, 6.0)];
    assert_eq!(of("increase", 30, 30, &points, Compat::V2_42), Some(16.0));
    assert_eq!(of("delta", 30, 30, &points, Compat::V2_42), Some(-4.0));
    assert_eq!(of("resets", 30, 30, &points, Compat::V3), Some(1.0));
    assert_eq!(of("irate", 30, 30, &points, Compat::V3), Some(0.1));
    assert_eq!(of("predict_linear", 30, 30, &[(0, 7.0), (9, 7.0)], Compat::V3), Some(7.0));
    assert!(of("deriv", 30, 30, &[(0, f64::INFINITY); 2], Compat::V3).unwrap().is_nan());
}
