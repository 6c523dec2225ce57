//! Merging is one pass; conflicts and rest equal brute force.

use ms_analytics::{Shift, ShiftAnalytics, ShiftReport};
use proptest::prelude::*;

const MINUTE: i64 = 60;
/// 2015-03-26, some days before a clock change in Istanbul.
const BASE: i64 = 1_427_328_000;

fn text(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).unwrap().to_string()
}

fn shifts() -> impl Strategy<Value = Vec<Shift>> {
    let row = (0..4_u32, 0..3_u32, 0..600_i64, 1..=192_i64);
    prop::collection::vec(row, 0..40).prop_map(|rows| {
        let shift = |(id, (employee, department, start, length)): (usize, (u32, u32, i64, i64))| {
            let start = BASE + start * 15 * MINUTE;
            let (start, end) = (text(start), text(start + length * 15 * MINUTE));
            Shift::new(
                &id.to_string(),
                &format!("E{employee}"),
                &format!("D{department}"),
                &start,
                &end,
                None,
            )
            .unwrap()
        };
        rows.into_iter().enumerate().map(shift).collect()
    })
}

fn analyze(shifts: &[Shift]) -> ShiftAnalytics {
    let mut analytics = ShiftAnalytics::default();
    shifts.iter().for_each(|shift| analytics.add(shift));
    analytics
}

fn merged(parts: [&ShiftAnalytics; 3]) -> ShiftReport {
    let mut all = parts[0].clone();
    all.merge(parts[1].clone());
    all.merge(parts[2].clone());
    all.finish()
}

proptest! {
    #[test]
    fn merge_is_associative_commutative_and_one_pass(shifts in shifts(), cuts in (0.0..1.0_f64, 0.0..1.0_f64)) {
        let cut = |share: f64| (share * shifts.len() as f64) as usize;
        let (first, second) = (cut(cuts.0.min(cuts.1)), cut(cuts.0.max(cuts.1)));
        let (a, b, c) = (analyze(&shifts[..first]), analyze(&shifts[first..second]), analyze(&shifts[second..]));
        let whole = ShiftAnalytics::analyze_shift_patterns(&shifts);
        prop_assert_eq!(&merged([&a, &b, &c]), &whole);
        prop_assert_eq!(&merged([&c, &a, &b]), &whole);
        let mut right = b.clone();
        right.merge(c.clone());
        let mut nested = a.clone();
        nested.merge(right);
        prop_assert_eq!(&nested.finish(), &whole);
    }

    #[test]
    fn conflicts_equal_brute_force(shifts in shifts()) {
        let report = ShiftAnalytics::analyze_shift_patterns(&shifts);
        let (mut pairs, mut overlap, mut in_d0, mut d0_d1) = (0, 0, 0, 0);
        for (index, a) in shifts.iter().enumerate() {
            for b in &shifts[..index] {
                let from = a.start().max(b.start()).as_microseconds();
                let until = a.end().min(b.end()).as_microseconds();
                if a.employee() == b.employee() && from < until {
                    pairs += 1;
                    overlap += until - from;
                    let both = [a.department(), b.department()];
                    in_d0 += u64::from(both.contains(&"D0"));
                    d0_d1 += u64::from(both.contains(&"D0") && both.contains(&"D1"));
                }
            }
        }
        let found = &report.common_conflicts;
        prop_assert_eq!(found.total_pairs, pairs);
        prop_assert_eq!(found.total_overlap_hours, overlap as f64 / 3.6e9);
        prop_assert_eq!(found.by_department.get("D0").copied().unwrap_or(0), in_d0);
        prop_assert_eq!(found.by_department_pair.get("D0|D1").copied().unwrap_or(0), d0_d1);
        prop_assert_eq!(found.by_employee.values().sum::<u64>(), pairs);
    }

    #[test]
    fn weeks_add_up_to_all_hours(shifts in shifts()) {
        let report = ShiftAnalytics::analyze_shift_patterns(&shifts);
        prop_assert_eq!(report.total_shifts, shifts.len() as u64);
        prop_assert_eq!(report.shifts_per_department.values().sum::<u64>(), report.total_shifts);
        let longest = |hours: Option<f64>| hours.unwrap_or(0.0);
        let weekly = &report.weekly_over_48;
        for rows in [&weekly.by_start, &weekly.split] {
            let rows_max = rows.rows.iter().flatten().map(|row| row.hours).fold(0.0, f64::max);
            prop_assert!(rows_max == 0.0 || rows_max == longest(rows.max_hours));
        }
        let mean = shifts.iter().map(Shift::duration_hours).sum::<f64>() / shifts.len().max(1) as f64;
        prop_assert!((report.avg_shift_duration.unwrap_or(0.0) - mean).abs() <= 1e-12 * mean);
    }
}

#[test]
fn more_than_a_thousand_departments_of_one_employee_are_told_apart() {
    // Fifty at once, day by day.
    let shifts: Vec<_> = (0..1500)
        .map(|number| {
            let day = number / 50;
            let (start, end) =
                (format!("2026-03-{:02}T08:00Z", day + 1), format!("2026-03-{:02}T16:00Z", day + 1));
            Shift::new(&number.to_string(), "E", &format!("D{number:04}"), &start, &end, None).unwrap()
        })
        .collect();
    let conflicts = ShiftAnalytics::analyze_shift_patterns(&shifts).common_conflicts;
    assert_eq!(conflicts.total_pairs, 30 * 50 * 49 / 2);
    assert_eq!(conflicts.by_department["D0007"], 49);
    assert_eq!(conflicts.by_department_pair.len(), 30 * 50 * 49 / 2);
    assert_eq!(conflicts.by_department_pair["D0007|D0049"], 1);
    assert!(!conflicts.department_pairs_left_out);
}

#[test]
fn pairs_of_departments_stay_bounded() {
    let mut analytics = ShiftAnalytics::default();
    for number in 0..7000 {
        let (start, end) = ("2026-03-02T08:00:00Z", "2026-03-02T16:00:00Z");
        analytics.add(&Shift::new("1", "E", &format!("D{number}"), start, end, None).unwrap());
    }
    let conflicts = analytics.finish().common_conflicts;
    assert_eq!(conflicts.total_pairs, 7000 * 6999 / 2);
    assert_eq!(conflicts.by_department["D42"], 6999);
    assert!(conflicts.department_pairs_left_out && conflicts.by_department_pair.is_empty());
}

#[test]
fn an_unknown_time_zone_is_named() {
    let error = ShiftAnalytics::in_time_zone("Europe/Nowhere").unwrap_err();
    assert_eq!(error.name, "Europe/Nowhere");
    let shift = Shift::new("1", "E", "D", "2026-03-02T20:00:00Z", "2026-03-03T04:00:00Z", None).unwrap();
    let night = |zone| {
        let mut analytics = ShiftAnalytics::in_time_zone(zone).unwrap();
        analytics.add(&shift);
        analytics.finish().night_shifts
    };
    assert_eq!((night("UTC"), night("Asia/Tokyo")), (1, 0));
}

#[test]
fn a_million_overlapping_shifts_of_one_employee_are_counted() {
    let shift = Shift::new("1", "E", "D", "2026-03-02T08:00:00Z", "2026-03-02T16:00:00Z", None).unwrap();
    let mut analytics = ShiftAnalytics::default();
    (0..1_000_000).for_each(|_| analytics.add(&shift));
    let conflicts = analytics.finish().common_conflicts;
    assert_eq!(conflicts.total_pairs, 499_999_500_000);
    assert_eq!(conflicts.total_overlap_hours, 3_999_996_000_000.0);
}
