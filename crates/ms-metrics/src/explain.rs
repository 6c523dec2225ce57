//! Why the page is as it is.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::builder::Metrics;
use crate::registry::Kind;

/// Which metrics have no room, what was refused, and what the series cost; made by [`Metrics::explain`].
///
/// It names metrics and labels and no label value, so that it may be shown where the page may.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Explanation {
    /// How many series a metric may have that declares no other bound.
    pub series_cap: usize,
    /// The metrics that have series, in the order of their names.
    pub metrics: Vec<MetricExplanation>,
    /// The reasons for which registrations were refused.
    pub refusals: Vec<RefusalExplanation>,
}

/// One metric of an [`Explanation`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MetricExplanation {
    /// Its name as exposed.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// How many series it has: `__other__` with them, and those whose collector read nothing, which the page leaves out.
    pub series: usize,
    /// How many it may have.
    pub series_cap: usize,
    /// How many were idle and left.
    pub expired: u64,
    /// What its series take of the memory, in bytes: an estimate, within a half of what is measured. Handles that are
    /// held outside are not in it.
    pub bytes: usize,
    /// Nothing if it has always had room.
    pub overflow: Option<OverflowExplanation>,
}

/// Why a metric has no room for more series.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OverflowExplanation {
    /// The label with the most values.
    pub label: String,
    /// When the first registration found no room.
    pub since: SystemTime,
    /// How many have found none.
    pub registrations: u64,
    /// Sixteen hexadecimal digits for the first value that found none, others in each process.
    pub first_value_hash: String,
}

/// What was refused for one reason.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RefusalExplanation {
    /// The reason, as in `ms_metrics_refused_total`.
    pub reason: &'static str,
    /// How many registrations.
    pub registrations: u64,
    /// The first metric refused for it, at most 64 characters of its name.
    pub first_metric: String,
    /// When that was.
    pub since: SystemTime,
}

impl Metrics {
    /// Tells which metrics have no room, on which label and since when, what was refused, and what the series cost.
    ///
    /// ```
    /// let metrics = ms_metrics::Metrics::builder().series_cap(2).build()?;
    /// metrics::with_local_recorder(&metrics.recorder(), || {
    ///     for path in ["/a", "/b", "/c"] {
    ///         metrics::counter!("visits_total", "path" => path).increment(1);
    ///     }
    /// });
    /// let explanation = metrics.explain();
    /// let visits = explanation.metrics.iter().find(|metric| metric.name == "visits_total").ok_or("none")?;
    /// let overflow = visits.overflow.as_ref().ok_or("no overflow")?;
    /// assert_eq!((&*overflow.label, overflow.registrations), ("path", 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn explain(&self) -> Explanation {
        self.registry().explain()
    }
}

impl MetricExplanation {
    /// Returns what one series takes of the memory, in bytes, on average.
    pub fn bytes_per_series(&self) -> usize {
        self.bytes / self.series.max(1)
    }
}

impl Explanation {
    /// Writes all of it as JSON; times are seconds since 1970.
    pub fn to_json(&self) -> String {
        let mut json = format!("{{\"series_cap\":{},\"metrics\":", self.series_cap);
        array(&mut json, &self.metrics, MetricExplanation::write);
        json.push_str(",\"refusals\":");
        array(&mut json, &self.refusals, RefusalExplanation::write);
        json.push('}');
        json
    }
}

impl MetricExplanation {
    fn write(&self, json: &mut String) {
        json.push_str("{\"name\":");
        string(json, &self.name);
        json.push_str(&format!(
            ",\"kind\":\"{}\",\"series\":{},\"series_cap\":{},\"expired\":{},\"bytes\":{},\"bytes_per_series\":{},\"overflow\":",
            self.kind.as_str(),
            self.series,
            self.series_cap,
            self.expired,
            self.bytes,
            self.bytes_per_series(),
        ));
        match &self.overflow {
            None => json.push_str("null"),
            Some(overflow) => overflow.write(json),
        }
        json.push('}');
    }
}

impl OverflowExplanation {
    fn write(&self, json: &mut String) {
        json.push_str("{\"label\":");
        string(json, &self.label);
        json.push_str(&format!(
            ",\"since\":{},\"registrations\":{},\"first_value_hash\":\"{}\"}}",
            seconds(self.since),
            self.registrations,
            self.first_value_hash,
        ));
    }
}

impl RefusalExplanation {
    fn write(&self, json: &mut String) {
        json.push_str(&format!(
            "{{\"reason\":\"{}\",\"registrations\":{},\"since\":{},\"first_metric\":",
            self.reason,
            self.registrations,
            seconds(self.since),
        ));
        string(json, &self.first_metric);
        json.push('}');
    }
}

fn array<T>(json: &mut String, items: &[T], write: impl Fn(&T, &mut String)) {
    json.push('[');
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            json.push(',');
        }
        write(item, json);
    }
    json.push(']');
}

fn string(json: &mut String, text: &str) {
    json.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => json.extend(['\\', letter]),
            // JavaScript takes the last two for ends of lines.
            '\0'..='\x1f' | '\x7f' | '\u{2028}' | '\u{2029}' => {
                json.push_str(&format!("\\u{:04x}", u32::from(letter)));
            }
            _ => json.push(letter),
        }
    }
    json.push('"');
}

/// A clock before 1970 gives 0.
fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn json_holds_whatever_a_name_holds() {
        let refusal = RefusalExplanation {
            reason: "name",
            registrations: 2,
            first_metric: "a\"b\\c\n\u{2028}ş".to_owned(),
            since: UNIX_EPOCH - Duration::from_secs(1),
        };
        let explanation = Explanation { series_cap: 7, metrics: Vec::new(), refusals: vec![refusal] };
        let expected = concat!(
            r#"{"series_cap":7,"metrics":[],"refusals":[{"reason":"name","registrations":2,"since":0,"#,
            r#""first_metric":"a\"b\\c\u000a\u2028ş"}]}"#
        );
        assert_eq!(explanation.to_json(), expected);
    }
}
