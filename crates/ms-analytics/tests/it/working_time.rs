//! Working-time rules: each kind against a plain count by quarters of an hour, and what is told of a violation.

use std::io::Write;
use std::process::{Command, Stdio};

use jiff::Timestamp;
use ms_analytics::Shift;
use ms_analytics::rules::{RuleAnalytics, RuleReport, RuleSet};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

const RULES: &str = r#"{"name":"all kinds","rules":[
    {"id":"rest","check":{"rest":{"min_hours":11}}},
    {"id":"free-day","check":{"free_day_after":{"after":"night"}}},
    {"id":"week","check":{"hours":{"max_hours":48,"window":"week"}}},
    {"id":"month","check":{"hours":{"max_hours":100,"window":"month"}}},
    {"id":"day","check":{"hours":{"max_hours":11,"window":"day"}}},
    {"id":"count","check":{"count":{"max":3,"window":"month","of":"night"}}},
    {"id":"run","check":{"run":{"of":"work_days","max":4}}},
    {"id":"short-run","check":{"run":{"of":"work_days","min":2}}},
    {"id":"free-run","check":{"run":{"of":"free_days","min":2,"max":5}}},
    {"id":"nights","check":{"run":{"of":"nights","max":2}}},
    {"id":"complete","check":{"weekend":{"complete":true}}},
    {"id":"before-free","check":{"weekend":{"no_night_before_free":true}}}
]}"#;
/// Clock changes and a turn of the year among them.
const BASES: [(&str, &str); 4] = [
    ("Europe/Istanbul", "2015-03-20T00:00:00Z"),
    ("Europe/Istanbul", "2026-03-01T00:00:00Z"),
    ("Europe/Berlin", "2026-10-16T00:00:00Z"),
    ("Europe/Berlin", "2026-12-20T00:00:00Z"),
];

fn shift(id: &str, employee: &str, start: &str, end: &str) -> Shift {
    Shift::new(id, employee, "D", start, end, None).unwrap()
}

fn report(rules: &str, shifts: &[Shift]) -> RuleReport {
    let mut analytics = RuleAnalytics::new(RuleSet::from_json(rules).unwrap());
    shifts.iter().for_each(|shift| analytics.add(shift));
    analytics.finish()
}

/// The report of one rule over shifts of E in March 2026, as pairs of `day hour` and a length in hours.
fn one(rule: &str, shifts: &[(i64, i64, i64)]) -> RuleReport {
    let shift = |(at, (day, hour, length)): (usize, &(i64, i64, i64))| {
        let text = |hours: i64| {
            let base: Timestamp = "2026-03-01T00:00:00+03:00".parse().unwrap();
            Timestamp::from_second(base.as_second() + hours * 3600).unwrap().to_string()
        };
        let start = (day - 1) * 24 + hour;
        shift(&(at + 1).to_string(), "E", &text(start), &text(start + length))
    };
    let shifts: Vec<_> = shifts.iter().enumerate().map(shift).collect();
    report(&format!("{{\"name\":\"one\",\"rules\":[{{\"id\":\"r\",\"check\":{rule}}}]}}"), &shifts)
}

#[derive(Debug)]
struct Roster {
    zone: &'static str,
    shifts: Vec<Shift>,
}

fn rosters() -> impl Strategy<Value = Roster> {
    let usual =
        (0..34_i64, prop::sample::select(vec![28, 36, 60, 80, 92]), prop::sample::select(vec![32, 48, 64]));
    let odd = (0..34_i64, 0..96_i64, 1..160_i64);
    let row = (0..3_u32, prop_oneof![3 => usual, 1 => odd]);
    (prop::sample::select(&BASES[..]), prop::collection::vec(row, 1..70)).prop_map(|((zone, base), rows)| {
        let base: Timestamp = base.parse().unwrap();
        let shift = |(id, (employee, (day, quarter, length))): (usize, (u32, (i64, i64, i64)))| {
            let text = |quarters: i64| {
                Timestamp::from_second(base.as_second() + quarters * 900).unwrap().to_string()
            };
            let start = day * 96 + quarter;
            shift(&id.to_string(), &format!("E{employee}"), &text(start), &text(start + length))
        };
        Roster { zone, shifts: rows.into_iter().enumerate().map(shift).collect() }
    })
}

fn by_quarters(rosters: &[Roster]) -> Vec<Value> {
    let mut python = Command::new("python3")
        .args(["-c", include_str!("working_time.py")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python3 is needed: apt-get install -y python3");
    let mut input = python.stdin.take().unwrap();
    let row = |shift: &Shift| json!([shift.employee(), shift.start_text(), shift.end_text()]);
    let line = |roster: &Roster| {
        format!("{}\n", json!([roster.zone, roster.shifts.iter().map(row).collect::<Vec<_>>()]))
    };
    let lines: String = rosters.iter().map(line).collect();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = python.wait_with_output().unwrap();
    let _ = writer.join().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn each_kind_of_rule_counts_as_quarters_of_an_hour_do() {
    let strategy = rosters();
    let mut runner = TestRunner::deterministic();
    let rosters: Vec<_> = (0..200).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
    let expected = by_quarters(&rosters);
    assert_eq!(expected.len(), rosters.len());
    let mut violations = 0;
    for (roster, expected) in rosters.iter().zip(expected) {
        let set = RuleSet::from_json(RULES).unwrap();
        let mut analytics = RuleAnalytics::in_time_zone(set, roster.zone).unwrap();
        roster.shifts.iter().for_each(|shift| analytics.add(shift));
        let report = analytics.finish();
        violations += report.violations();
        for rule in report.rules {
            let told = format!("{} in {:?}: {:#?}", rule.id, roster, rule.listed);
            assert_eq!(json!(rule.by_employee), expected[&rule.id], "{told}");
            assert_eq!(rule.by_employee.values().sum::<u64>(), rule.violations);
        }
    }
    assert!(violations > 5_000, "{violations}");
}

#[test]
fn a_short_rest_is_made_good_by_a_longer_one_once() {
    let rule = r#"{"rest":{"min_hours":11,"compensation":{"not_under_hours":8,"within_days":3}}}"#;
    let violations = |shifts: &[_]| one(rule, shifts).violations();
    // Nine hours, then thirteen or twelve.
    assert_eq!(violations(&[(2, 8, 8), (3, 1, 8), (3, 22, 8)]), 0);
    assert_eq!(violations(&[(2, 8, 8), (3, 1, 8), (3, 21, 8)]), 1);
    // One longer rest for two short ones.
    assert_eq!(violations(&[(2, 0, 8), (2, 17, 8), (3, 10, 8), (4, 7, 8)]), 1);
    // Too short for that, and too late.
    assert_eq!(violations(&[(2, 8, 8), (2, 23, 8), (5, 8, 8)]), 1);
    assert_eq!(
        violations(&[
            (2, 8, 8),
            (3, 1, 8),
            (3, 20, 8),
            (4, 15, 8),
            (5, 10, 8),
            (6, 5, 8),
            (7, 0, 4),
            (7, 15, 4),
            (9, 0, 1)
        ]),
        1
    );
}

#[test]
fn a_rolling_window_is_found_wherever_it_begins() {
    let rule = r#"{"hours":{"max_hours":60,"window":{"rolling_days":7}}}"#;
    // Six times ten hours, then one more within seven days.
    let mut shifts: Vec<_> = (3..9).map(|day| (day, 8, 10)).collect();
    assert_eq!(one(rule, &shifts).violations(), 0);
    shifts.push((9, 20, 10));
    let report = one(rule, &shifts);
    assert_eq!(report.violations(), 1);
    let violation = &report.rules[0].listed[0];
    assert!(violation.found.unwrap() > 60.0 && violation.found.unwrap() <= 70.0, "{violation}");
    // The same days apart by one more: 70 hours, but never within seven days.
    shifts.pop();
    shifts.push((10, 8, 10));
    assert_eq!(one(rule, &shifts).violations(), 0);
    let count = r#"{"count":{"max":2,"window":{"rolling_days":2}}}"#;
    assert_eq!(one(count, &[(2, 8, 4), (3, 8, 4), (4, 8, 4)]).violations(), 0);
    assert_eq!(one(count, &[(2, 8, 4), (3, 8, 4), (4, 7, 4)]).violations(), 1);
}

#[test]
fn the_weekly_mean_is_taken_over_as_many_weeks_as_there_are() {
    let rule = r#"{"hours":{"max_hours":40,"window":{"average_weeks":2}}}"#;
    let week = |monday: i64, hours: i64| (0..4).map(move |day| (monday + day, 8, hours));
    let shifts = |hours: [i64; 3]| week(2, hours[0]).chain(week(9, hours[1])).chain(week(16, hours[2]));
    // 48 and 32 are 40 on average.
    assert_eq!(one(rule, &shifts([12, 8, 12]).collect::<Vec<_>>()).violations(), 0);
    let report = one(rule, &shifts([8, 12, 9]).collect::<Vec<_>>());
    assert_eq!(report.rules[0].listed[0].found, Some(42.0));
    assert_eq!(report.violations(), 1);
    // One week alone is its own mean.
    assert_eq!(one(rule, &week(2, 11).collect::<Vec<_>>()).violations(), 1);
}

#[test]
fn a_week_needs_its_unbroken_rest() {
    let rule = r#"{"weekly_rest":{"min_hours":35}}"#;
    // Every day from Monday to Sunday, eight hours: sixteen of rest.
    let daily: Vec<_> = (2..16).map(|day| (day, 8, 8)).collect();
    let report = one(rule, &daily);
    // The second week's Sunday is the last shift of the roster: rest begins with it.
    assert_eq!((report.violations(), report.rules[0].listed[0].found), (1, Some(16.0)));
    // A weekend from Saturday noon to Monday night.
    let weekend: Vec<_> = (2..7).map(|day| (day, 8, 8)).chain([(8, 23, 8), (14, 8, 8)]).collect();
    assert_eq!(one(rule, &weekend).violations(), 0);
}

#[test]
fn breaks_are_no_working_time() {
    let set = |breaks: &str| {
        format!(
            r#"{{"name":"x","unpaid_breaks":[{breaks}],"rules":[
            {{"id":"d","check":{{"shift_length":{{"max_hours":11}}}}}},
            {{"id":"m","check":{{"mean_shift_length":{{"max_hours":10.75}}}}}}]}}"#
        )
    };
    let shifts = [
        shift("1", "E", "2026-03-02T08:00Z", "2026-03-02T20:00Z"),
        shift("2", "E", "2026-03-03T08:00Z", "2026-03-03T18:30Z"),
    ];
    let violations = |breaks: &str| {
        let rules = report(&set(breaks), &shifts).rules;
        (rules[0].violations, rules[1].violations)
    };
    assert_eq!(violations(""), (1, 1));
    // Of the breaks that apply the longest counts.
    let breaks = r#"{"longer_than_hours":4,"minutes":30},{"longer_than_hours":11,"minutes":60}"#;
    assert_eq!(violations(breaks), (0, 0));
}

#[test]
fn identical_weekends_begin_at_the_same_times() {
    let rule = r#"{"weekend":{"identical":true}}"#;
    // 7 March 2026 is a Saturday.
    assert_eq!(one(rule, &[(2, 8, 8), (7, 8, 8), (8, 8, 8), (9, 8, 8)]).violations(), 0);
    assert_eq!(one(rule, &[(2, 8, 8), (7, 8, 8), (8, 16, 8), (9, 8, 8)]).violations(), 1);
}

#[test]
fn a_violation_names_its_shifts_and_numbers() {
    let report = one(r#"{"free_day_after":{"after":"night"}}"#, &[(2, 20, 12), (3, 20, 4), (5, 8, 8)]);
    let told: Vec<_> = report.explain().collect();
    assert_eq!(told, ["E: r: from 2026-03-03T08:00:00+03:00 to 2026-03-03T20:00:00+03:00; shifts 1, 2"]);
    let broken: Vec<_> = report.explain_shift("2").map(|(rule, _)| rule.id.as_str()).collect();
    assert_eq!((broken, report.explain_shift("3").count()), (vec!["r"], 0));
    assert_eq!(serde_json::to_value(&report).unwrap()["rules"][0]["by_employee"]["E"], 1);
}

#[test]
fn a_hundred_thousand_shifts_at_once_are_checked_in_bounded_time() {
    let mut analytics = RuleAnalytics::new(RuleSet::from_json(RULES).unwrap());
    for id in 0..100_000 {
        analytics.add(&shift(&id.to_string(), "E", "2026-03-02T08:00Z", "2026-03-04T08:00Z"));
    }
    let report = analytics.finish();
    assert!(report.rules.iter().all(|rule| rule.listed.iter().all(|one| one.shifts.len() <= 50)));
    assert_eq!(report.rules[0].violations, 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_split_and_order_gives_the_same_report(roster in rosters(), parts in prop::collection::vec(0..3_usize, 70)) {
        let new = || RuleAnalytics::new(RuleSet::from_json(RULES).unwrap());
        let (mut whole, mut split) = (new(), [new(), new(), new()]);
        for (shift, part) in roster.shifts.iter().zip(parts) {
            whole.add(shift);
            split[part].add(shift);
        }
        let [a, b, mut c] = split;
        c.merge(a);
        c.merge(b);
        prop_assert_eq!(c.finish(), whole.finish());
    }
}
