//! The page as text. Everything that is not ours is escaped.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use ms_analytics::ResponseTimes;
use ms_health::{CheckReport, Report};
use ms_metrics::Explanation;
use serde_json::Value;

use super::explain;
use super::requests::Answers;
use crate::store::StoredShift;

const BUSIEST: usize = 8;

/// What the page shows.
#[derive(Debug)]
pub(super) struct View<'a> {
    pub(super) health: &'a Report,
    pub(super) alerts: &'a [Active],
    pub(super) requests: &'a BTreeMap<(String, String), Answers>,
    pub(super) users: Option<f64>,
    pub(super) times: Option<ResponseTimes>,
    /// The report over all shifts; `None` if the roster cannot be read.
    pub(super) report: Option<&'a Value>,
    pub(super) latest: Option<Vec<StoredShift>>,
    pub(super) explanation: &'a Explanation,
}

/// An alert that is pending or firing.
#[derive(Clone, Debug)]
pub(super) struct Active {
    pub(super) name: String,
    pub(super) state: &'static str,
    pub(super) severity: String,
    pub(super) since: String,
    pub(super) summary: String,
}

impl Display for View<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let status = self.health.status().as_str();
        f.write_str(HEAD)?;
        write!(f, "<header><h1>MedSchedule</h1><p class=\"pill {status}\">{status}</p></header>\n<main>\n")?;
        self.figures(f)?;
        self.checks(f)?;
        self.alerts(f)?;
        self.roster(f)?;
        self.latest(f)?;
        self.requests(f)?;
        explain::section(f, self.explanation)?;
        f.write_str(FOOT)
    }
}

impl View<'_> {
    fn figures(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let number = |key: &str| self.report.and_then(|report| report.pointer(key)).and_then(Value::as_u64);
        let count = |key: &str| Optional(number(key));
        f.write_str("<section class=\"figures\">\n")?;
        figure(f, "shifts", &count("/total_shifts"))?;
        figure(f, "employees", &count("/employees"))?;
        figure(f, "conflicts", &count("/common_conflicts/total_pairs"))?;
        figure(f, "rests too short", &count("/rest/violations"))?;
        figure(f, "users signed in", &Optional(self.users))?;
        figure(f, "mean response", &Optional(self.times.map(|times| Milliseconds(times.avg_response_time))))?;
        figure(f, "95 % within", &Optional(self.times.map(|times| Milliseconds(times.p95_response_time))))?;
        figure(f, "99 % within", &Optional(self.times.map(|times| Milliseconds(times.p99_response_time))))?;
        f.write_str("</section>\n")
    }

    fn checks(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("<section class=\"watch\"><h2>Health</h2><table><tr><th>check<th>status<th>what it found<th class=\"n\">took</tr>\n")?;
        for check in self.health.checks() {
            let status = check.status().as_str();
            let critical = if check.critical() { " <small>critical</small>" } else { "" };
            let name = Escaped(check.name());
            write!(f, "<tr><td>{name}{critical}<td><span class=\"pill {status}\">{status}</span><td>")?;
            found(f, check)?;
            writeln!(f, "<td class=\"n\">{}</tr>", Milliseconds(check.duration().as_secs_f64()))?;
        }
        f.write_str("</table></section>\n")
    }

    fn alerts(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("<section class=\"watch alerts\"><h2>Alerts</h2>")?;
        if self.alerts.is_empty() {
            return f.write_str("<p class=\"quiet\">No alert is pending or firing.</p></section>\n");
        }
        f.write_str("<table><tr><th>alert<th>state<th>severity<th>since<th>summary</tr>\n")?;
        for Active { name, state, severity, since, summary } in self.alerts {
            let (name, severity, summary) = (Escaped(name), Escaped(severity), Escaped(summary));
            write!(f, "<tr><td>{name}<td><span class=\"pill {state}\">{state}</span>")?;
            writeln!(f, "<td>{severity}<td>{}<td>{summary}</tr>", Time(since))?;
        }
        f.write_str("</table></section>\n")
    }

    fn roster(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("<section><h2>Roster</h2>")?;
        let Some(report) = self.report else {
            return f.write_str("<p class=\"quiet\">The roster cannot be read now.</p></section>\n");
        };
        f.write_str("<div class=\"columns\">")?;
        ranking(f, "shifts by department", report.pointer("/shifts_per_department"))?;
        ranking(f, "conflicts by department", report.pointer("/common_conflicts/by_department"))?;
        ranking(f, "conflicts by employee", report.pointer("/common_conflicts/by_employee"))?;
        f.write_str("</div></section>\n")
    }

    fn latest(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("<section><h2>Planned last</h2>")?;
        let Some(latest) = self.latest.as_ref().filter(|latest| !latest.is_empty()) else {
            return f.write_str("<p class=\"quiet\">No shift to show.</p></section>\n");
        };
        f.write_str("<table><tr><th>employee<th>department<th>start<th>end<th class=\"n\">hours</tr>\n")?;
        for StoredShift { employee, department, start, end, duration, .. } in latest {
            let (employee, department) = (Escaped(employee), Escaped(department));
            let (start, end, hours) = (Time(start), Time(end), (duration * 100.0).round() / 100.0);
            writeln!(
                f,
                "<tr><td>{employee}<td>{department}<td>{start}<td>{end}<td class=\"n\">{hours}</tr>"
            )?;
        }
        f.write_str("</table></section>\n")
    }

    fn requests(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(
            "<section><h2>Requests</h2><table><tr><th>method<th>endpoint<th class=\"n\">answered\
             <th class=\"n\">refused<th class=\"n\">failed</tr>\n",
        )?;
        for ((endpoint, method), Answers { good, refused, failed }) in self.requests {
            let (endpoint, method) = (Escaped(endpoint), Escaped(method));
            write!(
                f,
                "<tr><td>{method}<td><code>{endpoint}</code><td class=\"n\">{good}<td class=\"n\">{refused}"
            )?;
            writeln!(f, "<td class=\"n\">{failed}</tr>")?;
        }
        f.write_str("</table></section>\n")
    }
}

fn figure(f: &mut Formatter<'_>, name: &str, value: &dyn Display) -> fmt::Result {
    writeln!(f, "<p><b>{value}</b><span>{name}</span></p>")
}

fn found(f: &mut Formatter<'_>, check: &CheckReport) -> fmt::Result {
    for reading in check.readings() {
        if let Some(value) = reading.value {
            let name = Escaped(reading.name.trim_end_matches("_usage"));
            write!(
                f,
                "<span class=\"reading\">{name} <meter min=\"0\" max=\"100\" high=\"90\" value=\"{value:.1}\"></meter> {value:.0} %</span> "
            )?;
        }
    }
    match check.error().or(check.reason().map(|reason| reason.as_str())) {
        Some(error) => write!(f, "{}", Escaped(error)),
        None => Ok(()),
    }
}

fn ranking(f: &mut Formatter<'_>, title: &str, counts: Option<&Value>) -> fmt::Result {
    let counts = counts.and_then(Value::as_object).into_iter().flatten();
    let mut counts: Vec<_> = counts.filter_map(|(name, count)| Some((count.as_u64()?, name))).collect();
    counts.sort_by(|(a, a_name), (b, b_name)| b.cmp(a).then(a_name.cmp(b_name)));
    let most = counts.first().map_or(1, |(most, _)| *most);
    write!(f, "<div><h3>{title}</h3>")?;
    if counts.is_empty() {
        return f.write_str("<p class=\"quiet\">none</p></div>");
    }
    f.write_str("<table>")?;
    for (count, name) in counts.iter().take(BUSIEST) {
        let name = Escaped(name);
        write!(
            f,
            "<tr><td>{name}<td><progress max=\"{most}\" value=\"{count}\"></progress><td class=\"n\">{count}</tr>"
        )?;
    }
    f.write_str("</table>")?;
    match counts.len().saturating_sub(BUSIEST) {
        0 => f.write_str("</div>"),
        more => write!(f, "<p class=\"quiet\">and {more} more</p></div>"),
    }
}

/// Text that cannot leave its place in the page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(position) = rest.find(['&', '<', '>', '"', '\'']) {
            let (before, after) = rest.split_at(position);
            f.write_str(before)?;
            let mut characters = after.chars();
            f.write_str(match characters.next() {
                Some('&') => "&amp;",
                Some('<') => "&lt;",
                Some('>') => "&gt;",
                Some('"') => "&quot;",
                _ => "&#39;",
            })?;
            rest = characters.as_str();
        }
        f.write_str(rest)
    }
}

/// A timestamp to the minute, as its roster wrote it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time<'a>(pub(super) &'a str);

impl Display for Time<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let minute = self.0.get(..16).unwrap_or(self.0).replace('T', " ");
        let zone = if self.0.ends_with('Z') { " UTC" } else { "" };
        write!(f, "<time datetime=\"{}\">{}{zone}</time>", Escaped(self.0), Escaped(&minute))
    }
}

struct Optional<T>(Option<T>);

impl<T: Display> Display for Optional<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str("–"),
        }
    }
}

/// Seconds, shown so that microseconds and minutes both can be read.
struct Milliseconds(f64);

impl Display for Milliseconds {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let milliseconds = self.0 * 1e3;
        let decimals = if milliseconds < 10.0 { 2 } else { 0 };
        write!(f, "{milliseconds:.decimals$} ms")
    }
}

const HEAD: &str = "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<meta http-equiv=\"refresh\" content=\"15\">
<title>MedSchedule: operations</title>
<link rel=\"icon\" href=\"data:,\">
<link rel=\"stylesheet\" href=\"/operations.css\">
</head>
<body>
";

const FOOT: &str = "</main>
<footer><nav>
<a href=\"/health\">health</a>
<a href=\"/health/live\">live</a>
<a href=\"/health/ready\">ready</a>
<a href=\"/health/status\">status page</a>
<a href=\"/metrics\">metrics</a>
<a href=\"/api/v1/explain/metrics\">metrics explained</a>
<a href=\"/api/v1/alerts\">alerts</a>
<a href=\"/api/v1/shifts\">shifts</a>
<a href=\"/api/v1/reports/shifts\">shift report</a>
<a href=\"/api/v1/reports/response-times\">response times</a>
</nav><p>Response times: last five minutes. The page renews itself every 15 seconds.</p></footer>
</body>
</html>
";
