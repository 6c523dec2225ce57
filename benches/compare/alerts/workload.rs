//! The same series and the same rules for both sides.

use std::fmt::Write as _;

use super::{FAMILIES, SERIES_A_FAMILY};

/// Each family has so many rules, of which each looks at all its series and finds one.
const RULES_A_FAMILY: usize = 10;
pub const RULES: usize = FAMILIES * RULES_A_FAMILY;
/// Seconds between two rounds, of scraping as of evaluating.
pub const INTERVAL: u64 = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    /// `rate(…[1m]) > x`, with `for`.
    Rates,
    Thresholds,
}

impl Rules {
    /// A rule file.
    pub fn text(self) -> String {
        let mut text = "groups:\n- name: bench\n  rules:\n".to_owned();
        for family in 0..FAMILIES {
            for rule in 0..RULES_A_FAMILY {
                let below = (SERIES_A_FAMILY - 1) as f64 - 0.05 * (rule + 1) as f64;
                let (expression, hold) = match self {
                    Self::Rates => {
                        (format!("rate(bench_{family}[1m]) > {}", below / INTERVAL as f64), "    for: 10s\n")
                    }
                    Self::Thresholds => (format!("bench_{family} > {}", below * SCALE), ""),
                };
                let summary = "'{{ $value }} at {{ $labels.endpoint }}'";
                write!(
                    text,
                    "  - alert: Bench{family}x{rule}\n    expr: {expression}\n{hold}    \
                     labels: {{severity: page}}\n    annotations: {{summary: {summary}}}\n"
                )
                .expect("text");
            }
        }
        text
    }
}

/// How far the values of two series are apart, so that the counters stay in their order.
const SCALE: f64 = 1e6;

/// The counters after so many rounds: ten thousand series, of which each grows by its number in its family.
pub fn exposition(round: u64) -> String {
    let mut text = String::new();
    for family in 0..FAMILIES {
        writeln!(text, "# HELP bench_{family} Something of the service\n# TYPE bench_{family} counter")
            .expect("text");
        for series in 0..SERIES_A_FAMILY {
            let value = series as f64 * (SCALE + round as f64);
            let labels = format!("method=\"GET\",endpoint=\"/api/v1/path/{series}\",status=\"200\"");
            writeln!(text, "bench_{family}{{{labels}}} {value}").expect("text");
        }
    }
    text
}
