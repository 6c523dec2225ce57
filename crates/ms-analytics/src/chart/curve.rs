//! Latency by percentile.

use std::fmt::Write;

use super::language::{Language, Word};
use super::svg::{self, COLOURS};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 80.0;
const BOTTOM: f64 = 40.0;
const TOP: f64 = 24.0;
/// Each tenth of the rest as far apart: 0, 90, 99, 99.9, 99.99 %.
const DECADES: [&str; 5] = ["0 %", "90 %", "99 %", "99.9 %", "99.99 %"];
const STEPS: u32 = 80;

/// Draws samples of response times, in seconds, as curves over percentiles, each decade of the slowest requests as wide
/// as the one before. A sample is named; one that is empty or not finite is left out.
pub fn percentile_curve(samples: &[(&str, &[f64])], language: Language) -> String {
    let curves: Vec<_> = samples.iter().filter_map(|(name, sample)| Some((*name, points(sample)?))).collect();
    let largest = curves.iter().flat_map(|(_, points)| points).map(|(_, time)| *time).fold(0.0, f64::max);
    let largest = if largest > 0.0 { largest } else { 1.0 };
    let mut out = String::new();
    svg::open(&mut out, WIDTH, HEIGHT, language.say(Word::Latency));
    let x = |share: f64| LEFT + (WIDTH - LEFT - 20.0) * share;
    let y = |time: f64| HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * time / largest;
    for (decade, name) in DECADES.iter().zip(0_u32..).map(|(name, at)| (f64::from(at) / 4.0, name)) {
        svg::line(&mut out, (x(decade), TOP), (x(decade), HEIGHT - BOTTOM), "#dddddd");
        svg::text(
            &mut out,
            x(decade),
            HEIGHT - BOTTOM + 18.0,
            if decade < 1.0 { "middle" } else { "end" },
            name,
        );
    }
    for quarter in 0..=4_u32 {
        let time = largest * f64::from(quarter) / 4.0;
        svg::line(&mut out, (LEFT, y(time)), (WIDTH - 20.0, y(time)), "#dddddd");
        svg::text(&mut out, LEFT - 8.0, y(time) + 4.0, "end", &format!("{time:.3} s"));
    }
    for (at, ((name, points), colour)) in curves.iter().zip(COLOURS.iter().cycle()).enumerate() {
        let path: String =
            points.iter().map(|(share, time)| format!("{:.1},{:.1} ", x(*share), y(*time))).collect();
        // Dashes too, so that curves differ without colour.
        let dashes = if at % 2 == 0 { "none" } else { "6 4" };
        let _ = write!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dashes}\"/>",
            path.trim_end()
        );
        let legend = TOP + 16.0 * at as f64;
        let _ = write!(
            out,
            "<line x1=\"{:.1}\" y1=\"{legend:.1}\" x2=\"{:.1}\" y2=\"{legend:.1}\" stroke=\"{colour}\" stroke-width=\"2\" \
             stroke-dasharray=\"{dashes}\"/>",
            LEFT + 12.0,
            LEFT + 40.0
        );
        svg::text(&mut out, LEFT + 48.0, legend + 4.0, "start", &svg::cut(name, 40));
    }
    svg::close(&mut out);
    out
}

/// Where the curve goes: share of the width and time.
fn points(sample: &[f64]) -> Option<Vec<(f64, f64)>> {
    use crate::{PercentileMethod, PerformanceAnalytics};

    let shares: Vec<_> = (0..=STEPS).map(|step| f64::from(step) / f64::from(STEPS)).collect();
    let at: Vec<_> = shares.iter().map(|share| 100.0 * (1.0 - 10_f64.powf(-4.0 * share))).collect();
    let times = PerformanceAnalytics::percentiles(sample, &at, PercentileMethod::Linear).ok()?;
    Some(shares.into_iter().zip(times).collect())
}
