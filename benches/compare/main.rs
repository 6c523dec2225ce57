//! Prints what the crates cost beside their peers, measured in one run.
//!
//! `cargo run --release -p medschedule-benches --bin compare [AREA] [--json] [--chart FILE]`

mod alerts;
mod allocations;
mod analytics;
mod chart;
mod claim;
mod cpu;
mod health;
mod instructions;
mod logging;
mod measure;
mod metrics;
mod python;
mod service;

use std::io;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use claim::Claim;
use peers::http::Stack;

/// Compares the crates with their peers in one run.
#[derive(Parser)]
struct Options {
    /// Compare this area only.
    #[arg(value_enum)]
    area: Option<Area>,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Measure what each metrics layer costs a request, draw it into this SVG file and print it as a Markdown table.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["area", "json"])]
    chart: Option<PathBuf>,
    /// Serve requests under a layer and print nothing: what is run where instructions are counted.
    #[arg(long, hide = true, value_name = "LAYER", value_parser = layer)]
    serve: Option<Stack>,
    #[arg(long, hide = true, default_value_t = 0)]
    times: u64,
    /// Write a roster of as many shifts as `--times` tells, to count instructions on.
    #[arg(long, hide = true, value_name = "FILE")]
    roster: Option<PathBuf>,
    #[command(flatten)]
    log: logging::Options,
}

fn layer(name: &str) -> Result<Stack, String> {
    Stack::named(name).ok_or_else(|| format!("no layer {name:?}"))
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

fn main() -> io::Result<()> {
    let options = Options::parse();
    if let Some(stack) = options.serve {
        instructions::serve_counted(stack, options.times);
        return Ok(());
    }
    if let Some(path) = options.roster {
        return analytics::write_roster(&path, u32::try_from(options.times).unwrap_or(u32::MAX));
    }
    if options.log.run() {
        return Ok(());
    }
    if let Some(path) = options.chart {
        let overheads = metrics::overhead::of_each();
        metrics::overhead::print_markdown(&overheads);
        return chart::write(&path, &overheads);
    }
    let areas = options.area.as_ref().map_or(Area::value_variants(), std::slice::from_ref);
    let claims: Vec<Claim> = areas.iter().flat_map(|area| area.claims()).collect();
    if options.json {
        println!("{}", serde_json::to_string_pretty(&claims)?);
    } else {
        claim::print_table(&claims);
    }
    Ok(())
}
