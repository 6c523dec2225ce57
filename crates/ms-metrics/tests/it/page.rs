//! Reading our pages.

use std::time::{Duration, Instant};

use metrics::{Key, Label, Level, Metadata};
use ms_metrics::Metrics;

pub(crate) const METADATA: Metadata<'static> =
    Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

pub(crate) fn built() -> Metrics {
    Metrics::builder().build().unwrap()
}

pub(crate) fn key(name: &str, labels: &[(&str, &str)]) -> Key {
    let labels: Vec<_> =
        labels.iter().map(|(name, value)| Label::new(name.to_string(), value.to_string())).collect();
    Key::from_parts(name.to_owned(), labels)
}

/// The value of the line that begins with exactly `series`.
pub(crate) fn value(metrics: &Metrics, series: &str) -> Option<f64> {
    let page = metrics.render();
    let mut values = page.lines().filter_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    let value = values.next().map(|value| value.parse().unwrap());
    assert_eq!(values.next(), None, "two lines of {series}");
    value
}

/// The lines of the series of one metric.
pub(crate) fn lines(metrics: &Metrics, name: &str) -> Vec<String> {
    let page = metrics.render();
    let of_metric = |line: &&str| line.split(['{', ' ']).next() == Some(name);
    page.lines().filter(of_metric).map(str::to_owned).collect()
}

/// The requests counted, as `(what stands between the braces, number)`.
pub(crate) fn requests(metrics: &Metrics) -> Vec<(String, u64)> {
    let split = |line: String| {
        let (labels, number) = line.strip_prefix("http_requests_total{").unwrap().split_once("} ").unwrap();
        (labels.to_owned(), number.parse().unwrap())
    };
    lines(metrics, "http_requests_total").into_iter().map(split).collect()
}

pub(crate) fn request(method: &str, endpoint: &str, status: &str) -> String {
    format!("method=\"{method}\",endpoint=\"{endpoint}\",status=\"{status}\"")
}

/// Waits until what another task does is to be seen.
pub(crate) async fn eventually(mut seen: impl FnMut() -> bool) {
    let start = Instant::now();
    while !seen() {
        assert!(start.elapsed() < Duration::from_secs(20), "it never came");
        tokio::task::yield_now().await;
    }
}
