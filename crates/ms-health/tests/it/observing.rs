//! What the metrics facade and the log are told.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};
use ms_health::{Check, HealthCheck, HealthCheckBuilder};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Level, Subscriber};

type Values = Arc<Mutex<BTreeMap<String, f64>>>;

/// Keeps gauges, sums of counters, and how often a histogram was recorded.
#[derive(Clone, Default)]
struct Kept(Values);

struct Cell(Values, String);

impl Cell {
    fn change(&self, change: impl FnOnce(f64) -> f64) {
        let mut values = self.0.lock().unwrap();
        let value = values.entry(self.1.clone()).or_default();
        *value = change(*value);
    }
}

impl CounterFn for Cell {
    fn increment(&self, by: u64) {
        self.change(|value| value + by as f64);
    }
    fn absolute(&self, to: u64) {
        self.change(|_| to as f64);
    }
}

impl GaugeFn for Cell {
    fn increment(&self, by: f64) {
        self.change(|value| value + by);
    }
    fn decrement(&self, by: f64) {
        self.change(|value| value - by);
    }
    fn set(&self, to: f64) {
        self.change(|_| to);
    }
}

impl HistogramFn for Cell {
    fn record(&self, _: f64) {
        self.change(|value| value + 1.0);
    }
}

impl Kept {
    fn cell(&self, key: &Key) -> Arc<Cell> {
        let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        Arc::new(Cell(Arc::clone(&self.0), format!("{}{{{}}}", key.name(), labels.join(","))))
    }
}

impl Recorder for Kept {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.cell(key))
    }
    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.cell(key))
    }
    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.cell(key))
    }
}

/// Keeps the lines at INFO and above that ms-health wrote.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Visit for Lines {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if let Some(line) = self.0.lock().unwrap().last_mut() {
            line.push_str(&format!(" {}={value:?}", field.name()));
        }
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("ms_health") && *metadata.level() <= Level::INFO
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push(event.metadata().level().to_string());
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Runs the checks `script` times over, the database failing where it says so.
fn observed(script: &[bool]) -> (BTreeMap<String, f64>, Vec<String>) {
    let (kept, lines) = (Kept::default(), Lines::default());
    let failing = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&failing);
    let database = Check::new("database", move || {
        let failing = asked.load(Ordering::Relaxed);
        async move { if failing { Err("refused by postgres://u:hunter2@db/") } else { Ok(()) } }
    });
    let health = HealthCheck::builder().add(database.critical().ttl(Duration::ZERO)).build().unwrap();
    // While there is one subscriber alone, a call site that the thread of another test comes to first is off for good.
    static OTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(Lines::default()));
    LazyLock::force(&OTHER);
    // One thread, so that a recorder and a subscriber of this thread see the checks too.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tracing::subscriber::with_default(lines.clone(), || {
        metrics::with_local_recorder(&kept, || {
            for fails in script {
                failing.store(*fails, Ordering::Relaxed);
                runtime.block_on(health.report());
            }
        });
    });
    let values = kept.0.lock().unwrap().clone();
    (values, lines.0.lock().unwrap().clone())
}

#[test]
fn each_run_is_counted_and_the_gauge_shows_the_last() {
    let (values, _) = observed(&[false, true, true, false, true]);
    let value = |name: &str| values.get(name).copied();
    assert_eq!(value("ms_health_check_status{check=database}"), Some(0.0));
    assert_eq!(value("ms_health_check_duration_seconds{check=database}"), Some(5.0));
    assert_eq!(value("ms_health_check_failures_total{check=database,reason=failed}"), Some(3.0));
    assert_eq!(value("ms_health_check_changes_total{check=database}"), Some(3.0));
    assert_eq!(value("ms_health_check_up{check=database}"), Some(0.0));
    assert_eq!(values.len(), 5, "{values:?}");
    assert_eq!(observed(&[true, false]).0.get("ms_health_check_status{check=database}"), Some(&1.0));
}

#[test]
fn a_change_is_one_line_and_a_lasting_state_none() {
    let (_, lines) = observed(&[false, false, true, true, true, false, false]);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("WARN") && lines[0].contains(r#"reason="failed""#), "{lines:?}");
    assert!(lines[0].contains(r#"check="database""#) && !lines[0].contains("hunter2"), "{lines:?}");
    assert!(lines[1].starts_with("INFO") && lines[1].contains("recovered"), "{lines:?}");
}

#[test]
fn a_check_that_never_worked_is_one_line_too() {
    assert_eq!(observed(&[true, true]).1.len(), 1);
}

/// What the checks of `health` tell in one report.
fn told(checks: impl FnOnce(&Kept) -> HealthCheckBuilder) -> BTreeMap<String, f64> {
    let kept = Kept::default();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    metrics::with_local_recorder(&kept, || {
        let health = checks(&kept).build().unwrap();
        runtime.block_on(health.report());
    });
    kept.0.lock().unwrap().clone()
}

#[test]
fn each_reason_is_counted_apart() {
    let values = told(|_| {
        HealthCheck::builder()
            .check("panics", || async {
                panic!("in a check");
                #[expect(unreachable_code, reason = "names the type")]
                Ok::<_, String>(())
            })
            .check("hangs", std::future::pending::<Result<(), String>>)
            .add(Check::not_implemented("later"))
    });
    for (check, reason) in [("panics", "panic"), ("hangs", "timeout"), ("later", "failed")] {
        let name = format!("ms_health_check_failures_total{{check={check},reason={reason}}}");
        assert_eq!(values.get(&name), Some(&1.0), "{values:?}");
    }
}

#[test]
fn runs_that_hang_are_a_gauge_that_is_there_from_the_start() {
    const GAUGE: &str = "ms_health_checks_abandoned{}";
    let seen = Arc::new(Mutex::new(None));
    told(|kept| {
        let (kept, seen) = (kept.clone(), Arc::clone(&seen));
        // The change is told when the deadline has passed, before the runtime comes to drop the future.
        let listener = move |_: &ms_health::Change<'_>| {
            *seen.lock().unwrap() = kept.0.lock().unwrap().get(GAUGE).copied();
        };
        HealthCheck::builder().check("hangs", std::future::pending::<Result<(), String>>).on_change(listener)
    });
    assert_eq!(*seen.lock().unwrap(), Some(1.0));
    let idle = told(|_| HealthCheck::builder());
    assert_eq!(idle.get(GAUGE), Some(&0.0), "{idle:?}");
}
