//! The chart of overheads, as SVG.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

use crate::metrics::overhead::Overhead;

const ROW: usize = 24;
const TOP: usize = 56;
const NAMES: usize = 275;
/// Of a panel, and of the longest bar in it.
const PANEL: usize = 230;
const LONGEST: f64 = 150.0;

/// A panel: its heading, and what it shows of a layer.
type Panel = (&'static str, fn(&Overhead) -> f64);

const PANELS: [Panel; 3] = [
    ("nanoseconds", |of| of.nanoseconds),
    ("instructions", |of| of.instructions),
    ("allocations", |of| of.allocations),
];

/// Writes the chart to a file.
pub fn write(path: &Path, overheads: &[Overhead]) -> io::Result<()> {
    fs::write(path, svg(overheads))
}

fn svg(overheads: &[Overhead]) -> String {
    let (width, height) = (NAMES + PANELS.len() * PANEL, TOP + overheads.len() * ROW + 12);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" font-family=\"sans-serif\" font-size=\"13\" role=\"img\">\n\
         <title>What a metrics layer costs a request, over a bare axum router; less is better</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    text(&mut svg, 12, 22, "bold", "What a layer costs a request, over a bare axum router (less is better)");
    for (row, of) in overheads.iter().enumerate() {
        text(&mut svg, 12, TOP + row * ROW + 15, weight(of), of.layer);
    }
    for (number, panel) in PANELS.into_iter().enumerate() {
        bars(&mut svg, NAMES + number * PANEL, panel, overheads);
    }
    svg.push_str("</svg>\n");
    svg
}

fn bars(svg: &mut String, left: usize, (heading, value): Panel, overheads: &[Overhead]) {
    text(svg, left, 46, "bold", heading);
    let most = overheads.iter().map(value).fold(f64::MIN_POSITIVE, f64::max);
    for (row, of) in overheads.iter().enumerate() {
        let (top, value) = (TOP + row * ROW, value(of).max(0.0));
        let length = (value / most * LONGEST).max(1.0);
        let colour = if of.ours { "#1a7f37" } else { "#8c959f" };
        // Into a string it cannot fail.
        let _ = writeln!(
            svg,
            "<rect x=\"{left}\" y=\"{}\" width=\"{length:.1}\" height=\"16\" fill=\"{colour}\"/>",
            top + 3
        );
        text(svg, left + length as usize + 6, top + 15, weight(of), &short(value));
    }
}

fn text(svg: &mut String, x: usize, y: usize, weight: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let _ =
        writeln!(svg, "<text x=\"{x}\" y=\"{y}\" font-weight=\"{weight}\" fill=\"#1f2328\">{text}</text>");
}

fn weight(of: &Overhead) -> &'static str {
    if of.ours { "bold" } else { "normal" }
}

/// Whole numbers, with commas between the thousands.
fn short(value: f64) -> String {
    let (thousands, rest) = ((value.round() as u64) / 1000, (value.round() as u64) % 1000);
    if thousands > 0 { format!("{thousands},{rest:03}") } else { rest.to_string() }
}
