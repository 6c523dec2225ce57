//! What a rule writes for others to read: the series of a recording rule, and `ALERTS`.

use std::collections::HashSet;

use crate::alert::Alert;
use crate::labels::Labels;
use crate::samples::History;
use crate::template::Template;

const ALERTS: &str = "ALERTS";
const ALERTS_FOR_STATE: &str = "ALERTS_FOR_STATE";

/// The series that a rule has written last.
#[derive(Debug, Default)]
pub(crate) struct Written(HashSet<Labels>);

impl Written {
    /// Writes series that are `ago` milliseconds old, and marks those that are not among them any more.
    pub(crate) fn write(&mut self, history: &mut History, ago: i64, series: Vec<(Labels, f64)>) {
        let now: HashSet<Labels> = series.iter().map(|(labels, _)| labels.clone()).collect();
        self.0.difference(&now).for_each(|gone| history.write(gone, ago, None));
        series.iter().for_each(|(labels, value)| history.write(labels, ago, Some(*value)));
        self.0 = now;
    }
}

/// What Prometheus writes of alerts that are pending or firing, if any rule reads it. `own` are the rule's labels as they are in
/// the file: there, too, the text of one that an alert does not have, since it came out empty, stands as it is.
pub(crate) fn of_alerts(
    history: &History,
    own: &[(String, Template)],
    alerts: impl Iterator<Item = Alert>,
) -> Vec<(Labels, f64)> {
    let (is_read, is_state_read) = (history.is_read(ALERTS), history.is_read(ALERTS_FOR_STATE));
    if !is_read && !is_state_read {
        return Vec::new();
    }
    let mut series = Vec::new();
    for alert in alerts {
        let own = || own.iter().map(|(name, text)| (name.as_str(), text.source()));
        let labels = || own().chain(alert.labels.iter());
        let state = [("__name__", ALERTS), ("alertstate", alert.state.as_str())];
        series.push((labels().chain(state).collect(), 1.0));
        let since = alert.active_at.as_second() as f64;
        series.push((labels().chain([("__name__", ALERTS_FOR_STATE)]).collect(), since));
    }
    series
}
