//! What the page takes from one look at the metrics.

use std::collections::BTreeMap;

use super::exposition::{Sample, samples};

/// One look at the metrics.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    /// By endpoint and method.
    pub(super) endpoints: BTreeMap<(String, String), Answers>,
    /// The gauges and counters without labels that the page shows, by name.
    plain: BTreeMap<String, f64>,
    /// Events that passed the level filter, by level.
    pub(super) log_events: BTreeMap<String, f64>,
    /// Lines that were lost, by reason.
    pub(super) log_dropped: BTreeMap<String, f64>,
}

/// How the requests to one endpoint ended, and how long they took.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Answers {
    pub(super) good: f64,
    /// The client's fault, 4xx.
    pub(super) refused: f64,
    /// Ours, 5xx.
    pub(super) failed: f64,
    /// Requests that took no longer than each upper bound.
    pub(super) durations: Vec<(f64, f64)>,
}

const PLAIN: [&str; 9] = [
    "active_users_total",
    "cpu_usage_percent",
    "disk_usage_percent",
    "memory_usage_bytes",
    "memory_usage_percent",
    "process_cpu_seconds_total",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_threads",
];

impl Reading {
    pub(super) fn of(exposition: &str) -> Self {
        let mut reading = Self::default();
        let wanted = |name: &str| {
            PLAIN.contains(&name)
                || matches!(
                    name,
                    "http_requests_total"
                        | "http_request_duration_seconds_bucket"
                        | "log_events_total"
                        | "ms_logging_dropped_total"
                )
        };
        samples(exposition, wanted).for_each(|sample| reading.add(&sample));
        for answers in reading.endpoints.values_mut() {
            answers.durations.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        }
        reading
    }

    /// The value of a metric without labels.
    pub(super) fn plain(&self, name: &str) -> Option<f64> {
        self.plain.get(name).copied()
    }

    fn add(&mut self, sample: &Sample<'_>) {
        match sample.name {
            "http_requests_total" => {
                let answers = self.answers(sample);
                match sample.label("status").bytes().next() {
                    Some(b'4') => answers.refused += sample.value,
                    Some(b'5') => answers.failed += sample.value,
                    _ => answers.good += sample.value,
                }
            }
            "http_request_duration_seconds_bucket" => {
                let Ok(bound) = sample.label("le").parse::<f64>() else { return };
                let durations = &mut self.answers(sample).durations;
                match durations.iter_mut().find(|(known, _)| *known == bound) {
                    Some((_, count)) => *count += sample.value,
                    None => durations.push((bound, sample.value)),
                }
            }
            "log_events_total" => {
                *self.log_events.entry(sample.label("level").to_owned()).or_default() += sample.value;
            }
            "ms_logging_dropped_total" => {
                *self.log_dropped.entry(sample.label("reason").to_owned()).or_default() += sample.value;
            }
            plain => drop(self.plain.insert(plain.to_owned(), sample.value)),
        }
    }

    fn answers(&mut self, sample: &Sample<'_>) -> &mut Answers {
        let key = (sample.label("endpoint").to_owned(), sample.label("method").to_owned());
        self.endpoints.entry(key).or_default()
    }
}

impl Answers {
    pub(super) fn total(&self) -> f64 {
        self.good + self.refused + self.failed
    }

    /// What has come since an older reading. A counter that fell was started anew.
    pub(super) fn since(&self, older: Option<&Self>) -> Self {
        let Some(older) = older else { return self.clone() };
        let risen = |now: f64, then: f64| if now < then { now } else { now - then };
        let then = |bound: f64| older.durations.iter().find(|(other, _)| *other == bound);
        Self {
            good: risen(self.good, older.good),
            refused: risen(self.refused, older.refused),
            failed: risen(self.failed, older.failed),
            durations: self
                .durations
                .iter()
                .map(|(bound, count)| (*bound, risen(*count, then(*bound).map_or(0.0, |(_, count)| *count))))
                .collect(),
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.good += other.good;
        self.refused += other.refused;
        self.failed += other.failed;
        for (bound, count) in &other.durations {
            match self.durations.iter_mut().find(|(known, _)| known == bound) {
                Some((_, own)) => *own += count,
                None => self.durations.push((*bound, *count)),
            }
        }
    }

    /// The seconds within which this share of the requests was answered, as Prometheus's `histogram_quantile` has it:
    /// even within a bucket, and the highest bound for what lies beyond. `None` without requests.
    pub(super) fn quantile(&self, share: f64) -> Option<f64> {
        let (_, total) = *self.durations.last()?;
        if total <= 0.0 {
            return None;
        }
        let rank = share * total;
        let (mut bound_below, mut count_below) = (0.0, 0.0);
        for (bound, count) in &self.durations {
            if *count >= rank {
                if bound.is_infinite() {
                    return Some(bound_below);
                }
                let within = (rank - count_below) / (count - count_below);
                return Some(bound_below + (bound - bound_below) * within.clamp(0.0, 1.0));
            }
            (bound_below, count_below) = (*bound, *count);
        }
        Some(bound_below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "http_requests_total{method=\"GET\",endpoint=\"/a\",status=\"200\"} 3\n\
        http_requests_total{method=\"GET\",endpoint=\"/a\",status=\"304\"} 1\n\
        http_requests_total{status=\"404\",method=\"GET\",endpoint=\"/a\"} 2\n\
        http_requests_total{method=\"PUT\",endpoint=\"/b\",status=\"503\"} 5\n\
        http_request_duration_seconds_bucket{method=\"GET\",endpoint=\"/a\",status=\"200\",le=\"+Inf\"} 4\n\
        http_request_duration_seconds_bucket{method=\"GET\",endpoint=\"/a\",status=\"200\",le=\"0.1\"} 2\n\
        http_request_duration_seconds_bucket{method=\"GET\",endpoint=\"/a\",status=\"404\",le=\"0.1\"} 2\n\
        http_request_duration_seconds_bucket{method=\"GET\",endpoint=\"/a\",status=\"404\",le=\"+Inf\"} 2\n\
        http_request_duration_seconds_bucket{method=\"GET\",endpoint=\"/a\",status=\"200\",le=\"0.2\"} 3\n\
        active_users_total 7\n\
        active_users_total_more 8\n\
        log_events_total{level=\"warn\"} 2\n\
        ms_logging_dropped_total{sink=\"file\",reason=\"io_error\"} 1\n\
        ms_logging_dropped_total{sink=\"console\",reason=\"io_error\"} 1\n";

    fn key(endpoint: &str, method: &str) -> (String, String) {
        (endpoint.to_owned(), method.to_owned())
    }

    #[test]
    fn answers_are_added_up_by_kind() {
        let reading = Reading::of(TEXT);
        let answers = &reading.endpoints[&key("/a", "GET")];
        assert_eq!((answers.good, answers.refused, answers.failed), (4.0, 2.0, 0.0));
        assert_eq!(answers.durations, [(0.1, 4.0), (0.2, 3.0), (f64::INFINITY, 6.0)]);
        assert_eq!(reading.endpoints[&key("/b", "PUT")].failed, 5.0);
        assert_eq!(reading.plain("active_users_total"), Some(7.0));
        assert_eq!(reading.plain("active_users"), None);
        assert_eq!((reading.log_events["warn"], reading.log_dropped["io_error"]), (2.0, 2.0));
    }

    #[test]
    fn what_came_since_is_the_difference_or_all_after_a_restart() {
        let then = Answers { good: 3.0, refused: 9.0, failed: 0.0, durations: vec![(0.1, 3.0)] };
        let now = Answers { good: 5.0, refused: 1.0, failed: 2.0, durations: vec![(0.1, 4.0), (0.2, 8.0)] };
        let since = now.since(Some(&then));
        assert_eq!((since.good, since.refused, since.failed), (2.0, 1.0, 2.0));
        assert_eq!(since.durations, [(0.1, 1.0), (0.2, 8.0)]);
        assert_eq!(now.since(None), now);
    }

    #[test]
    fn quantiles_are_those_of_prometheus() {
        let durations = vec![(0.1, 50.0), (0.2, 90.0), (f64::INFINITY, 100.0)];
        let answers = Answers { durations, ..Answers::default() };
        let close =
            |share: f64, seconds: f64| (answers.quantile(share).expect("some") - seconds).abs() < 1e-12;
        assert!(close(0.25, 0.05) && close(0.5, 0.1) && close(0.7, 0.15) && close(0.99, 0.2));
        assert_eq!(Answers::default().quantile(0.5), None);
        let none = Answers { durations: vec![(0.1, 0.0), (f64::INFINITY, 0.0)], ..Answers::default() };
        assert_eq!(none.quantile(0.5), None);
    }
}
