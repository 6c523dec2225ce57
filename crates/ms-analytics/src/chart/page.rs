//! The page.

use std::fmt::Write;

use super::language::{Language, Word};
use super::svg::Escaped;
use super::{bars, gantt, heat_map, percentile_curve};
use crate::ShiftReport;
use crate::load::{LoadReport, Spread};
use crate::rules::RuleReport;
use crate::timetable::{Conflict, Timetable};

/// Pictures keep a white ground and a size at which they can be read: where the page is narrower, they scroll.
const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#222;--pale:#444;--ground:#fff;--rule:#ccc}@media(prefers-color-scheme:dark){\
:root{--ink:#e6e6e6;--pale:#b3b3b3;--ground:#16181c;--rule:#4a4d52}}body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);\
background:var(--ground);max-width:1120px;margin:2rem auto;padding:0 1rem}h1,h2{line-height:1.2}dl{display:grid;\
grid-template-columns:repeat(auto-fit,minmax(130px,1fr));gap:1rem}dl div{border:1px solid var(--rule);border-radius:6px;\
padding:.5rem .75rem}dt{font-size:.85rem;color:var(--pale)}dd{margin:0;font-size:1.5rem;font-variant-numeric:tabular-nums}\
svg{max-width:100%;min-width:740px;height:auto;border-radius:6px}figure{margin:1rem 0;overflow-x:auto}figcaption,.note{\
color:var(--pale);font-size:.9rem}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;\
border-bottom:1px solid var(--rule);vertical-align:top}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\
td.t{white-space:nowrap}@media print{:root{--ink:#222;--pale:#444;--ground:#fff;--rule:#ccc}body{margin:0}svg{min-width:0}}";

/// What a page shows; parts that are left out are not on it.
///
/// # Examples
///
/// ```
/// use ms_analytics::chart::{Language, Page};
/// use ms_analytics::{Shift, ShiftAnalytics};
///
/// let (start, end) = ("2026-03-02T08:00:00+03:00", "2026-03-02T16:00:00+03:00");
/// let shift = Shift::new("1", "<b>Ayşe", "Acil", start, end, None)?;
/// let report = ShiftAnalytics::analyze_shift_patterns(&[shift]);
/// let html = Page::new(Language::Turkish).shifts(&report).html();
/// assert!(html.starts_with("<!doctype html>") && html.contains("lang=\"tr\""));
/// # Ok::<(), ms_analytics::FieldFault>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a page is made by `html`"]
pub struct Page<'a> {
    language: Language,
    shifts: Option<&'a ShiftReport>,
    timetable: Option<&'a Timetable>,
    load: Option<&'a LoadReport>,
    conflicts: &'a [Conflict],
    rules: Option<&'a RuleReport>,
    samples: Vec<(&'a str, &'a [f64])>,
}

impl<'a> Page<'a> {
    /// Starts an empty page.
    pub fn new(language: Language) -> Self {
        Self { language, ..Self::default() }
    }

    /// Shows the figures and the bars by department.
    pub fn shifts(mut self, report: &'a ShiftReport) -> Self {
        self.shifts = Some(report);
        self
    }

    /// Draws the roster.
    pub fn timetable(mut self, timetable: &'a Timetable) -> Self {
        self.timetable = Some(timetable);
        self
    }

    /// Draws the heat map and shows fairness.
    pub fn load(mut self, load: &'a LoadReport) -> Self {
        self.load = Some(load);
        self
    }

    /// Lists conflicts.
    pub fn conflicts(mut self, conflicts: &'a [Conflict]) -> Self {
        self.conflicts = conflicts;
        self
    }

    /// Shows working-time rules and how often each was broken.
    pub fn rules(mut self, rules: &'a RuleReport) -> Self {
        self.rules = Some(rules);
        self
    }

    /// Draws response times in seconds; several samples share one picture, as before and after.
    pub fn response_times(mut self, name: &'a str, seconds: &'a [f64]) -> Self {
        self.samples.push((name, seconds));
        self
    }

    /// Makes the page: one file, without scripts, that loads nothing.
    pub fn html(&self) -> String {
        let title = self.say(if self.shifts.is_none() && !self.samples.is_empty() {
            Word::Latency
        } else {
            Word::Title
        });
        // Writing to a String cannot fail.
        let mut out = format!(
            "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width,initial-scale=1\"><meta http-equiv=\"Content-Security-Policy\" \
             content=\"default-src 'none'; style-src 'unsafe-inline'\"><title>{title}</title><style>{STYLE}</style></head>\
             <body><main><h1>{title}</h1>",
            self.language.code()
        );
        self.figures(&mut out);
        if let Some(timetable) = self.timetable {
            self.figure(&mut out, Word::Roster, Word::RosterNote, &gantt(timetable, self.language));
        }
        self.list_conflicts(&mut out);
        if let Some(load) = self.load {
            self.figure(&mut out, Word::HeatMap, Word::HeatMapNote, &heat_map(&load.heat_map, self.language));
        }
        if let Some(shifts) = self.shifts {
            let heading = self.say(Word::ByDepartment);
            let _ = write!(
                out,
                "<h2>{heading}</h2><figure>{}</figure>",
                bars(heading, &shifts.shifts_per_department)
            );
        }
        self.fairness(&mut out);
        self.rule_table(&mut out);
        if !self.samples.is_empty() {
            let curve = percentile_curve(&self.samples, self.language);
            self.figure(&mut out, Word::Latency, Word::LatencyNote, &curve);
        }
        out.push_str("</main></body></html>\n");
        out
    }

    fn say(&self, word: Word) -> &'static str {
        self.language.say(word)
    }

    fn figure(&self, out: &mut String, heading: Word, note: Word, picture: &str) {
        let (heading, note) = (self.say(heading), self.say(note));
        let _ = write!(out, "<h2>{heading}</h2><figure>{picture}<figcaption>{note}</figcaption></figure>");
    }

    fn figures(&self, out: &mut String) {
        let Some(shifts) = self.shifts else { return };
        let mean = shifts.avg_shift_duration.map_or("–".to_owned(), |hours| format!("{hours:.2} h"));
        let rows = [
            (Word::Shifts, shifts.total_shifts.to_string()),
            (Word::Employees, shifts.employees.to_string()),
            (Word::MeanDuration, mean),
            (Word::NightShifts, shifts.night_shifts.to_string()),
            (Word::Conflicts, shifts.common_conflicts.total_pairs.to_string()),
            (Word::ShortRests, shifts.rest.violations.to_string()),
            (Word::LongWeeks, shifts.weekly_over_48.split.employee_weeks.to_string()),
        ];
        out.push_str("<dl>");
        for (word, value) in rows {
            let _ = write!(out, "<div><dt>{}</dt><dd>{value}</dd></div>", self.say(word));
        }
        out.push_str("</dl>");
    }

    fn list_conflicts(&self, out: &mut String) {
        let columns = [Word::Employee, Word::From, Word::Hours, Word::Shifts, Word::Departments];
        let rows = self.conflicts.iter().map(|conflict| {
            let Conflict { employee, from, hours, shifts, departments, .. } = conflict;
            vec![
                employee.clone(),
                from.clone(),
                format!("{hours:.2}"),
                shifts.join(", "),
                departments.join(" | "),
            ]
        });
        self.table(out, Word::Conflicts, &columns, &[2], rows.collect());
    }

    fn fairness(&self, out: &mut String) {
        let Some(load) = self.load else { return };
        let spreads = [
            (Word::Hours, load.fairness.hours),
            (Word::Nights, load.fairness.nights),
            (Word::Weekends, load.fairness.weekends),
            (Word::Holidays, load.fairness.holidays),
        ];
        let row = |(word, spread): (Word, Spread)| {
            let number =
                |number: Option<f64>| number.map_or("–".to_owned(), |number| format!("{number:.2}"));
            let gini = spread.gini.map_or("–".to_owned(), |gini| format!("{gini:.3}"));
            vec![
                self.say(word).to_owned(),
                gini,
                number(Some(spread.min)),
                number(spread.mean),
                number(Some(spread.max)),
            ]
        };
        let columns = [Word::Fairness, Word::Gini, Word::Least, Word::Mean, Word::Most];
        self.table(out, Word::Fairness, &columns, &[1, 2, 3, 4], spreads.map(row).into());
    }

    fn rule_table(&self, out: &mut String) {
        let Some(rules) = self.rules else { return };
        let rows = rules.rules.iter().map(|rule| {
            vec![rule.id.clone(), rule.article.clone(), rule.text.clone(), rule.violations.to_string()]
        });
        let columns = [Word::Rule, Word::Article, Word::Rules, Word::Violations];
        self.table(out, Word::Rules, &columns, &[3], rows.collect());
        let _ = write!(
            out,
            "<p class=\"note\">{}: {} ({})</p>",
            Escaped(&rules.name),
            Escaped(&rules.note),
            Escaped(&rules.read_on)
        );
    }

    /// A table under a heading, numbers to the right; none without rows.
    fn table(
        &self,
        out: &mut String,
        heading: Word,
        columns: &[Word],
        numbers: &[usize],
        rows: Vec<Vec<String>>,
    ) {
        if rows.is_empty() {
            return;
        }
        let class = |at: usize| match columns.get(at) {
            _ if numbers.contains(&at) => " class=\"n\"",
            Some(Word::From) => " class=\"t\"",
            _ => "",
        };
        let _ = write!(out, "<h2>{}</h2><figure><table><thead><tr>", self.say(heading));
        for (at, column) in columns.iter().enumerate() {
            let _ = write!(out, "<th scope=\"col\"{}>{}</th>", class(at), self.say(*column));
        }
        out.push_str("</tr></thead><tbody>");
        for row in rows {
            out.push_str("<tr>");
            for (at, cell) in row.iter().enumerate() {
                let _ = write!(out, "<td{}>{}</td>", class(at), Escaped(cell));
            }
            out.push_str("</tr>");
        }
        out.push_str("</tbody></table></figure>");
    }
}
