//! What the log is told.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use metrics::Recorder;
use ms_metrics::{Metric, Metrics, MetricsRecorder};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};

use crate::page::{METADATA, key, value};

/// Keeps the lines, and registers a metric for each, as a log that counts does.
struct Lines {
    lines: Arc<Mutex<Vec<String>>>,
    recorder: MetricsRecorder,
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push_str(&format!(" {}={value:?}", field.name()));
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("ms_metrics")
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        let number = {
            let mut lines = self.lines.lock().unwrap();
            lines.push(line.0);
            lines.len().to_string()
        };
        self.recorder.register_counter(&key("log_lines_total", &[("n", &number)]), &METADATA).increment(1);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

pub(crate) fn logged(metrics: &Metrics, work: impl FnOnce()) -> Vec<String> {
    let lines = Arc::<Mutex<Vec<String>>>::default();
    let subscriber = Lines { lines: Arc::clone(&lines), recorder: metrics.recorder() };
    tracing::subscriber::with_default(subscriber, work);
    lines.lock().unwrap().clone()
}

#[test]
fn an_overflow_is_one_line_a_metric_without_the_value() {
    let metrics = Metrics::builder().series_cap(2).build().unwrap();
    let lines = logged(&metrics, || {
        for patient in ["Ayşe Yılmaz", "Mehmet Demir", "Fatma Kaya", "Ali Çelik"] {
            for metric in ["visits_total", "beds_total"] {
                metrics
                    .recorder()
                    .register_counter(&key(metric, &[("patient", patient)]), &METADATA)
                    .increment(1);
            }
        }
    });
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("WARN") && lines[0].contains("metric=\"visits_total\""), "{lines:?}");
    assert!(lines[0].contains("label=\"patient\"") && lines[0].contains("value_hash="), "{lines:?}");
    assert!(!lines.concat().contains("Mehmet"), "{lines:?}");
    assert_eq!(value(&metrics, "log_lines_total{n=\"1\"}"), Some(1.0), "no lock was held");
}

#[test]
fn a_refusal_is_one_line_a_reason() {
    let metrics = Metrics::builder().build().unwrap();
    let lines = logged(&metrics, || {
        for _ in 0..5 {
            metrics.recorder().register_gauge(&key("shift_conflicts_total", &[]), &METADATA).set(1.0);
            metrics.recorder().register_counter(&key("m", &[("__x", "y")]), &METADATA).increment(1);
        }
    });
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].contains("shift_conflicts_total") && lines[0].contains("reason=\"kind\""), "{lines:?}");
    assert!(lines[1].contains("reason=\"label_name\""), "{lines:?}");
}

#[test]
fn a_declared_counter_without_total_is_one_line() {
    const JOBS: Metric = Metric::counter("jobs", "Jobs done.");
    const DONE: Metric = Metric::counter("done_total", "Jobs done.");
    let metrics = Metrics::builder().build().unwrap();
    let lines = logged(&metrics, || drop(Metrics::builder().catalog([JOBS, DONE]).build().unwrap()));
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("WARN") && lines[0].contains("metric=\"jobs\""), "{lines:?}");
}
