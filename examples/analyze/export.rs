//! One row an employee, for spreadsheets and Markdown.

use ms_analytics::export;

use crate::analyses::Report;

const HEADER: [&str; 9] = [
    "employee",
    "shifts",
    "hours",
    "night shifts",
    "weekend shifts",
    "holiday shifts",
    "conflicts",
    "rests under 11 h",
    "rule violations",
];

pub fn csv(report: &Report) -> String {
    export::csv(&HEADER, rows(report))
}

pub fn markdown(report: &Report) -> String {
    export::markdown(&HEADER, rows(report))
}

fn rows(report: &Report) -> impl Iterator<Item = Vec<String>> {
    let loads = report.load.iter().flat_map(|load| &load.by_employee);
    loads.map(|(employee, load)| {
        let of =
            |counts: &std::collections::BTreeMap<String, u64>| counts.get(employee).copied().unwrap_or(0);
        let rules = report.rules.iter().flat_map(|rules| &rules.rules);
        let broken: u64 = rules.map(|rule| of(&rule.by_employee)).sum();
        vec![
            employee.clone(),
            load.shifts.to_string(),
            format!("{:.2}", load.hours),
            load.night_shifts.to_string(),
            load.weekend_shifts.to_string(),
            load.holiday_shifts.to_string(),
            of(&report.shifts.common_conflicts.by_employee).to_string(),
            of(&report.shifts.rest.by_employee).to_string(),
            broken.to_string(),
        ]
    })
}
