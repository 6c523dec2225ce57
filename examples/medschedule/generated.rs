//! Files made from the catalog of the metrics; `cargo run -p medschedule-examples --bin generate` writes them.

use std::fmt::Write as _;

use ms_metrics::grafana::Dashboard;
use ms_metrics::{Catalog, Kind};

/// A file and what belongs in it.
#[derive(Debug)]
pub struct Generated {
    /// The path from the root of the repository.
    pub path: &'static str,
    /// All of it.
    pub text: String,
}

/// Makes all files.
pub fn files(catalog: &Catalog) -> [Generated; 2] {
    let dashboard = Dashboard::new("MedSchedule Overview").uid("medschedule-overview").job("medschedule");
    let dashboard = dashboard.to_json(catalog);
    [
        Generated { path: "examples/medschedule/deploy/medschedule-overview.json", text: dashboard },
        Generated { path: "docs/metrics-reference.md", text: reference(catalog) },
    ]
}

fn reference(catalog: &Catalog) -> String {
    let mut text = format!(
        "# Metrics reference\n\n\
         Every metric that [ms-metrics](metrics.md) declares, in the order of its catalog, and behind them what the\n\
         [example service](../examples/medschedule/catalog.rs) shows of the other crates. Generated:\n\
         `cargo run -p medschedule-examples --bin generate` writes it anew.\n\n{}\n\
         ## Buckets\n\n| histogram | upper bounds, besides infinity |\n|---|---|\n",
        catalog.to_markdown()
    );
    for metric in catalog.iter().filter(|metric| metric.kind == Kind::Histogram) {
        let bounds: Vec<_> = metric.buckets.iter().map(f64::to_string).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| `{}` | {} |", metric.name, bounds.join(", "));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::catalog::OBSERVED;

    #[test]
    fn the_files_are_what_the_catalog_makes_of_them() {
        let metrics = ms_metrics::Metrics::builder().catalog(OBSERVED).build().expect("builds");
        for Generated { path, text } in files(metrics.catalog()) {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
            let found = std::fs::read_to_string(file).unwrap_or_default();
            assert!(found == text, "{path}: run `cargo run -p medschedule-examples --bin generate`");
        }
    }
}
