//! Prints what the crates cost beside their peers, measured in one run.
//!
//! `cargo run --release -p medschedule-benches --bin compare [AREA] [--json]`

mod alerts;
mod analytics;
mod claim;
mod cpu;
mod health;
mod logging;
mod measure;
mod metrics;
mod python;
mod service;

use clap::{Parser, ValueEnum};

use claim::Claim;

/// Compares the crates with their peers in one run.
#[derive(Parser)]
struct Options {
    /// Compare this area only.
    #[arg(value_enum)]
    area: Option<Area>,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Area {
    Metrics,
    Logging,
    Alerts,
    Health,
    Analytics,
    Service,
}

impl Area {
    fn claims(self) -> Vec<Claim> {
        match self {
            Self::Metrics => metrics::claims(),
            Self::Logging => logging::claims(),
            Self::Alerts => alerts::claims(),
            Self::Health => health::claims(),
            Self::Analytics => analytics::claims(),
            Self::Service => service::claims(),
        }
    }
}

fn main() -> Result<(), serde_json::Error> {
    let options = Options::parse();
    let areas = options.area.as_ref().map_or(Area::value_variants(), std::slice::from_ref);
    let claims: Vec<Claim> = areas.iter().flat_map(|area| area.claims()).collect();
    if options.json {
        println!("{}", serde_json::to_string_pretty(&claims)?);
    } else {
        claim::print_table(&claims);
    }
    Ok(())
}
