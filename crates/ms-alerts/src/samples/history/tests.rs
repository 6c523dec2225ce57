use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::*;
use crate::labels::Labels;
use crate::samples::parse_exposition;

struct Kept {
    history: History,
    start: Now,
}

impl Kept {
    fn new(asked: &[(Option<&str>, i64)], limits: Limits) -> Self {
        let mut all = Asked::default();
        asked.iter().for_each(|(name, span)| all.ask(*name, Reach::Back(*span)));
        let start = Now { at: Instant::now(), wall: Timestamp::from_second(1_000).unwrap() };
        Self { history: History::new(all, limits), start }
    }

    fn read(&mut self, second: u64, text: &str) {
        let passed = Duration::from_secs(second);
        let now = Now { at: self.start.at + passed, wall: self.start.wall + passed };
        self.history.record(&parse_exposition(text).unwrap(), now);
    }

    /// Seconds since the start, and values.
    fn points(&self, name: &str) -> Vec<(i64, f64)> {
        let points = self
            .history
            .series(Some(name))
            .unwrap()
            .flat_map(|(_, series)| series.between(i64::MIN, i64::MAX, &mut Vec::new()).to_vec());
        points.map(|point| (point.at / 1000 - 1000, point.value)).collect()
    }
}

#[test]
fn only_what_is_asked_for_is_kept_and_for_no_longer() {
    let mut kept = Kept::new(&[(Some("a"), 20_000), (Some("a"), 30_000)], Limits::default());
    for second in [0, 10, 20, 30, 40] {
        kept.read(second, &format!("a{{x=\"y\"}} {second}\nb 1\n"));
    }
    assert_eq!(kept.points("a"), [(10, 10.0), (20, 20.0), (30, 30.0), (40, 40.0)]);
    assert!(kept.points("b").is_empty());
    let mut kept = Kept::new(&[(None, 10_000)], Limits::default());
    kept.read(0, "a 1\nb 2\n");
    assert_eq!((kept.points("a"), kept.points("b")), (vec![(0, 1.0)], vec![(0, 2.0)]));
}

#[test]
fn a_series_that_went_is_marked_and_forgotten_in_the_end() {
    let mut kept = Kept::new(&[(Some("a"), 20_000)], Limits::default());
    kept.read(0, "a 1\n");
    kept.read(10, "");
    let last = |kept: &Kept, second: i64| {
        let (_, series) = kept.history.series(Some("a")).unwrap().next()?;
        series.last_between(0, (1000 + second) * 1000).map(|point| point.value)
    };
    assert_eq!((last(&kept, 9), last(&kept, 10)), (Some(1.0), None));
    kept.read(15, "a 2\n");
    assert_eq!(last(&kept, 15), Some(2.0));
    kept.read(20, "");
    kept.read(60, "");
    assert_eq!(kept.history.series(Some("a")).unwrap().count(), 0);
    assert_eq!((kept.history.room.series, kept.history.room.bytes), (0, 0));
}

#[test]
fn a_sample_with_a_time_stamp_is_kept_once_at_its_time() {
    let mut kept = Kept::new(&[(Some("a"), 60_000)], Limits::default());
    kept.read(10, "a 1 1004000\n");
    kept.read(20, "a 1 1004000\n");
    kept.read(30, "a 2 1025000\na 3 1026000\na 4 1025000\n");
    kept.read(31, "a 5 9999000\n");
    assert_eq!(kept.points("a"), [(4, 1.0), (25, 2.0), (26, 3.0)]);
}

#[test]
fn of_two_readings_at_one_moment_the_later_counts_and_of_two_samples_in_one_the_first() {
    let mut kept = Kept::new(&[(Some("a"), 60_000)], Limits::default());
    kept.read(10, "a 1\na 2\n");
    assert_eq!(kept.points("a"), [(10, 1.0)]);
    kept.read(10, "a 3\n");
    assert_eq!(kept.points("a"), [(10, 3.0)]);
}

#[test]
fn what_has_no_room_makes_its_metric_incomplete_for_as_long_as_it_is_looked_back_at() {
    for limits in [Limits { series: 2, bytes: usize::MAX }, Limits { series: 9, bytes: 700 }] {
        let mut kept = Kept::new(&[(Some("a"), 20_000), (Some("b"), 20_000)], limits);
        kept.read(0, "b 1\n");
        kept.read(5, "b 1\na{x=\"1\"} 1\na{x=\"2\"} 1\na{x=\"3\"} 1\na{x=\"4\"} 1\n");
        let complete = |kept: &Kept, name| kept.history.series(name).is_ok();
        assert!(!complete(&kept, Some("a")) && !complete(&kept, None), "{limits:?}");
        kept.read(25, "b 1\n");
        assert!(!complete(&kept, Some("a")), "{limits:?}");
        kept.read(26, "b 1\n");
        assert!(complete(&kept, Some("a")) && complete(&kept, None), "{limits:?}");
    }
}

#[test]
fn what_rules_write_has_no_more_room_than_what_is_read() {
    let mut kept = Kept::new(&[(Some("a"), 10_000_000)], Limits { series: 9, bytes: 1_000 });
    let series = Labels::from_iter([("__name__", "a"), ("x", "1")]);
    for second in 0..200 {
        kept.read(second, "");
        kept.history.write(&series, 0, Some(1.0));
    }
    assert!(kept.history.room.bytes < 2_000, "{}", kept.history.room.bytes);
    assert!(kept.history.series(Some("a")).is_err());
}

#[test]
fn fixed_moments_are_kept_by_the_wall_clock_and_what_is_missing_of_them_is_missing_for_ever() {
    let fixed = |from: i64, to: i64| Reach::Fixed { from: (1000 + from) * 1000, to: (1000 + to) * 1000 };
    let mut asked = Asked::default();
    asked.ask(Some("a"), Reach::Back(5_000));
    asked.ask(Some("a"), fixed(10, 20));
    asked.ask(None, fixed(30, 40));
    let start = Now { at: Instant::now(), wall: Timestamp::from_second(1_000).unwrap() };
    let mut kept = Kept { history: History::new(asked, Limits::default()), start };
    for second in (0..=60).step_by(5) {
        kept.read(second, &format!("a {second}\n"));
    }
    let seconds: Vec<_> = kept.points("a").into_iter().map(|(second, _)| second).collect();
    assert_eq!(seconds, [10, 15, 20, 30, 35, 40, 55, 60]);
    assert!(kept.history.keeps(Some("a"), fixed(11, 20)) && kept.history.keeps(Some("b"), fixed(30, 31)));
    assert!(!kept.history.keeps(Some("a"), fixed(11, 21)) && !kept.history.keeps(None, fixed(10, 20)));

    let mut asked = Asked::default();
    asked.ask(Some("a"), fixed(10, 20));
    let mut kept = Kept { history: History::new(asked, Limits { series: 0, bytes: 1_000 }), start };
    kept.read(5, "a 1\n");
    assert!(kept.history.series(Some("a")).is_err());
    kept.read(9, "");
    assert!(kept.history.series(Some("a")).is_ok(), "five seconds were nobody's");
    kept.read(10, "a 1\n");
    kept.read(1_000_000, "");
    assert!(kept.history.series(Some("a")).is_err());
}

#[test]
fn a_wall_clock_that_is_set_neither_loses_nor_moves_a_sample() {
    let mut kept = Kept::new(&[(Some("a"), 60_000)], Limits::default());
    let hours = [0, -1, 24, -100, 0];
    for (reading, hours) in (0..).zip(hours) {
        let at = kept.start.at + Duration::from_secs(reading * 10);
        let wall = kept.start.wall + jiff::SignedDuration::from_secs(reading as i64 * 10 + hours * 3600);
        kept.history.record(&parse_exposition(&format!("a {reading}\n")).unwrap(), Now { at, wall });
    }
    assert_eq!(kept.points("a"), [(0, 0.0), (10, 1.0), (20, 2.0), (30, 3.0), (40, 4.0)]);
}
