//! The last five minutes, kept for the charts.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::reading::{Answers, Reading};

/// How often the metrics are looked at.
pub(super) const STEP: Duration = Duration::from_secs(3);
const POINTS: usize = 100;
/// A rate is that of the last twelve seconds: of one step alone it would leap about.
const SPAN: usize = 5;

/// The last five minutes. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct History(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    /// The youngest last.
    readings: VecDeque<(Instant, Arc<Reading>)>,
    points: VecDeque<Arc<Point>>,
}

/// What a chart shows of one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Point {
    /// Of the service as a whole.
    pub(super) all: Red,
    /// By endpoint and method.
    pub(super) endpoints: BTreeMap<(String, String), Red>,
    pub(super) cpu: Option<f64>,
    pub(super) memory: Option<f64>,
    pub(super) disk: Option<f64>,
    pub(super) process_cpu: Option<f64>,
    pub(super) process_memory: Option<f64>,
    pub(super) open_files: Option<f64>,
    pub(super) threads: Option<f64>,
    /// Events a second, by level.
    pub(super) log_events: BTreeMap<String, f64>,
}

/// Rate, errors and durations of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Red {
    /// Requests a second.
    pub(super) rate: f64,
    /// Answers of 5xx a second.
    pub(super) errors: f64,
    /// Seconds within which half of the requests was answered; `None` without requests, as the next two.
    pub(super) p50: Option<f64>,
    pub(super) p95: Option<f64>,
    pub(super) p99: Option<f64>,
}

impl History {
    /// Adds a look at the metrics.
    pub(super) fn add(&self, now: Instant, reading: Reading) {
        let mut kept = self.0.lock();
        if let Some((then, older)) = kept.readings.front() {
            let seconds = now.saturating_duration_since(*then).as_secs_f64();
            if seconds > 0.0 {
                let point = Arc::new(Point::between(older, &reading, seconds));
                kept.points.push_back(point);
            }
        }
        kept.readings.push_back((now, Arc::new(reading)));
        if kept.readings.len() >= SPAN {
            kept.readings.pop_front();
        }
        if kept.points.len() > POINTS {
            kept.points.pop_front();
        }
    }

    /// The points, the youngest last.
    pub(super) fn points(&self) -> Vec<Arc<Point>> {
        self.0.lock().points.iter().cloned().collect()
    }
}

impl Point {
    fn between(older: &Reading, now: &Reading, seconds: f64) -> Self {
        let (mut all, mut endpoints) = (Answers::default(), BTreeMap::new());
        for (key, answers) in &now.endpoints {
            let since = answers.since(older.endpoints.get(key));
            endpoints.insert(key.clone(), Red::of(&since, seconds));
            all.merge(&since);
        }
        let rate = |now: f64, then: f64| (now - then).max(0.0) / seconds;
        let process_cpu =
            now.plain("process_cpu_seconds_total").zip(older.plain("process_cpu_seconds_total"));
        let levels = now.log_events.iter().map(|(level, count)| {
            let then = older.log_events.get(level).copied().unwrap_or_default();
            (level.clone(), rate(*count, then))
        });
        Self {
            all: Red::of(&all, seconds),
            endpoints,
            cpu: now.plain("cpu_usage_percent"),
            memory: now.plain("memory_usage_percent"),
            disk: now.plain("disk_usage_percent"),
            process_cpu: process_cpu.map(|(now, then)| rate(now, then) * 100.0),
            process_memory: now.plain("process_resident_memory_bytes"),
            open_files: now.plain("process_open_fds"),
            threads: now.plain("process_threads"),
            log_events: levels.collect(),
        }
    }
}

impl Red {
    fn of(answers: &Answers, seconds: f64) -> Self {
        Self {
            rate: answers.total() / seconds,
            errors: answers.failed / seconds,
            p50: answers.quantile(0.5),
            p95: answers.quantile(0.95),
            p99: answers.quantile(0.99),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_those_of_the_last_seconds_and_five_minutes_are_kept() {
        let (history, begun) = (History::default(), Instant::now());
        let reading = |requests: u64| {
            let line =
                format!("http_requests_total{{method=\"GET\",endpoint=\"/\",status=\"500\"}} {requests}\n");
            Reading::of(&format!(
                "{line}process_cpu_seconds_total {requests}\nlog_events_total{{level=\"info\"}} {requests}\n"
            ))
        };
        history.add(begun, reading(10));
        assert!(history.points().is_empty());
        for step in 1..=200_u32 {
            // Twice as much from the half on.
            let requests = if step <= 100 { step } else { 100 + (step - 100) * 2 };
            history.add(begun + STEP * step, reading(10 + u64::from(requests)));
        }
        let points = history.points();
        assert_eq!(points.len(), POINTS);
        let rates: Vec<_> = points.iter().map(|point| point.all.rate).collect();
        assert_eq!(rates[POINTS - 1], 2.0 / STEP.as_secs_f64());
        let last = &points[POINTS - 1];
        let rate = last.all.rate;
        assert_eq!((last.all.errors, last.log_events["info"]), (rate, rate));
        assert_eq!(last.process_cpu, Some(rate * 100.0));
        assert_eq!(last.endpoints.len(), 1);
        assert_eq!(last.all.p50, None, "there are no buckets");
    }
}
