//! ms-metrics beside axum-prometheus, metrics-exporter-prometheus, prometheus-client, and the least that the work takes.

mod handles;
mod layer;
pub mod overhead;
mod page;

use crate::claim::Claim;

const AREA: &str = "metrics";

pub fn claims() -> Vec<Claim> {
    [layer::claims(), handles::claims(), page::claims()].into_iter().flatten().collect()
}
