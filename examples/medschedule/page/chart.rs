//! Small charts. Colours are the style sheet's; what they show stands beside them as text.

use std::fmt::{self, Display, Formatter, Write};

use super::text::Escaped;

const WIDTH: f64 = 240.0;
const HEIGHT: f64 = 40.0;
/// As many points as the history holds: a chart that has yet to fill grows from the right.
const POINTS: usize = 100;

/// Lines over the last five minutes, each with its class; `None` is a gap.
pub(super) struct Chart<'a> {
    /// What is shown, for who cannot see it.
    pub(super) label: &'a str,
    pub(super) lines: &'a [(&'static str, Vec<Option<f64>>)],
    /// The least that the upper edge stands for.
    pub(super) at_least: f64,
}

impl Display for Chart<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let values = self.lines.iter().flat_map(|(_, line)| line.iter().flatten());
        let top = values.copied().filter(|value| value.is_finite()).fold(self.at_least, f64::max);
        write!(
            f,
            "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" \
             aria-label=\"{}\"><path class=\"edge\" d=\"M0 {HEIGHT}H{WIDTH}\"/>",
            Escaped(self.label)
        )?;
        for (class, line) in self.lines {
            write!(f, "<path class=\"{class}\" d=\"{}\"/>", path(line, top))?;
        }
        f.write_str("</svg>")
    }
}

fn path(line: &[Option<f64>], top: f64) -> String {
    let (mut path, mut drawing) = (String::new(), false);
    let step = WIDTH / (POINTS - 1) as f64;
    let first = POINTS.saturating_sub(line.len());
    for (at, value) in line.iter().enumerate() {
        let Some(value) = value.filter(|value| value.is_finite()) else {
            drawing = false;
            continue;
        };
        let (x, y) =
            ((first + at) as f64 * step, HEIGHT - 1.0 - value / top.max(f64::MIN_POSITIVE) * (HEIGHT - 2.0));
        // Writing to a String cannot fail.
        let _ = write!(path, "{}{x:.0} {y:.1}", if drawing { 'L' } else { 'M' });
        // A point alone would not be seen.
        if !drawing && line.get(at + 1).is_none_or(Option::is_none) {
            path.push_str("h1");
        }
        drawing = true;
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_ends_at_the_right_and_leaves_gaps() {
        assert_eq!(path(&[Some(1.0), Some(0.5)], 1.0), "M238 1.0L240 20.0");
        assert_eq!(path(&[Some(1.0), None, Some(0.0)], 1.0), "M235 1.0h1M240 39.0h1");
        assert_eq!(path(&[Some(f64::NAN), Some(f64::INFINITY)], 1.0), "");
        let lines = [("rate", vec![Some(0.0)])];
        let chart = Chart { label: "a \"b\"", lines: &lines, at_least: 0.0 }.to_string();
        assert!(chart.contains("aria-label=\"a &quot;b&quot;\"") && !chart.contains("NaN"), "{chart}");
    }
}
