//! What a viewer can choose, and what is drawn over all panels.

use super::model::{Annotation, PROMETHEUS, Selected, Target, Variable};
use super::query::{Natives, chosen};
use super::requests::Names;
use crate::catalog::own::REFUSED;

/// When the dashboard is opened.
const ON_LOAD: u8 = 1;
/// When the time range changes too: others may have been there then.
const ON_TIME: u8 = 2;
const ALPHABETICAL: u8 = 1;

pub(super) fn all(job: Option<&str>, names: &Names, natives: &Natives) -> Vec<Variable> {
    // Every page of ours has it, from the first scrape on.
    let jobs = format!("label_values({REFUSED}, job)");
    let instances = format!("label_values({REFUSED}{{job=\"$job\"}}, instance)");
    let (requests, suffix) = names.counted(natives);
    let endpoints = format!("label_values({}, {})", chosen(requests, suffix, ""), names.route);
    let selected = |text: &str| Selected { text: text.to_owned(), value: text.to_owned() };
    vec![
        Variable {
            kind: "datasource",
            datasource: None,
            query: "prometheus".to_owned(),
            refresh: ON_LOAD,
            ..Variable::one_of("datasource", "Data source", String::new())
        },
        Variable { current: job.map(selected), ..Variable::one_of("job", "Job", jobs) },
        Variable::any_of("instance", "Instance", instances),
        Variable::any_of("endpoint", "Endpoint", endpoints),
    ]
}

impl Variable {
    fn one_of(name: &'static str, label: &'static str, query: String) -> Self {
        Self {
            name,
            label,
            kind: "query",
            datasource: Some(PROMETHEUS),
            query,
            refresh: ON_TIME,
            sort: ALPHABETICAL,
            multi: false,
            include_all: false,
            all_value: None,
            current: None,
        }
    }

    fn any_of(name: &'static str, label: &'static str, query: String) -> Self {
        let all = Selected { text: "All".to_owned(), value: "$__all".to_owned() };
        Self {
            multi: true,
            include_all: true,
            // One pattern, however many there are.
            all_value: Some(".*"),
            current: Some(all),
            ..Self::one_of(name, label, query)
        }
    }
}

/// Alerts that fire; Prometheus keeps them as a series. One of a rule that sums over jobs has none, and whose it is nobody
/// can tell: such ones are drawn where a viewer asks for them.
pub(super) fn alerts() -> Vec<Annotation> {
    vec![annotation("Alerts", "$job", true), annotation("Alerts of no job", "", false)]
}

fn annotation(name: &'static str, job: &str, enable: bool) -> Annotation {
    let target = Target {
        ref_id: "Anno".to_owned(),
        datasource: PROMETHEUS,
        expr: format!("ALERTS{{alertstate=\"firing\",job=\"{job}\"}}"),
        legend_format: None,
        format: None,
        range: true,
        exemplar: false,
    };
    Annotation {
        name,
        datasource: PROMETHEUS,
        enable,
        icon_color: "red",
        target,
        title_format: "{{alertname}}",
        text_format: "{{instance}}",
        tag_keys: "severity",
    }
}
