//! Reports as pictures: SVG, and one HTML page that needs nothing else.
//!
//! A [`Page`] puts together what there is: roster with conflicts marked, heat map, bars by department, working-time rules,
//! latency curve, two periods. Texts are in English or Turkish ([`Language`]); colours are told apart by the colour-blind, and
//! no meaning hangs on colour alone. The page has no scripts and loads nothing, and every name from the data is escaped.

mod bars;
mod curve;
mod gantt;
mod heat_map;
mod language;
mod page;
mod svg;

pub use self::bars::bars;
pub use self::curve::percentile_curve;
pub use self::gantt::gantt;
pub use self::heat_map::heat_map;
pub use self::language::Language;
pub use self::page::Page;
