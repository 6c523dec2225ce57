//! PromQL.

use std::fmt::Write as _;

/// At least four scrapes, whatever the range shown: a rate over it never misses one.
const WINDOW: &str = "$__rate_interval";

/// The series of a metric that the variables have chosen.
pub(super) fn series(name: &str) -> String {
    chosen(name, "", "")
}

/// The same, of one of the lines of a histogram; `more` are further matchers, each with a comma before it.
pub(super) fn chosen(name: &str, suffix: &str, more: &str) -> String {
    format!("{name}{suffix}{{job=\"$job\",instance=~\"$instance\"{more}}}")
}

/// The growth a second.
pub(super) fn rate(series: &str) -> String {
    format!("rate({series}[{WINDOW}])")
}

/// The sum for each combination of `labels`, or of all.
pub(super) fn sum(labels: &[&str], of: &str) -> String {
    if labels.is_empty() {
        return format!("sum({of})");
    }
    let names: Vec<_> = labels.iter().map(|label| scraped(label)).collect();
    format!("sum by ({}) ({of})", names.join(", "))
}

/// The histograms whose native buckets are asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Natives(Vec<String>);

impl Natives {
    pub(super) fn add(&mut self, name: String) {
        self.0.push(name);
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|other| other == name)
    }

    /// The buckets of a histogram; `more` are further matchers, each with a comma before it.
    pub(super) fn buckets(&self, name: &str, more: &str) -> Buckets {
        let native = self.has(name);
        Buckets { series: chosen(name, if native { "" } else { "_bucket" }, more), native }
    }
}

/// The buckets of a histogram: series of their own, or in the one series of a native histogram.
pub(super) struct Buckets {
    series: String,
    native: bool,
}

impl Buckets {
    /// The quantile `q`, for each combination of `labels`.
    pub(super) fn quantile(&self, q: f64, labels: &[&str]) -> String {
        format!("histogram_quantile({q}, {})", self.sum(labels, &rate(&self.series)))
    }

    /// How many values a second fall in each.
    pub(super) fn spread(&self) -> String {
        self.sum(&[], &rate(&self.series))
    }

    fn sum(&self, labels: &[&str], of: &str) -> String {
        let bound: &[&str] = if self.native { &[] } else { &["le"] };
        sum(&[bound, labels].concat(), of)
    }
}

/// Names series by their labels, or by `otherwise` if they have none.
pub(super) fn legend(labels: &[&str], otherwise: &str) -> String {
    let mut legend = String::new();
    for label in labels {
        let space = if legend.is_empty() { "" } else { " " };
        // Writing to a String cannot fail.
        let _ = write!(legend, "{space}{{{{{}}}}}", scraped(label));
    }
    if legend.is_empty() { otherwise.to_owned() } else { legend }
}

/// What Prometheus calls a label of ours that it sets itself.
fn scraped(label: &str) -> &str {
    match label {
        "job" => "exported_job",
        "instance" => "exported_instance",
        other => other,
    }
}
