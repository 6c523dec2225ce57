//! Which rules are asked for.

use crate::alert::RuleKind;

#[derive(Debug, Default)]
pub(super) struct Filter {
    kind: Option<RuleKind>,
    names: Vec<String>,
    groups: Vec<String>,
    files: Vec<String>,
    pub(super) exclude_alerts: bool,
}

impl Filter {
    /// Reads the query of a request; the error is for people.
    pub(super) fn parse(query: &str) -> Result<Self, String> {
        let mut filter = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match (&*name, &*value) {
                ("type", "") => {}
                ("type", "alert") => filter.kind = Some(RuleKind::Alerting),
                ("type", "record") => filter.kind = Some(RuleKind::Recording),
                ("type", other) => {
                    return Err(format!("invalid parameter \"type\": not supported value {other:?}"));
                }
                ("rule_name[]", _) => filter.names.push(value.into_owned()),
                ("rule_group[]", _) => filter.groups.push(value.into_owned()),
                ("file[]", _) => filter.files.push(value.into_owned()),
                // What Go takes for a truth value.
                ("exclude_alerts", "1" | "t" | "T" | "true" | "TRUE" | "True") => {
                    filter.exclude_alerts = true
                }
                ("exclude_alerts", "" | "0" | "f" | "F" | "false" | "FALSE" | "False") => {}
                ("exclude_alerts", other) => {
                    return Err(format!(
                        "invalid parameter \"exclude_alerts\": {other:?} is not true or false"
                    ));
                }
                _ => {}
            }
        }
        Ok(filter)
    }

    pub(super) fn takes_group(&self, name: &str, file: &str) -> bool {
        is_among(&self.groups, name) && is_among(&self.files, file)
    }

    pub(super) fn takes_rule(&self, name: &str, kind: RuleKind) -> bool {
        is_among(&self.names, name) && self.kind.is_none_or(|wanted| wanted == kind)
    }

    /// Whether a group of which no rule is left is shown.
    pub(super) fn shows_empty(&self) -> bool {
        self.names.is_empty() && self.kind.is_none()
    }
}

fn is_among(wanted: &[String], value: &str) -> bool {
    wanted.is_empty() || wanted.iter().any(|wanted| wanted == value)
}
