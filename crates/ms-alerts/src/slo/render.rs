//! The rule file of an objective.

use std::fmt::Write as _;

use super::Slo;
use super::burn::{self, Burn, Window};
use super::maintenance::mute;

const BAD: &str = "slo:bad_events:rate5m";
const EVENTS: &str = "slo:events:rate5m";
const BUDGET: &str = "slo:error_budget:remaining_ratio";
/// The range of the recorded rates.
const BASE: Window = Window { text: "5m", seconds: 300 };
/// A longer range is summed up from the recorded rates, so that no more samples of each series must be kept.
const LONGEST_RAW: u64 = 6 * 3600;

/// Every text in it is made here or was checked: none needs an escape.
pub(super) fn file(slo: &Slo) -> String {
    let name = &slo.name;
    let muted = mute(&slo.maintenance, BASE.seconds);
    let mut file = format!("groups:\n  - name: \"slo {name}\"\n    rules:\n");
    record(&mut file, name, BAD, &format!("{}{muted}", slo.indicator.bad(BASE.text)));
    record(&mut file, name, EVENTS, &format!("{}{muted}", slo.indicator.events(BASE.text)));
    let days = format!("{}d", slo.window.as_secs() / 86_400);
    let spent = recorded_ratio(name, &days);
    record(&mut file, name, BUDGET, &format!("1 - {spent} / {}", slo.budget()));
    for severity in ["page", "ticket"] {
        let pairs: Vec<String> = burn::rates(slo)
            .filter(|(burn, _)| burn.severity == severity)
            .map(|(burn, rate)| condition(slo, &burn, rate))
            .collect();
        if !pairs.is_empty() {
            alert(&mut file, slo, severity, &pairs.join("\nor\n"));
        }
    }
    file
}

fn record(file: &mut String, slo: &str, name: &str, expression: &str) {
    let rule = format!("      - record: {name}\n        expr: {}\n", block(expression));
    let labels = format!("        labels:\n          slo: \"{slo}\"\n");
    file.push_str(&(rule + &labels));
}

fn alert(file: &mut String, slo: &Slo, severity: &str, expression: &str) {
    let (name, percent) = (&slo.name, slo.objective * 100.0);
    let percent = (percent * 1e9).round() / 1e9;
    // Writing to a string cannot fail.
    let _ = write!(
        file,
        "      - alert: ErrorBudgetBurn
        expr: {expression}
        labels:
          severity: {severity}
          slo: \"{name}\"
        annotations:
          summary: \"The error budget of {name} burns too fast\"
          description: \"{{{{ $value | humanizePercentage }}}} of the events are bad; the objective is {percent} % good ones.\"
",
        expression = block(expression),
    );
}

/// A literal block: no character in it has a meaning to YAML.
fn block(expression: &str) -> String {
    let lines: Vec<String> = expression.lines().map(|line| format!("\n          {line}")).collect();
    format!("|-{}", lines.concat())
}

/// Holds while both windows burn fast, were busy enough and saw no maintenance.
fn condition(slo: &Slo, burn: &Burn, rate: f64) -> String {
    let threshold = format!("{rate} * {}", slo.budget());
    let (long, short) = (ratio(slo, burn.long), ratio(slo, burn.short));
    let counted = if burn.long.seconds > LONGEST_RAW { burn.short } else { burn.long };
    let busy = match slo.min_events {
        0 => String::new(),
        events => format!("\n  and\n  {} >= {events}", slo.indicator.count(counted.text)),
    };
    let muted = mute(&slo.maintenance, burn.short.seconds);
    format!("(\n  {long} > {threshold}\n  and\n  {short} > {threshold}{busy}\n){muted}")
}

/// The share of bad events in a window.
fn ratio(slo: &Slo, window: Window) -> String {
    if window.seconds > LONGEST_RAW {
        return format!("sum without(slo) {}", recorded_ratio(&slo.name, window.text));
    }
    format!("{} / {}", slo.indicator.bad(window.text), slo.indicator.events(window.text))
}

/// Weighs each moment by its events, unlike an average of shares.
fn recorded_ratio(name: &str, range: &str) -> String {
    let over = |metric: &str| format!("sum_over_time({metric}{{slo=\"{name}\"}}[{range}])");
    format!("({} / {})", over(BAD), over(EVENTS))
}
