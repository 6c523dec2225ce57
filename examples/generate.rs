//! Writes the files that are made from the catalog of the metrics: `cargo run -p medschedule-examples --bin generate`.

use std::error::Error;
use std::path::Path;

use medschedule::catalog::OBSERVED;
use medschedule::generated::{Generated, files};
use ms_metrics::Metrics;

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let metrics = Metrics::builder().catalog(OBSERVED).build()?;
    for Generated { path, text } in files(metrics.catalog()) {
        std::fs::write(root.join(path), text).map_err(|error| format!("{path}: {error}"))?;
        println!("{path}");
    }
    Ok(())
}
