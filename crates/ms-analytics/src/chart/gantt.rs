//! The roster, one row an employee.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::language::{Language, Word};
use super::svg::{self, ALARM, COLOURS, Escaped};
use crate::timetable::Timetable;

const NAMES: f64 = 150.0;
const WIDTH: f64 = 1_100.0;
const ROW: f64 = 20.0;
const TOP: f64 = 40.0;
/// More would be no picture any more.
const MOST_EMPLOYEES: usize = 60;
const MOST_SHIFTS: usize = 5_000;
const MOST_DAYS: i64 = 42;

/// Draws the six weeks in which the most shifts start, for the first 60 employees at work in them; says how many it left
/// out.
pub fn gantt(timetable: &Timetable, language: Language) -> String {
    let drawn = timetable.busiest_days(MOST_DAYS);
    let rows = drawn.rows.len().min(MOST_EMPLOYEES);
    let left_out = drawn.rows.len() - rows;
    let height = TOP + ROW * rows as f64 + 44.0;
    let mut out = String::new();
    svg::open(&mut out, WIDTH, height, language.say(Word::Roster));
    // Stripes tell conflicts without colour.
    let _ = write!(
        out,
        "<defs><pattern id=\"stripes\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" \
         patternTransform=\"rotate(45)\"><rect width=\"2\" height=\"5\" fill=\"{ALARM}\"/></pattern></defs>"
    );
    let span = (drawn.until - drawn.from).max(1) as f64;
    let x = |instant: i64| {
        NAMES + (WIDTH - NAMES - 10.0) * (instant.clamp(drawn.from, drawn.until) - drawn.from) as f64 / span
    };
    for (at, (instant, name)) in drawn.days.iter().enumerate() {
        svg::line(&mut out, (x(*instant), TOP - 6.0), (x(*instant), TOP + ROW * rows as f64), "#dddddd");
        if drawn.days.len() <= 14 || at % 7 == 0 {
            svg::text(&mut out, x(*instant) + 2.0, TOP - 12.0, "start", name);
        }
    }
    let mut colours: BTreeMap<&str, &str> = BTreeMap::new();
    for department in drawn.rows.iter().flat_map(|(_, bars)| bars).map(|bar| bar.department) {
        let next = COLOURS.get(colours.len() % COLOURS.len()).copied().unwrap_or_default();
        colours.entry(department).or_insert(next);
    }
    let mut shifts = 0;
    let mut y = TOP;
    for (employee, bars) in drawn.rows.iter().take(rows) {
        svg::text(&mut out, NAMES - 8.0, y + 14.0, "end", &svg::cut(employee, 22));
        for bar in bars.iter().take(MOST_SHIFTS - shifts) {
            shifts += 1;
            let colour = colours.get(bar.department).copied().unwrap_or_default();
            let width = (x(bar.end) - x(bar.start)).max(1.0);
            let frame = if bar.in_conflict { ALARM } else { "none" };
            let mark = if bar.in_conflict {
                format!(" – {}", language.say(Word::ConflictMark))
            } else {
                String::new()
            };
            let _ = write!(
                out,
                "<g><title>{}, {}: {} – {}{mark}</title><rect x=\"{:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{:.1}\" \
                 fill=\"{colour}\" fill-opacity=\"0.85\" stroke=\"{frame}\" stroke-width=\"1.5\"/>",
                Escaped(employee),
                Escaped(bar.department),
                bar.start_text,
                bar.end_text,
                x(bar.start),
                y + 3.0,
                ROW - 6.0,
            );
            if bar.in_conflict {
                let _ = write!(
                    out,
                    "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{:.1}\" fill=\"url(#stripes)\"/>",
                    x(bar.start),
                    y + 3.0,
                    ROW - 6.0
                );
            }
            out.push_str("</g>");
        }
        y += ROW;
    }
    let mut legend = NAMES;
    for (department, colour) in colours.iter().take(6) {
        let _ = write!(
            out,
            "<rect x=\"{legend:.1}\" y=\"{:.1}\" width=\"12\" height=\"12\" fill=\"{colour}\"/>",
            y + 10.0
        );
        svg::text(&mut out, legend + 16.0, y + 20.0, "start", &svg::cut(department, 18));
        legend += 150.0;
    }
    if left_out > 0 {
        let note = format!("{left_out} {}", language.say(Word::RowsLeftOut));
        svg::text(&mut out, NAMES, y + 38.0, "start", &note);
    }
    svg::close(&mut out);
    out
}
