//! pandas is the oracle, on rosters nobody wrote: clock changes, several offsets, ties, overlaps.

use std::io::Write;
use std::process::{Command, Stdio};

use jiff::Timestamp;
use jiff::tz::Offset;
use ms_analytics::load::{Holidays, LoadAnalytics};
use ms_analytics::{Shift, ShiftAnalytics};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::{Value, json};

use crate::percentiles::quick_runner;

const ROSTERS: usize = 1000;
const QUARTER: i64 = 900;
/// Days before clock changes and turns of the year.
const BASES: [(&str, &str); 6] = [
    ("Europe/Istanbul", "2015-03-26T00:00:00Z"),
    ("Europe/Istanbul", "2015-11-05T00:00:00Z"),
    ("Europe/Istanbul", "2020-12-29T00:00:00Z"),
    ("Europe/Berlin", "2026-03-26T00:00:00Z"),
    ("Europe/Berlin", "2026-10-22T00:00:00Z"),
    ("Asia/Kathmandu", "2026-07-01T00:00:00Z"),
];

#[derive(Debug)]
struct Roster {
    zone: &'static str,
    shifts: Vec<Shift>,
}

fn rosters() -> impl Strategy<Value = Roster> {
    let shift = (0..4_u32, 0..3_u32, 0..900_i64, 1..=192_i64, -12..=56_i32);
    (prop::sample::select(&BASES[..]), prop::collection::vec(shift, 1..40)).prop_map(
        |((zone, base), rows)| {
            let base: Timestamp = base.parse().unwrap();
            let shift =
                |(id, (employee, department, start, length, offset)): (usize, (u32, u32, i64, i64, i32))| {
                    let offset = Offset::from_seconds(offset * 900).unwrap();
                    let text = |quarters: i64| {
                        let stamp = Timestamp::from_second(base.as_second() + quarters * QUARTER).unwrap();
                        stamp.display_with_offset(offset).to_string()
                    };
                    let (start, end) = (text(start), text(start + length));
                    Shift::new(
                        &id.to_string(),
                        &format!("E{employee}"),
                        &format!("Ş{department}"),
                        &start,
                        &end,
                        None,
                    )
                    .and_then(|shift| shift.with_role(["Hemşire", "", "Doktor"][id % 3]))
                    .unwrap()
                };
            Roster { zone, shifts: rows.into_iter().enumerate().map(shift).collect() }
        },
    )
}

fn pandas(program: &str, rosters: &[Roster], row: impl Fn(&Shift) -> Value) -> Vec<Value> {
    let mut python = Command::new("python3")
        .args(["-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python3 is needed: apt-get install -y python3 python3-pip");
    let mut input = python.stdin.take().unwrap();
    let line = |roster: &Roster| {
        let rows: Vec<_> = roster.shifts.iter().map(&row).collect();
        format!("{}\n", json!([roster.zone, rows]))
    };
    let lines: String = rosters.iter().map(line).collect();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = python.wait_with_output().unwrap();
    let _ = writer.join().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "pandas is needed (pip install pandas): {complaint}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The same keys and values; numbers that are not whole to 1e-12.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().all(|(key, value)| theirs.get(key).is_some_and(|other| same(value, other)))
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| same(ours, theirs))
        }
        (Value::Number(ours), Value::Number(theirs)) => {
            let (ours, theirs) = (ours.as_f64().unwrap(), theirs.as_f64().unwrap());
            (ours - theirs).abs() <= 1e-12 * theirs.abs()
        }
        _ => ours == theirs,
    }
}

#[test]
fn reports_equal_pandas() {
    let strategy = rosters();
    let mut runner = quick_runner();
    let rosters: Vec<_> = (0..ROSTERS).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
    let row = |shift: &Shift| {
        json!([
            shift.employee(),
            shift.department(),
            shift.start_text(),
            shift.end_text(),
            shift.duration_hours()
        ])
    };
    let reports = pandas(include_str!("oracle.py"), &rosters, row);
    assert_eq!(reports.len(), ROSTERS);
    for (roster, theirs) in rosters.iter().zip(reports) {
        let mut analytics = ShiftAnalytics::in_time_zone(roster.zone).unwrap();
        roster.shifts.iter().for_each(|shift| analytics.add(shift));
        let ours = serde_json::to_value(analytics.finish()).unwrap();
        for (key, value) in ours.as_object().unwrap() {
            assert!(same(value, &theirs[key]), "{key}: {value} {} {roster:?}", theirs[key]);
        }
        assert_eq!(ours.as_object().unwrap().len(), theirs.as_object().unwrap().len());
    }
}

#[test]
fn loads_equal_pandas_however_they_are_split() {
    let strategy = rosters();
    let mut runner = quick_runner();
    let rosters: Vec<_> = (0..80).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
    let row = |shift: &Shift| {
        json!([shift.employee(), shift.department(), shift.start_text(), shift.end_text(), shift.role()])
    };
    let reports = pandas(include_str!("load.py"), &rosters, row);
    assert_eq!(reports.len(), rosters.len());
    for (roster, theirs) in rosters.iter().zip(reports) {
        let new = || LoadAnalytics::new(roster.zone, Holidays::turkey()).unwrap();
        let (mut whole, mut odd, mut even) = (new(), new(), new());
        for (shift, at) in roster.shifts.iter().zip(0..) {
            whole.add(shift);
            if at % 2 == 0 { &mut even } else { &mut odd }.add(shift);
        }
        odd.merge(even);
        let report = whole.finish();
        assert_eq!(odd.finish(), report);
        let ours = serde_json::to_value(&report).unwrap();
        for part in ["heat_map", "durations"] {
            assert!(same(&ours[part], &theirs[part]), "{part}: {} {}", ours[part], theirs[part]);
        }
        for part in
            ["by_employee", "by_department", "by_role", "by_week", "by_month", "by_weekday", "by_hour"]
        {
            // Weekdays and hours are lists, with zeros where pandas has no row.
            let ours: Vec<(String, &Value)> = match &ours[part] {
                Value::Object(loads) => loads.iter().map(|(name, load)| (name.clone(), load)).collect(),
                loads => loads
                    .as_array()
                    .unwrap()
                    .iter()
                    .zip(0..)
                    .map(|(load, at): (_, u32)| (at.to_string(), load))
                    .collect(),
            };
            let worked: Vec<_> = ours.iter().filter(|(_, load)| load["shifts"] != 0).collect();
            assert_eq!(worked.len(), theirs[part].as_object().unwrap().len(), "{part}");
            for (name, load) in worked {
                for (key, value) in theirs[part][name].as_object().unwrap() {
                    assert!(same(&load[key], value), "{part} {name} {key}: {load} {value}");
                }
            }
        }
    }
}
