//! ms-logging beside a bare layer and other loggers: an event of five fields as JSON to a file, nothing lost.

mod floor;
mod handler;
mod peers;
mod process;
mod subject;

pub use process::Options;

use crate::claim::{Claim, Pair};
use process::{Cost, Run};
use subject::Subject;

const AREA: &str = "logging";
const ROUNDS: usize = 9;

const CPU: &str = "CPU ns";
const ALLOCATIONS: &str = "allocations";

/// The peers' names; those of crates as in the lock file.
const FLOOR: &str = "bare layer, JSON by hand";
const OFF: &str = "redaction off";
const APPENDER: &str = "tracing-appender";
const SLOG: &str = "slog-json, slog-async";
/// Name, and what is measured of it.
const PEERS: [(&str, Subject); 7] = [
    ("spdlog-rs", Subject::Spdlog),
    ("spdlog-rs, its text", Subject::SpdlogText),
    (SLOG, Subject::Slog),
    ("logforth", Subject::Logforth),
    ("flexi_logger", Subject::Flexi),
    ("log4rs", Subject::Log4rs),
    ("tracing-appender, logroller", Subject::Logroller),
];

pub fn claims() -> Vec<Claim> {
    let [floor, ours, unredacted] = [Subject::Floor, Subject::Ours, Subject::Unredacted].map(Run::of);
    let [busy, busy_unredacted] = [Subject::Busy, Subject::BusyUnredacted].map(Run::of);
    let [both, appender] = [Subject::Both, Subject::Appender].map(Run::of);
    let peers = PEERS.map(|(name, subject)| (name, Run::of(subject)));
    let [both_within, ours_within, appender_within] = [both, ours, appender].map(Run::in_span);
    let two = ours.on_threads(2);
    let mut runs =
        vec![floor, ours, unredacted, busy, busy_unredacted, appender, ours_within, appender_within];
    runs.extend([two, both, both_within]);
    runs.extend(peers.map(|(_, peer)| peer));
    let rounds = Rounds::of(runs);
    let caller = |cost: &Cost| cost.caller;
    let process = |cost: &Cost| cost.process;
    let allocations = |cost: &Cost| cost.allocations;
    let instructions = |ours: Run, peer: Run| Pair::of_rounds(&[(ours.instructions(), peer.instructions())]);
    let claim = |name, unit, pair, peer, goal| Claim::new(AREA, name, unit, pair, peer, goal);
    let beside_peers = peers.into_iter().flat_map(|(name, peer)| {
        [
            claim("JSON event, caller", CPU, rounds.beside(ours, peer, caller), name, 1.0),
            claim("JSON event, process", CPU, rounds.beside(ours, peer, process), name, 1.0),
        ]
    });
    let mut claims = vec![
        claim("JSON event, caller", CPU, rounds.beside(ours, floor, caller), FLOOR, 1.4),
        claim("JSON event, process", CPU, rounds.beside(ours, floor, process), FLOOR, 2.0),
        claim("JSON event, redacted, caller", CPU, rounds.beside(ours, unredacted, caller), OFF, 1.3),
        claim("JSON event, redacted, caller", "instr", instructions(ours, unredacted), OFF, 1.3),
        claim("busy event, redacted, caller", CPU, rounds.beside(busy, busy_unredacted, caller), OFF, 1.3),
        claim("busy event, redacted, caller", "instr", instructions(busy, busy_unredacted), OFF, 1.3),
        claim("JSON event, caller", CPU, rounds.beside(ours, appender, caller), APPENDER, 1.0 / 4.0),
        claim("JSON event, process", CPU, rounds.beside(ours, appender, process), APPENDER, 1.0 / 3.5),
        claim(
            "JSON event in a span, process",
            CPU,
            rounds.beside(ours_within, appender_within, process),
            APPENDER,
            1.0 / 3.5,
        ),
        handler::claim(&rounds, ours),
        claim(
            "JSON event, 2 callers",
            "wall ns",
            rounds.under(two, |cost| cost.wall, 1e9 / 1.2e6),
            "1.2M events/s",
            1.0,
        ),
        claim("event, text and JSON", ALLOCATIONS, rounds.under(both, allocations, 1.0), "one", 0.0),
        claim("the same in a span", ALLOCATIONS, rounds.under(both_within, allocations, 1.0), "one", 0.0),
        claim(
            "span, text and JSON",
            ALLOCATIONS,
            rounds.under(both, |cost| cost.span_allocations, 3.0),
            "three",
            1.0,
        ),
    ];
    claims.extend(beside_peers);
    claims
}

/// What each run cost, round by round: all of a round one after the other.
struct Rounds {
    runs: Vec<Run>,
    costs: Vec<Vec<Cost>>,
}

impl Rounds {
    fn of(runs: Vec<Run>) -> Self {
        let costs = (0..ROUNDS).map(|_| runs.iter().map(|run| run.cost()).collect()).collect();
        Self { runs, costs }
    }

    fn each(&self, run: Run, cost: impl Fn(&Cost) -> f64) -> impl Iterator<Item = f64> {
        let at = self.runs.iter().position(|other| *other == run).expect("it was run");
        self.costs.iter().map(move |round| cost(&round[at]))
    }

    fn beside(&self, ours: Run, peer: Run, cost: impl Fn(&Cost) -> f64 + Copy) -> Pair {
        let pairs: Vec<_> = self.each(ours, cost).zip(self.each(peer, cost)).collect();
        Pair::of_rounds(&pairs)
    }

    /// Beside a number that nobody measured.
    fn under(&self, run: Run, cost: impl Fn(&Cost) -> f64, limit: f64) -> Pair {
        let pairs: Vec<_> = self.each(run, cost).map(|cost| (cost, limit)).collect();
        Pair::of_rounds(&pairs)
    }
}
