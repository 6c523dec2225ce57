//! Reading expositions, beside prometheus-parse, which evaluates nothing, and a search for the bytes that matter.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint::black_box;

use ms_alerts::{AlertManager, AlertRule, above, parse_exposition};
use prometheus_parse::{Scrape, Value};

use super::{AREA, FAMILIES, SERIES_A_FAMILY};
use crate::claim::Claim;
use crate::measure::nanoseconds;

/// The one written by hand; openmetrics-parser and prometheus-parser, whose grammars pest compiles, are not measured.
const PEER: &str = "prometheus-parse";

pub fn claims() -> Vec<Claim> {
    let text = exposition();
    compare_answers(&text);
    vec![reading(&text), searching(&text), evaluating(&text)]
}

/// Ten thousand series in a hundred families, as ms-metrics and its like write them.
fn exposition() -> String {
    let mut text = String::new();
    for family in 0..FAMILIES {
        writeln!(text, "# HELP bench_{family} Something of the service\n# TYPE bench_{family} gauge")
            .expect("text");
        for series in 0..SERIES_A_FAMILY {
            let value = (family * 31 + series * 17) as f64 / 7.0;
            let labels = format!("method=\"GET\",endpoint=\"/api/v1/path/{series}\",status=\"200\"");
            writeln!(text, "bench_{family}{{{labels}}} {value}").expect("text");
        }
    }
    text
}

type Series = (String, BTreeMap<String, String>);

/// Both must have read the same before they are timed.
fn compare_answers(text: &str) {
    let ours: BTreeMap<Series, u64> = parse_exposition(text)
        .expect("valid")
        .iter()
        .map(|sample| {
            let labels = sample.labels().map(|(name, value)| (name.to_owned(), value.to_owned()));
            ((sample.name().to_owned(), labels.collect()), sample.value().to_bits())
        })
        .collect();
    let theirs: BTreeMap<Series, u64> = peer(text)
        .samples
        .into_iter()
        .map(|sample| {
            let Value::Gauge(value) = sample.value else { panic!("a gauge") };
            let labels = sample.labels.iter().map(|(name, value)| (name.clone(), value.clone()));
            ((sample.metric, labels.collect()), value.to_bits())
        })
        .collect();
    assert_eq!(ours.len(), FAMILIES * SERIES_A_FAMILY);
    assert_eq!(ours, theirs);
}

/// The peer takes lines that are its own.
fn peer(text: &str) -> Scrape {
    Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).expect("valid")
}

fn reading(text: &str) -> Claim {
    let pair = nanoseconds(
        4,
        || {
            black_box(parse_exposition(black_box(text)).expect("valid"));
        },
        || {
            black_box(peer(black_box(text)));
        },
    );
    Claim::new(AREA, "read 10k series", "ns", pair, PEER, 1.0 / 3.0)
}

/// Every quote and every end of a line is found, and nothing else is done.
fn searching(text: &str) -> Claim {
    let borders = text.bytes().filter(|byte| matches!(byte, b'"' | b'\n')).count();
    assert_eq!(memchr::memchr2_iter(b'"', b'\n', text.as_bytes()).count(), borders);
    let pair = nanoseconds(
        4,
        || {
            black_box(parse_exposition(black_box(text)).expect("valid"));
        },
        || {
            let found = memchr::memchr2_iter(b'"', b'\n', black_box(text).as_bytes());
            black_box(found.fold(0, |sum: usize, at| sum.wrapping_add(at)));
        },
    );
    Claim::new(AREA, "read 10k series", "ns", pair, "memchr, of quotes and line ends", 3.0)
}

/// A hundred rules, each over the hundred series of its family, one in a hundred firing; the peer only reads.
fn evaluating(text: &str) -> Claim {
    let manager = AlertManager::new();
    for family in 0..FAMILIES {
        let threshold = (family * 31 + (SERIES_A_FAMILY - 2) * 17) as f64 / 7.0;
        let rule =
            AlertRule::new(format!("Bench{family}"), above(), threshold).metric(format!("bench_{family}"));
        manager
            .add_rule(rule.annotation("summary", "{{ $value }} at {{ $labels.endpoint }}"))
            .expect("valid");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let evaluate = || {
        let samples = parse_exposition(black_box(text)).expect("valid");
        black_box(runtime.block_on(manager.check_samples(&samples)));
    };
    evaluate();
    assert_eq!(manager.alerts().len(), FAMILIES, "one series of each family fires");
    let pair = nanoseconds(4, evaluate, || {
        black_box(peer(black_box(text)));
    });
    Claim::new(AREA, "read 10k series, evaluate 100 rules", "ns", pair, PEER, 0.25)
}
