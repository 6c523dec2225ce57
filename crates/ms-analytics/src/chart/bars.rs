//! One bar a name.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::svg::{self, COLOURS};

const ROW: f64 = 22.0;
const NAMES: f64 = 190.0;
const WIDTH: f64 = 760.0;
const MOST: usize = 40;

/// Draws counts as bars, the largest first, at most 40 of them; the rest are summed up in the last.
pub fn bars(title: &str, counts: &BTreeMap<String, u64>) -> String {
    let mut rows: Vec<_> = counts.iter().map(|(name, count)| (name.clone(), *count)).collect();
    rows.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    if rows.len() > MOST {
        let rest: u64 = rows.drain(MOST - 1..).map(|(_, count)| count).sum();
        rows.push(("…".to_owned(), rest));
    }
    let largest = rows.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1) as f64;
    let mut out = String::new();
    svg::open(&mut out, WIDTH, 16.0 + ROW * rows.len() as f64, title);
    let mut y = 8.0;
    for (name, count) in &rows {
        let width = (WIDTH - NAMES - 80.0) * *count as f64 / largest;
        svg::text(&mut out, NAMES - 8.0, y + 15.0, "end", &svg::cut(name, 26));
        let [blue, ..] = COLOURS;
        let _ = write!(
            out,
            "<rect x=\"{NAMES}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{:.1}\" fill=\"{blue}\"/>",
            y + 3.0,
            ROW - 6.0
        );
        svg::text(&mut out, NAMES + width + 6.0, y + 15.0, "start", &count.to_string());
        y += ROW;
    }
    svg::close(&mut out);
    out
}
