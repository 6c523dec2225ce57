//! What the metrics facade and the log are told.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};
use ms_alerts::{AlertManager, AlertRule, Notification, SendError, SendFuture, Sink, above, log_sink};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Subscriber};

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

/// Keeps the lines that ms-alerts wrote.
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
        metadata.target().starts_with("ms_alerts")
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        self.0.lock().unwrap().push(format!("{} {}", metadata.level(), metadata.target()));
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Fails once, then refuses.
struct Broken(Mutex<u32>);

impl Sink for Broken {
    fn name(&self) -> &str {
        "broken"
    }

    fn send(&self, _: Arc<Notification>) -> SendFuture<'_> {
        let mut calls = self.0.lock().unwrap();
        *calls += 1;
        let error = if *calls == 1 { SendError::temporary("down") } else { SendError::permanent("no") };
        Box::pin(std::future::ready(Err(error)))
    }
}

/// Checks a rule that fires, resolves and panics, with a log sink and one that is broken.
fn observed() -> (BTreeMap<String, f64>, Vec<String>) {
    let (kept, lines) = (Kept::default(), Lines::default());
    // While there is one subscriber alone, a call site that the thread of another test comes to first is off for good.
    static OTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(Lines::default()));
    LazyLock::force(&OTHER);
    // One thread, so that a recorder and a subscriber of this thread see the sinks too.
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let rule =
        AlertRule::new("cpu", above(), 90.0).severity("page").annotation("summary", "CPU at {{ $value }} %");
    let panics = AlertRule::new("broken", |_: f64, _: f64| panic!("a bug of somebody's"), 0.0).metric("cpu");
    tracing::subscriber::with_default(lines.clone(), || {
        metrics::with_local_recorder(&kept, || {
            runtime.block_on(async {
                let builder = AlertManager::builder().rule(rule).rule(panics);
                let manager = builder.sink(log_sink()).sink(Broken(Mutex::new(0))).build().unwrap();
                manager.check_alerts(&[("cpu", 95.0)]).await;
                tokio::time::sleep(Duration::from_secs(60)).await;
                manager.check_alerts(&[("cpu", 1.0)]).await;
                tokio::time::sleep(Duration::from_secs(60)).await;
                manager.check_alerts(&[("cpu", 2.0)]).await;
            });
        });
    });
    let values = kept.0.lock().unwrap().clone();
    (values, lines.0.lock().unwrap().clone())
}

#[test]
fn evaluations_and_deliveries_are_counted() {
    let (values, _) = observed();
    let expected = [
        ("ms_alerts_evaluations_total{}", 6.0),
        ("ms_alerts_evaluation_failures_total{reason=panic}", 3.0),
        ("ms_alerts_evaluation_duration_seconds{}", 3.0),
        ("ms_alerts_notifications_queued_total{sink=log}", 2.0),
        ("ms_alerts_notifications_queued_total{sink=broken}", 2.0),
        ("ms_alerts_notifications_sent_total{sink=log}", 2.0),
        ("ms_alerts_notification_latency_seconds{sink=log}", 2.0),
        ("ms_alerts_notifications_retried_total{sink=broken}", 1.0),
        ("ms_alerts_notifications_failed_total{sink=broken}", 2.0),
        ("ms_alerts_notifications_dropped_total{sink=broken,reason=refused}", 1.0),
        ("ms_alerts_notifications_dropped_total{sink=broken,reason=unannounced}", 1.0),
    ];
    let expected: BTreeMap<String, f64> =
        expected.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let counted: BTreeMap<String, f64> =
        values.clone().into_iter().filter(|(name, value)| !is_of_rule(name) && *value != 0.0).collect();
    assert_eq!(counted, expected);
    // The rest is there from the start.
    for name in [
        "ms_alerts_evaluation_failures_total{reason=source}",
        "ms_alerts_active{state=pending}",
        "ms_alerts_active{state=firing}",
        "ms_alerts_notifications_sent_total{sink=broken}",
        "ms_alerts_notifications_failed_total{sink=log}",
        "ms_alerts_notifications_dropped_total{sink=log,reason=expired}",
        "ms_alerts_notifications_waiting{sink=log}",
    ] {
        assert_eq!(values.get(name), Some(&0.0), "{name}");
    }
}

/// They have tests of their own.
fn is_of_rule(name: &str) -> bool {
    name.starts_with("ms_alerts_rule_") || name.starts_with("ms_alerts_last_reload_")
}

#[test]
fn each_rule_has_its_times_and_failures() {
    let (values, _) = observed();
    for (rule, failures) in [("cpu", 0.0), ("broken", 3.0)] {
        let of = |metric: &str| values[&format!("ms_alerts_rule_{metric}{{group=,rule={rule}}}")];
        assert_eq!(of("evaluation_failures_total"), failures, "{rule}");
        assert!((0.0..10.0).contains(&of("evaluation_duration_seconds")), "{rule}");
        let now = jiff::Timestamp::now().as_second() as f64;
        assert!((now - 600.0..=now + 1.0).contains(&of("last_evaluation_timestamp_seconds")), "{rule}");
    }
}

#[test]
fn names_of_rules_cannot_fill_the_memory() {
    let kept = Kept::default();
    metrics::with_local_recorder(&kept, || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let manager = AlertManager::new();
        for number in 0..600 {
            let name = format!("{number}{}", "ğ".repeat(200));
            manager.add_rule(AlertRule::new(name, above(), 1.0)).unwrap();
        }
        runtime.block_on(manager.check_alerts(&[("x", 1.0)]));
    });
    let values = kept.0.lock().unwrap();
    let names: Vec<_> = values.keys().filter(|name| name.starts_with("ms_alerts_rule_last")).collect();
    assert_eq!(names.len(), 501);
    assert!(names.iter().all(|name| name.len() < 220), "{names:?}");
    assert!(
        values.contains_key("ms_alerts_rule_last_evaluation_timestamp_seconds{group=(other),rule=(other)}")
    );
}

#[cfg(feature = "rules")]
#[test]
fn a_rule_that_is_gone_is_neither_late_nor_slow() {
    let kept = Kept::default();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.yml");
    std::fs::write(&file, "groups:\n  - name: g\n    rules: [{alert: A, expr: x > 1}]\n").unwrap();
    metrics::with_local_recorder(&kept, || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let manager = AlertManager::builder().rules_file(&file).unwrap().build().unwrap();
        let last =
            || kept.0.lock().unwrap()["ms_alerts_rule_last_evaluation_timestamp_seconds{group=g,rule=A}"];
        runtime.block_on(manager.check_alerts(&[("x", 1.0)]));
        assert!(last() > 0.0);
        std::fs::write(&file, "groups: []\n").unwrap();
        manager.reload().unwrap();
        assert!(last().is_nan());
    });
}

#[cfg(feature = "rules")]
#[test]
fn reloads_and_budgets_are_told() {
    let kept = Kept::default();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.yml");
    let of = |name: &str| kept.0.lock().unwrap()[&format!("ms_alerts_{name}")];
    let reloads = || (of("last_reload_successful{}"), of("reload_failures_total{}"));
    std::fs::write(&file, "groups: []\n").unwrap();
    metrics::with_local_recorder(&kept, || {
        let manager = AlertManager::builder().rules_file(&file).unwrap().build().unwrap();
        assert_eq!(reloads(), (1.0, 0.0));
        let start = of("last_reload_success_timestamp_seconds{}");
        assert!((start - jiff::Timestamp::now().as_second() as f64).abs() < 600.0);
        std::fs::write(&file, "groups: {}\n").unwrap();
        manager.reload().unwrap_err();
        assert_eq!(reloads(), (0.0, 1.0));
        let text = r#"groups: [{name: g, rules: [{alert: A, expr: "count_over_time(vector(1)[100y:1s])"}]}]"#;
        std::fs::write(&file, text).unwrap();
        manager.reload().unwrap();
        assert_eq!(reloads(), (1.0, 1.0));
        assert!(of("last_reload_success_timestamp_seconds{}") >= start);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(manager.check_alerts(&[("x", 1.0)]));
        assert_eq!(of("evaluation_failures_total{reason=budget}"), 1.0);
    });
}

#[test]
fn a_change_is_one_event_and_so_is_a_loss() {
    let (_, lines) = observed();
    let of = |target: &str| lines.iter().filter(|line| line.contains(target)).collect::<Vec<_>>();
    let changes = of(" ms_alerts::log ");
    assert_eq!(changes.len(), 2, "{lines:#?}");
    assert!(changes[0].starts_with("WARN") && changes[0].contains("CPU at 95 %"), "{changes:?}");
    assert!(changes[1].starts_with("INFO") && changes[1].contains("alert resolved"), "{changes:?}");
    let given_up = of("given up");
    assert_eq!(given_up.len(), 2, "{lines:#?}");
    assert!(given_up.iter().all(|line| line.starts_with("ERROR") && line.contains("sink=\"broken\"")));
    assert_eq!(of("will be sent again").len(), 1, "{lines:#?}");
    assert_eq!(of("rule not evaluated").len(), 1, "a lasting failure is told once: {lines:#?}");
}
