//! Reports as text.

use std::fmt::Write as _;

use ms_analytics::{OverLimit, ResponseTimes, ShiftReport};
use serde::Serialize;

/// Lines of a list that a person wants to read; `--json` has all.
const TOP: usize = 10;

/// Writes JSON for people and machines.
pub fn json(report: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(report).expect("reports have string keys only");
    text.push('\n');
    text
}

/// Writes a report on shifts as tables.
pub fn shifts(report: &ShiftReport) -> String {
    let mut text = summary(report);
    let conflicts = &report.common_conflicts;
    let departments = report.shifts_per_department.iter().map(|(name, shifts)| {
        let pairs = conflicts.by_department.get(name).copied().unwrap_or_default();
        (name.as_str(), vec![shifts.to_string(), pairs.to_string()])
    });
    table(&mut text, &["Department", "shifts", "conflicts"], departments.collect());
    let pairs = most(conflicts.by_department_pair.iter());
    table(&mut text, &["Departments in conflict", "pairs"], pairs);
    table(&mut text, &["Employees with most conflicts", "pairs"], most(conflicts.by_employee.iter()));
    table(&mut text, &["Employees with most short rests", "rests"], most(report.rest.by_employee.iter()));
    long_weeks(&mut text, &report.weekly_over_48.split);
    text
}

/// Writes the figures of a sample.
pub fn latency(count: usize, times: Option<ResponseTimes>) -> String {
    let seconds =
        |of: fn(ResponseTimes) -> f64| times.map_or("-".to_owned(), |times| format!("{:.6} s", of(times)));
    pairs(&[
        ("Values", count.to_string()),
        ("Mean", seconds(|times| times.avg_response_time)),
        ("95th percentile", seconds(|times| times.p95_response_time)),
        ("99th percentile", seconds(|times| times.p99_response_time)),
    ])
}

fn summary(report: &ShiftReport) -> String {
    let hours = |hours: Option<f64>| hours.map_or("-".to_owned(), |hours| format!("{hours:.2} h"));
    let text = |text: &Option<String>| text.clone().unwrap_or("-".to_owned());
    let (conflicts, rest, weekly) = (&report.common_conflicts, &report.rest, &report.weekly_over_48);
    pairs(&[
        ("Shifts", report.total_shifts.to_string()),
        ("Employees", report.employees.to_string()),
        ("First start", text(&report.first_start)),
        ("Last end", text(&report.last_end)),
        ("Mean duration", hours(report.avg_shift_duration)),
        ("Night shifts", report.night_shifts.to_string()),
        ("Past midnight", report.crosses_midnight.to_string()),
        ("Conflicts", format!("{} pairs, {:.2} h", conflicts.total_pairs, conflicts.total_overlap_hours)),
        (
            "Rest under 11 h",
            format!("{} times, shortest rest {}", rest.violations, hours(rest.shortest_rest_hours)),
        ),
        (
            "Weeks over 48 h",
            format!(
                "{} by start, {} cut at Monday, longest {}",
                weekly.by_start.employee_weeks,
                weekly.split.employee_weeks,
                hours(weekly.split.max_hours)
            ),
        ),
    ])
}

fn long_weeks(text: &mut String, weeks: &OverLimit) {
    let mut rows: Vec<_> = weeks.rows.iter().flatten().collect();
    rows.sort_by(|a, b| b.hours.total_cmp(&a.hours));
    let row = |hours: f64| format!("{hours:.2}");
    let rows = rows.iter().take(TOP);
    let rows = rows.map(|week| (week.employee.as_str(), vec![week.iso_week.clone(), row(week.hours)]));
    table(text, &["Longest weeks, cut at Monday", "week", "hours"], rows.collect());
}

/// The largest counts first, those alike by name.
fn most<'a>(counts: impl Iterator<Item = (&'a String, &'a u64)>) -> Vec<(&'a str, Vec<String>)> {
    let mut counts: Vec<_> = counts.collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    counts.into_iter().take(TOP).map(|(name, count)| (name.as_str(), vec![count.to_string()])).collect()
}

fn pairs(rows: &[(&str, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    rows.iter().fold(String::new(), |mut text, (name, value)| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name:<width$}  {value}");
        text
    })
}

/// Appends a table whose first column is text and the others numbers; none without rows.
fn table(text: &mut String, header: &[&str], rows: Vec<(&str, Vec<String>)>) {
    if rows.is_empty() {
        return;
    }
    let [title, columns @ ..] = header else { return };
    let first = rows.iter().map(|(name, _)| name.chars().count()).chain([title.len()]).max().unwrap_or(0);
    let widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            rows.iter().map(|(_, values)| values[index].len()).chain([column.len()]).max().unwrap_or(0)
        })
        .collect();
    let line = |name: &str, values: &mut dyn Iterator<Item = &str>| {
        let values = values.zip(&widths).map(|(value, width)| format!("  {value:>width$}"));
        format!("{name:<first$}{}\n", values.collect::<String>())
    };
    text.push('\n');
    text.push_str(&line(title, &mut columns.iter().copied()));
    for (name, values) in &rows {
        text.push_str(&line(name, &mut values.iter().map(String::as_str)));
    }
}
