//! Reports as text.

use std::fmt::Write as _;

use ms_analytics::hdr::LogReport;
use ms_analytics::load::{Load, LoadReport, Spread};
use ms_analytics::rules::RuleReport;
use ms_analytics::timetable::{Conflict, CoverageReport};
use ms_analytics::{Comparison, Distribution, OverLimit, ShiftReport};
use serde::Serialize;

use crate::analyses::Report;

/// Lines of a list that a person wants to read; `--json` has all.
const TOP: usize = 10;

/// Writes JSON for people and machines.
pub fn json(report: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(report).expect("reports have string keys only");
    text.push('\n');
    text
}

/// Writes all that was asked for as tables.
pub fn report(report: &Report) -> String {
    let mut text = shifts(&report.shifts);
    if let Some(load) = &report.load {
        loads(&mut text, load);
    }
    if let Some(found) = &report.conflicts {
        conflicts(&mut text, found);
    }
    if let Some(found) = &report.coverage {
        coverage(&mut text, found);
    }
    if let Some(report) = &report.rules {
        text.push_str(&rules(report));
    }
    text
}

fn loads(text: &mut String, load: &LoadReport) {
    let fairness = &load.fairness;
    let spreads = [
        ("hours", fairness.hours),
        ("nights", fairness.nights),
        ("weekends", fairness.weekends),
        ("holidays", fairness.holidays),
    ];
    let two = |number: f64| format!("{number:.2}");
    let row = |(name, spread): (&'static str, Spread)| {
        let gini = spread.gini.map_or("-".to_owned(), |gini| format!("{gini:.3}"));
        (name, vec![gini, two(spread.min), two(spread.mean.unwrap_or_default()), two(spread.max)])
    };
    table(text, &["Spread over employees", "Gini", "least", "mean", "most"], spreads.map(row).into());
    let columns = |title| [title, "shifts", "hours", "nights", "weekends", "holidays"];
    let row = |(name, load): (&'static str, &Load)| (name, load_columns(load));
    let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    table(text, &columns("By weekday"), days.into_iter().zip(&load.by_weekday).map(row).collect());
    let parts = [
        ("By department", &load.by_department),
        ("By role", &load.by_role),
        ("By month", &load.by_month),
        ("By week", &load.by_week),
    ];
    for (title, loads) in parts {
        let rows = loads.iter().map(|(name, load)| (name.as_str(), load_columns(load)));
        table(text, &columns(title), rows.collect());
    }
    let mut employees: Vec<_> = load.by_employee.iter().collect();
    employees.sort_by(|a, b| b.1.hours.total_cmp(&a.1.hours));
    let rows = employees.into_iter().take(TOP).map(|(name, load)| (name.as_str(), load_columns(load)));
    table(text, &columns("Employees with most hours"), rows.collect());
}

fn load_columns(load: &Load) -> Vec<String> {
    vec![
        load.shifts.to_string(),
        format!("{:.2}", load.hours),
        load.night_shifts.to_string(),
        load.weekend_shifts.to_string(),
        load.holiday_shifts.to_string(),
    ]
}

fn conflicts(text: &mut String, conflicts: &[Conflict]) {
    let rows = conflicts.iter().map(|conflict| {
        let values = vec![
            conflict.from.clone(),
            format!("{:.2}", conflict.hours),
            conflict.shifts.join(", "),
            conflict.departments.join(" | "),
        ];
        (conflict.employee.as_str(), values)
    });
    table(text, &["Conflict of", "from", "hours", "shifts", "departments"], rows.collect());
}

fn coverage(text: &mut String, coverage: &CoverageReport) {
    let CoverageReport { windows, short, over, short_hours, over_hours, .. } = coverage;
    let _ = write!(
        text,
        "\nCoverage: {windows} windows, {short} with too few ({short_hours:.2} h missing), {over} with too many ({over_hours:.2} h)\n"
    );
    let rows = coverage.listed.iter().take(TOP).map(|gap| {
        let values = vec![gap.from.clone(), gap.until.clone(), gap.fewest.to_string(), gap.most.to_string()];
        (gap.department.as_str(), values)
    });
    table(text, &["Not covered", "from", "until", "fewest", "most"], rows.collect());
}

/// Writes a report on shifts as tables.
fn shifts(report: &ShiftReport) -> String {
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

/// Writes how often each working-time rule was broken, and by whom most.
fn rules(report: &RuleReport) -> String {
    let mut text = format!("\n{} (read on {})\n{}\n", report.name, report.read_on, report.note);
    let rows = report.rules.iter().map(|rule| {
        (
            rule.id.as_str(),
            vec![rule.article.clone(), rule.violations.to_string(), rule.by_employee.len().to_string()],
        )
    });
    table(&mut text, &["Rule", "article", "violations", "employees"], rows.collect());
    for rule in report.rules.iter().filter(|rule| rule.violations > 0) {
        table(&mut text, &[&format!("Most often: {}", rule.id), "violations"], most(rule.by_employee.iter()));
    }
    text
}

/// Writes the figures of a sample.
pub fn latency(figures: Option<&Distribution>) -> String {
    let Some(figures) = figures else { return pairs(&[("Values", "0".to_owned())]) };
    let seconds = |seconds: f64| format!("{seconds:.6} s");
    pairs(&[
        ("Values", figures.count.to_string()),
        ("Mean", seconds(figures.avg_response_time)),
        ("Standard deviation", seconds(figures.std_population)),
        ("Shortest", seconds(figures.min)),
        ("Median", seconds(figures.p50_response_time)),
        ("90th percentile", seconds(figures.p90_response_time)),
        ("95th percentile", seconds(figures.p95_response_time)),
        ("99th percentile", seconds(figures.p99_response_time)),
        ("99.9th percentile", seconds(figures.p99_9_response_time)),
        ("Longest", seconds(figures.max)),
    ])
}

/// Writes what interval logs hold, in their own unit.
pub fn intervals(report: &LogReport) -> String {
    let mut text = pairs(&[("Intervals", report.intervals.to_string())]);
    let all = report.merged.iter().map(|figures| ("all", figures));
    let tags = report
        .merged_by_tag
        .iter()
        .map(|(tag, figures)| (if tag.is_empty() { "without tag" } else { tag.as_str() }, figures));
    let rows = all.chain(tags);
    let columns: Vec<_> = report.merged.iter().flat_map(|figures| figures.percentiles.keys()).collect();
    let mut header = vec!["Series", "values", "mean"];
    header.extend(columns.iter().map(|column| **column));
    let rows = rows.map(|(name, figures)| {
        let mut values =
            vec![figures.summary.total_count.to_string(), format!("{:.0}", figures.summary.mean)];
        values.extend(columns.iter().map(|column| figures.percentiles[**column].to_string()));
        (name, values)
    });
    table(&mut text, &header, rows.collect());
    text
}

/// Writes two periods side by side.
pub fn comparison(comparison: &Comparison) -> String {
    let (before, after) = (&comparison.before, &comparison.after);
    let mut text = pairs(&[
        ("Values", format!("{} before, {} after", before.count, after.count)),
        ("Mean", format!("{} before, {} after", number(before.mean), number(after.mean))),
    ]);
    let rows: Vec<_> = comparison
        .quantiles
        .iter()
        .map(|change| {
            let ratio = change.ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.3}"));
            let values = vec![number(change.before), number(change.after), number(change.difference), ratio];
            (format!("{}", change.percentile), values)
        })
        .collect();
    let rows = rows.iter().map(|(name, values)| (name.as_str(), values.clone())).collect();
    table(&mut text, &["Percentile", "before", "after", "difference", "ratio"], rows);
    text
}

/// Six decimals for seconds, none for the whole numbers of histograms.
fn number(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() >= 1000.0 {
        format!("{number:.0}")
    } else {
        format!("{number:.6}")
    }
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
            rows.iter()
                .map(|(_, values)| values[index].chars().count())
                .chain([column.len()])
                .max()
                .unwrap_or(0)
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
