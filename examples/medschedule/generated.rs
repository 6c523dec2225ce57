//! Files made from the catalog of the metrics; `cargo run -p medschedule-examples --bin generate` writes them.

use std::fmt::Write as _;

use ms_metrics::grafana::{Dashboard, Row};
use ms_metrics::{Catalog, Kind};

/// The rows that a dashboard has by default.
const ROWS: [Row; 6] = [Row::Requests, Row::Machine, Row::Process, Row::Runtime, Row::Metrics, Row::Business];

/// A file and what belongs in it.
#[derive(Debug)]
pub struct Generated {
    /// The path from the root of the repository.
    pub path: &'static str,
    /// All of it.
    pub text: String,
}

/// Makes all files.
pub fn files(catalog: &Catalog) -> [Generated; 5] {
    let board = |title: &str, uid: &str, rows: &[Row]| {
        let board = Dashboard::new(title).uid(uid).job("medschedule");
        // The overview has what is measured by default.
        let left_out = ROWS.into_iter().filter(|row| !rows.is_empty() && !rows.contains(row));
        left_out.fold(board, |board, row| board.row(row, false)).to_json(catalog)
    };
    let red = [Row::Requests];
    let used = [Row::Machine, Row::Process, Row::Runtime, Row::Metrics];
    [
        Generated {
            path: "examples/medschedule/deploy/medschedule-overview.json",
            text: board("MedSchedule Overview", "medschedule-overview", &[]),
        },
        Generated {
            path: "examples/medschedule/deploy/medschedule-red.json",
            text: board("MedSchedule RED: rate, errors, duration", "medschedule-red", &red),
        },
        Generated {
            path: "examples/medschedule/deploy/medschedule-use.json",
            text: board("MedSchedule USE: usage, saturation, errors", "medschedule-use", &used),
        },
        Generated {
            path: "examples/medschedule/deploy/medschedule-business.json",
            text: board("MedSchedule Business, health and alerts", "medschedule-business", &[Row::Business]),
        },
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
