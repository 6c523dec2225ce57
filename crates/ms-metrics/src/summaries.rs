//! Histograms without buckets: kept by metrics-exporter-prometheus as sketches.
//!
//! It sees one metric and a number for each series, since names and labels that it escapes may meet; its page is taken
//! apart again.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use metrics::{Histogram, HistogramFn, Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use crate::cells::CounterCell;
use crate::text;

const NAME: &str = "s";
const SERIES: &str = "n";
/// Until upkeep each value takes 16 bytes.
const UPKEEP: Duration = Duration::from_secs(1);
const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

#[derive(Default)]
pub(crate) struct Summaries {
    /// Made with the first series, so that nobody has the thread in vain.
    exporter: OnceLock<Exporter>,
    registered: AtomicU32,
}

struct Exporter {
    recorder: PrometheusRecorder,
    /// Dropping it ends the thread.
    _running: Sender<()>,
}

impl Exporter {
    fn start() -> Self {
        let recorder = PrometheusBuilder::new().build_recorder();
        let (running, stopped) = channel();
        let handle = recorder.handle();
        let upkeep = move || {
            while stopped.recv_timeout(UPKEEP) == Err(RecvTimeoutError::Timeout) {
                handle.run_upkeep();
            }
        };
        if let Err(error) = std::thread::Builder::new().name("ms-metrics-upkp".to_owned()).spawn(upkeep) {
            tracing::error!(%error, "no thread for summaries: their memory is freed by scrapes only");
        }
        Self { recorder, _running: running }
    }
}

impl Summaries {
    /// Makes a series; the number names it on the page. Values that are no number are counted in `dropped`.
    pub(crate) fn register(&self, dropped: Arc<CounterCell>) -> (u32, Histogram) {
        let exporter = self.exporter.get_or_init(Exporter::start);
        let number = self.registered.fetch_add(1, Ordering::Relaxed);
        let key = Key::from_parts(NAME, vec![Label::new(SERIES, number.to_string())]);
        let sketch = exporter.recorder.register_histogram(&key, &METADATA);
        (number, Histogram::from_arc(Arc::new(SummaryCell { sketch, dropped })))
    }

    pub(crate) fn page(&self) -> SummaryPage {
        let page = self.exporter.get().map(|exporter| PrometheusHandle::render(&exporter.recorder.handle()));
        SummaryPage::read(&page.unwrap_or_default())
    }
}

struct SummaryCell {
    sketch: Histogram,
    dropped: Arc<CounterCell>,
}

impl HistogramFn for SummaryCell {
    fn record(&self, value: f64) {
        if value.is_finite() {
            self.sketch.record(value);
        } else {
            self.dropped.add(1);
        }
    }
}

/// What the exporter says of each series.
#[derive(Debug, Default)]
pub(crate) struct SummaryPage {
    /// By series, in the order of the exporter within each.
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    series: u32,
    suffix: String,
    /// `quantile="…"`, or nothing.
    quantile: String,
    value: f64,
}

impl SummaryPage {
    fn read(page: &str) -> Self {
        let mut lines: Vec<_> = page.lines().filter_map(Line::read).collect();
        lines.sort_by_key(|line| line.series);
        Self { lines }
    }

    /// Writes the lines of one series.
    pub(crate) fn write(&self, page: &mut String, series: u32, name: &str, labels: &str) {
        let start = self.lines.partition_point(|line| line.series < series);
        for line in self.lines.iter().skip(start).take_while(|line| line.series == series) {
            page.push_str(name);
            page.push_str(&line.suffix);
            let separator = if labels.is_empty() || line.quantile.is_empty() { "" } else { "," };
            if !(labels.is_empty() && line.quantile.is_empty()) {
                page.extend(["{", labels, separator, &line.quantile, "}"]);
            }
            page.push(' ');
            text::float(page, line.value);
            page.push('\n');
        }
    }
}

impl Line {
    /// Reads `s_sum{n="7"} 1.5` and `s{n="7",quantile="0.5"} 1.5`.
    fn read(line: &str) -> Option<Self> {
        let (name, rest) = line.split_once('{')?;
        let (labels, value) = rest.split_once("} ")?;
        let (series, quantile) = labels.strip_prefix(SERIES)?.strip_prefix("=\"")?.split_once('"')?;
        Some(Self {
            series: series.parse().ok()?,
            suffix: name.strip_prefix(NAME)?.to_owned(),
            quantile: quantile.trim_start_matches(',').to_owned(),
            value: value.parse().ok()?,
        })
    }
}
