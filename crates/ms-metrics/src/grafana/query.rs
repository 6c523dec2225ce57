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

/// The growth over the range of one step.
pub(super) fn increase(series: &str) -> String {
    format!("increase({series}[{WINDOW}])")
}

/// The sum for each combination of `labels`, or of all.
pub(super) fn sum(labels: &[&str], of: &str) -> String {
    if labels.is_empty() {
        return format!("sum({of})");
    }
    let names: Vec<_> = labels.iter().map(|label| scraped(label)).collect();
    format!("sum by ({}) ({of})", names.join(", "))
}

/// The quantile `q` of a histogram, for each combination of `labels`.
pub(super) fn quantile(q: f64, labels: &[&str], bucket: &str) -> String {
    let labels = [&["le"], labels].concat();
    format!("histogram_quantile({q}, {})", sum(&labels, &rate(bucket)))
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
