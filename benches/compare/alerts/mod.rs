//! ms-alerts beside a parser of expositions and beside a real Prometheus.

mod kept;
mod prometheus;
mod reading;
mod rounds;
mod workload;

use crate::claim::{Claim, Pair};
use prometheus::Round;
use workload::Rules;

const AREA: &str = "alerts";
const FAMILIES: usize = 100;
const SERIES_A_FAMILY: usize = 100;

pub fn claims() -> Vec<Claim> {
    let mut claims = reading::claims();
    let theirs = prometheus::measure();
    claims.extend(beside(Rules::Rates, theirs.rates, ["1,000 rates", "1,000 rates, whole process"], 0.106));
    let names = ["1,000 thresholds", "1,000 thresholds, whole process"];
    claims.extend(beside(Rules::Thresholds, theirs.thresholds, names, 0.092));
    claims.extend(kept::claims());
    claims
}

/// Our CPU time beside what its rule group says it took, and beside the CPU time of its process less that of scraping.
fn beside(rules: Rules, theirs: Round, names: [&'static str; 2], goal: f64) -> [Claim; 2] {
    let ours = rounds::milliseconds(rules);
    let claim = |name, peer| {
        let pair = Pair { ours, peer, ratio: ours / peer };
        Claim::new(AREA, name, "ms CPU", pair, &theirs.server, goal)
    };
    [claim(names[0], theirs.group), claim(names[1], theirs.process)]
}
