//! One line of the comparison, and how it is shown.

use serde::Serialize;

/// A figure of ours beside one of a peer, measured in the same run.
#[derive(Debug, Serialize)]
pub struct Claim {
    pub area: &'static str,
    pub name: &'static str,
    pub ours: f64,
    pub peer: f64,
    pub peer_name: String,
    pub unit: &'static str,
    /// `ours / peer`; all units here are costs, so less is better.
    pub ratio: f64,
    /// The largest ratio at which the claim holds.
    pub goal: f64,
    pub met: bool,
}

impl Claim {
    pub fn new(
        area: &'static str,
        name: &'static str,
        unit: &'static str,
        pair: Pair,
        peer: &str,
        goal: f64,
    ) -> Self {
        let ratio = pair.ratio;
        Self {
            area,
            name,
            ours: pair.ours,
            peer: pair.peer,
            peer_name: versioned(peer),
            unit,
            ratio,
            goal,
            met: ratio <= goal,
        }
    }
}

/// What both sides cost, and the median of the ratios round by round: a machine that slows down in the middle
/// slows both sides of a round.
#[derive(Debug, Clone, Copy)]
pub struct Pair {
    pub ours: f64,
    pub peer: f64,
    pub ratio: f64,
}

impl Pair {
    /// Makes a pair of rounds measured one after the other.
    pub fn of_rounds(rounds: &[(f64, f64)]) -> Self {
        Self {
            ours: median(rounds.iter().map(|round| round.0)),
            peer: median(rounds.iter().map(|round| round.1)),
            ratio: median(rounds.iter().map(|round| round.0 / round.1)),
        }
    }
}

/// The one in the middle.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Adds the versions that the lock file names to the names of crates; other peers name their own.
fn versioned(peers: &str) -> String {
    let lock = include_str!("../../Cargo.lock");
    let version = |peer: &str| {
        let entry = format!("name = \"{peer}\"\nversion = \"");
        // Where there are several, an older one is somebody else's.
        match lock.rsplit_once(&entry).and_then(|(_, rest)| rest.split_once('"')) {
            Some((version, _)) => format!("{peer} {version}"),
            None => peer.to_owned(),
        }
    };
    peers.split(", ").map(version).collect::<Vec<_>>().join(", ")
}

/// Prints the claims as an aligned table.
pub fn print_table(claims: &[Claim]) {
    let name = width(claims, |claim| claim.name.len());
    let peer = width(claims, |claim| claim.peer_name.len());
    println!(
        "{:<9}  {:<name$}  {:>12}  {:>12}  {:<11}  {:<peer$}  {:>7}  {:>7}  met",
        "area", "name", "ours", "peer", "unit", "peer name", "ratio", "goal"
    );
    for claim in claims {
        println!(
            "{:<9}  {:<name$}  {:>12.1}  {:>12.1}  {:<11}  {:<peer$}  {:>7.3}  {:>7.3}  {}",
            claim.area,
            claim.name,
            claim.ours,
            claim.peer,
            claim.unit,
            claim.peer_name,
            claim.ratio,
            claim.goal,
            if claim.met { "yes" } else { "NO" }
        );
    }
}

fn width(claims: &[Claim], length: impl Fn(&Claim) -> usize) -> usize {
    claims.iter().map(length).max().unwrap_or(0).max(9)
}
