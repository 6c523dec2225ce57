//! Conflicts by name, and coverage, against minutes counted one by one.

use jiff::Timestamp;
use ms_analytics::timetable::{Staffing, Timetable};
use ms_analytics::{Shift, ShiftAnalytics};
use proptest::prelude::*;

/// Employee, department, start and length in quarters since 2026-03-01T00:00+03:00.
type Row = (u32, u32, i64, i64);

fn shifts(rows: &[Row]) -> Vec<Shift> {
    let base: Timestamp = "2026-03-01T00:00:00+03:00".parse().unwrap();
    let text = |quarters: i64| Timestamp::from_second(base.as_second() + quarters * 900).unwrap().to_string();
    let shift = |(id, (employee, department, start, length)): (usize, &Row)| {
        let (employee, department) = (format!("E{employee}"), format!("D{department}"));
        let (start, end) = (text(*start), text(start + length));
        Shift::new(&id.to_string(), &employee, &department, &start, &end, None).unwrap()
    };
    rows.iter().enumerate().map(shift).collect()
}

fn timetable(shifts: &[Shift]) -> Timetable {
    let mut timetable = Timetable::default();
    shifts.iter().for_each(|shift| timetable.add(shift));
    timetable
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec((0..4_u32, 0..2_u32, 0..300_i64, 1..60_i64), 0..40)
}

proptest! {
    #[test]
    fn listed_conflicts_are_those_that_are_counted(rows in rows(), limit in 0..30_usize) {
        let shifts = shifts(&rows);
        let report = ShiftAnalytics::analyze_shift_patterns(&shifts);
        let all = timetable(&shifts).conflicts(usize::MAX);
        prop_assert_eq!(all.len() as u64, report.common_conflicts.total_pairs);
        let hours: f64 = all.iter().map(|conflict| conflict.hours).sum();
        prop_assert!((hours - report.common_conflicts.total_overlap_hours).abs() < 1e-9);
        let first = timetable(&shifts).conflicts(limit);
        prop_assert_eq!(&first[..], &all[..limit.min(all.len())]);
        // However it is split and ordered.
        let (mut left, mut right) = (Timetable::default(), Timetable::default());
        for (at, shift) in shifts.iter().enumerate().rev() {
            if at % 3 == 0 { &mut left } else { &mut right }.add(shift);
        }
        right.merge(left);
        prop_assert_eq!(right.conflicts(usize::MAX), all);
    }

    #[test]
    fn coverage_equals_a_count_by_quarters(rows in rows()) {
        let staffing = r#"[
            {"department":"D0","from":"08:00","until":"16:00","at_least":1,"at_most":2},
            {"department":"D1","weekdays":[1,7],"from":"22:00","until":"06:00","at_least":2}]"#;
        let report = timetable(&shifts(&rows)).coverage(&Staffing::from_json(staffing).unwrap());
        let there = |department: u32, quarter: i64| {
            let at = |row: &&Row| row.1 == department && (row.2..row.2 + row.3).contains(&quarter);
            let mut who: Vec<_> = rows.iter().filter(at).map(|row| row.0).collect();
            who.sort_unstable();
            who.dedup();
            who.len() as u64
        };
        let first = rows.iter().map(|row| row.2 / 96).min().unwrap_or(0);
        let last = rows.iter().map(|row| (row.2 + row.3 - 1) / 96).max().unwrap_or(-1);
        let (mut windows, mut short, mut over) = (0, 0, 0);
        for day in first..=last {
            windows += 1;
            for count in (day * 96 + 32..day * 96 + 64).map(|quarter| there(0, quarter)) {
                short += 1_u64.saturating_sub(count);
                over += count.saturating_sub(2);
            }
            // 1 March 2026 is a Sunday.
            if matches!(day % 7, 0 | 1) {
                windows += 1;
                let night = day * 96 + 88..day * 96 + 120;
                short += night.map(|quarter| 2_u64.saturating_sub(there(1, quarter))).sum::<u64>();
            }
        }
        prop_assert_eq!(report.windows, windows);
        prop_assert_eq!((report.short_hours, report.over_hours), (short as f64 / 4.0, over as f64 / 4.0));
        prop_assert_eq!(report.listed.is_empty(), report.short + report.over == 0);
    }
}

#[test]
fn a_hundred_thousand_shifts_at_once_list_the_first_pairs_only() {
    let rows: Vec<_> = (0..100_000).map(|_| (0, 0, 0, 8)).collect();
    assert_eq!(timetable(&shifts(&rows)).conflicts(1_000).len(), 1_000);
}

#[test]
fn requirements_that_make_no_sense_are_refused() {
    for wrong in [
        r#"[{"department":"D","from":"8:00","until":"16:00"}]"#,
        r#"[{"department":"D","from":"08:00","until":"16:00","weekdays":[0]}]"#,
        r#"[{"department":"D","from":"08:00"}]"#,
        r#"[{"department":"D","from":"08:00","until":"16:00","least":1}]"#,
    ] {
        assert!(Staffing::from_json(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_slip_of_centuries_costs_ten_years() {
    let shift = |id, year| {
        Shift::new(id, "E", "D", &format!("{year}-03-02T08:00Z"), &format!("{year}-03-02T16:00Z"), None)
            .unwrap()
    };
    let timetable = timetable(&[shift("1", 1026), shift("2", 2026)]);
    let staffing = Staffing::from_json(r#"[{"department":"D","from":"08:00","until":"16:00","at_least":1}]"#);
    let report = timetable.coverage(&staffing.unwrap());
    assert_eq!((report.windows, report.listed.len()), (3_660, 500));
    assert!(report.days_left_out > 300_000, "{report:?}");
}
