//! Weekdays by hours.

use std::fmt::Write;

use super::language::{Language, Word};
use super::svg;

const CELL: (f64, f64) = (29.0, 26.0);
const LEFT: f64 = 44.0;
const TOP: f64 = 22.0;

/// Draws hours at work by weekday (Monday first) and hour of the day, as [`LoadReport`](crate::load::LoadReport) has them.
pub fn heat_map(hours: &[[f64; 24]; 7], language: Language) -> String {
    let largest = hours.iter().flatten().copied().fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let mut out = String::new();
    svg::open(&mut out, LEFT + 24.0 * CELL.0 + 8.0, TOP + 7.0 * CELL.1 + 8.0, language.say(Word::HeatMap));
    for hour in 0..24_u8 {
        let x = LEFT + (f64::from(hour) + 0.5) * CELL.0;
        svg::text(&mut out, x, TOP - 7.0, "middle", &hour.to_string());
    }
    let mut y = TOP;
    for (day, name) in hours.iter().zip(language.weekdays()) {
        svg::text(&mut out, LEFT - 8.0, y + 17.0, "end", name);
        let mut x = LEFT;
        for worked in day {
            let share = worked / largest;
            // From white to dark blue; the number turns white where the ground is dark.
            let channel = |dark: f64| (255.0 - (255.0 - dark) * share).round();
            let ink = if share > 0.55 { "#ffffff" } else { "#222222" };
            let _ = write!(
                out,
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"rgb({},{},{})\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-size=\"9\" fill=\"{ink}\">{}</text>",
                CELL.0 - 1.0,
                CELL.1 - 1.0,
                channel(0.0),
                channel(60.0),
                channel(110.0),
                x + CELL.0 / 2.0,
                y + 16.0,
                short(*worked)
            );
            x += CELL.0;
        }
        y += CELL.1;
    }
    svg::close(&mut out);
    out
}

/// At most four characters.
fn short(number: f64) -> String {
    match number {
        _ if number < 999.5 => format!("{number:.0}"),
        _ if number < 99_500.0 => format!("{:.0}k", number / 1e3),
        _ => format!("{:.1}M", number / 1e6),
    }
}
