//! Random alerts in random trees of routes, beside a real Alertmanager: receivers, groups and inhibitions.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use fastrand::Rng;
use ms_alerts::{Labels, Routes};
use serde_json::{Value, json};

use super::alertmanager::Alertmanager;

const FILES: usize = 20;
const ALERTS: usize = 250;
const RECEIVERS: [&str; 4] = ["zero", "one", "two", "three"];
const NAMES: [&str; 4] = ["a", "b", "c", "alertname"];
const VALUES: [&str; 7] = ["", "x", "y", "xy", "ü", "a,b", "line\nbreak"];
/// As they stand between double quotes.
const WRITTEN: [&str; 7] = ["", "x", "y", "xy", "ü", "a,b", "line\\nbreak"];
const PATTERNS: [&str; 9] = ["x|y", "x.*", ".+", ".*", "[^x]", "", "(x|ü)y?", "line.break", "\\\\w,b"];

fn pick<'a>(rng: &mut Rng, from: &[&'a str]) -> &'a str {
    from[rng.usize(..from.len())]
}

fn matcher(rng: &mut Rng) -> String {
    let name = pick(rng, &NAMES);
    match rng.u8(..4) {
        0 => format!("{name}=\"{}\"", pick(rng, &WRITTEN)),
        1 => format!("{name}!=\"{}\"", pick(rng, &WRITTEN)),
        2 => format!("{name}=~\"{}\"", pick(rng, &PATTERNS)),
        _ => format!("{name}!~\"{}\"", pick(rng, &PATTERNS)),
    }
}

fn matchers(rng: &mut Rng, most: usize) -> Vec<String> {
    let mut list: Vec<_> = (0..rng.usize(..=most)).map(|_| matcher(rng)).collect();
    if list.len() > 1 && rng.bool() {
        list = vec![format!("{{{}}}", list.join(", "))];
    }
    list
}

fn route(rng: &mut Rng, depth: usize) -> Value {
    let mut route = json!({});
    if depth == 0 {
        route["receiver"] = json!(pick(rng, &RECEIVERS));
    } else {
        route["matchers"] = json!(matchers(rng, 2));
        route["continue"] = json!(rng.bool());
        if rng.bool() {
            route["receiver"] = json!(pick(rng, &RECEIVERS));
        }
        if rng.u8(..4) == 0 {
            route["match"] = json!({pick(rng, &NAMES): pick(rng, &VALUES)});
        }
        if rng.u8(..4) == 0 {
            route["match_re"] = json!({pick(rng, &NAMES): pick(rng, &PATTERNS[..8])});
        }
    }
    route["group_by"] = match rng.u8(..5) {
        0 => json!(["..."]),
        1 => json!([]),
        2 => json!([pick(rng, &NAMES), "nothing"]),
        3 => json!(["a", "b"]),
        _ => Value::Null,
    };
    if depth < 3 {
        route["routes"] = (0..rng.usize(..4)).map(|_| self::route(rng, depth + 1)).collect();
    }
    route
}

pub(super) fn file(rng: &mut Rng) -> Value {
    let inhibit = |rng: &mut Rng| {
        json!({
            "source_matchers": matchers(rng, 2),
            "target_matchers": matchers(rng, 2),
            "equal": if rng.bool() { json!(["a", "b"]) } else { json!(["c", "b", "nothing", "alertname"]) },
        })
    };
    json!({
        "route": route(rng, 0),
        "receivers": RECEIVERS.map(|name| json!({"name": name})),
        "inhibit_rules": (0..rng.usize(..3)).map(|_| inhibit(rng)).collect::<Vec<_>>(),
    })
}

pub(super) fn alert(rng: &mut Rng, number: usize) -> Labels {
    let number = number.to_string();
    let mut labels = vec![("number", number.as_str()), ("alertname", "x")];
    for name in NAMES {
        labels.push((name, pick(rng, &VALUES)));
    }
    labels.into_iter().collect()
}

/// One line for each alert at each receiver, sorted.
fn ours(routes: &Routes, alerts: &[Labels]) -> Vec<String> {
    let mut lines: Vec<_> = alerts
        .iter()
        .flat_map(|alert| {
            let inhibited = routes.is_inhibited(alert, alerts);
            routes.destinations(alert).into_iter().map(move |place| {
                format!("{} {:?} {:?} {inhibited}", place.receiver(), place.group(alert), alert)
            })
        })
        .collect();
    lines.sort();
    lines
}

fn theirs(groups: &[Value]) -> Vec<String> {
    let labels = |value: &Value| -> Labels {
        let pairs = value.as_object().unwrap().iter();
        pairs.map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect()
    };
    let mut lines = Vec::new();
    for group in groups {
        for alert in group["alerts"].as_array().unwrap() {
            let inhibited = !alert["status"]["inhibitedBy"].as_array().unwrap().is_empty();
            let receiver = group["receiver"]["name"].as_str().unwrap();
            let (group, alert) = (labels(&group["labels"]), labels(&alert["labels"]));
            lines.push(format!("{receiver} {group:?} {alert:?} {inhibited}"));
        }
    }
    lines.sort();
    lines
}

/// What stands on one side alone.
fn difference(ours: &[String], theirs: &[String]) -> String {
    let mut text = String::new();
    for (sign, one, other) in [("ours  ", ours, theirs), ("theirs", theirs, ours)] {
        for line in one.iter().filter(|line| !other.contains(line)).take(5) {
            writeln!(text, "{sign} {line}").unwrap();
        }
    }
    text
}

#[test]
fn random_alerts_go_where_alertmanager_sends_them() {
    // The seed of the day is printed with every failure; set it to see that failure again.
    let seed = std::env::var("MS_ALERTS_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| fastrand::u64(..));
    let mut rng = Rng::with_seed(seed);
    for _ in 0..FILES {
        let config = file(&mut rng).to_string();
        let alerts: Vec<_> = (0..ALERTS).map(|number| alert(&mut rng, number)).collect();
        let routes = Routes::parse("random", &config)
            .unwrap_or_else(|error| panic!("MS_ALERTS_SEED={seed}: {error}\n{config}"));
        let ours = ours(&routes, &alerts);

        let folder = tempfile::tempdir().unwrap();
        let server = Alertmanager::start(&config, folder.path());
        let posted: Vec<_> = alerts.iter().map(|labels| json!({"labels": labels})).collect();
        server.post_alerts(&json!(posted));
        // It takes what was posted in the background.
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let theirs = theirs(&server.groups());
            if theirs == ours {
                break;
            }
            assert!(
                Instant::now() < deadline,
                "MS_ALERTS_SEED={seed}\n{config}\n{} of ours, {} of theirs\n{}",
                ours.len(),
                theirs.len(),
                difference(&ours, &theirs)
            );
            std::thread::yield_now();
        }
    }
}
