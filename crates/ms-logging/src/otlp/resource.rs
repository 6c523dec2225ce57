//! Who the records and spans are of.

use std::collections::BTreeMap;

use super::environment::{self, Environment};
use super::message::{KeyValue, Resource};
use crate::notice::notice;

const SERVICE_NAME: &str = "service.name";

/// Puts together what the builder says, then `OTEL_SERVICE_NAME`, then `OTEL_RESOURCE_ATTRIBUTES`, then the defaults.
pub(super) fn of(environment: &Environment<'_>, given: Vec<(String, String)>) -> Resource {
    let mut attributes = BTreeMap::from([
        (SERVICE_NAME.to_owned(), unknown_service()),
        ("telemetry.sdk.language".to_owned(), "rust".to_owned()),
        ("telemetry.sdk.name".to_owned(), env!("CARGO_PKG_NAME").to_owned()),
        ("telemetry.sdk.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
    ]);
    const VARIABLE: &str = "OTEL_RESOURCE_ATTRIBUTES";
    if let Some(text) = environment.text(VARIABLE) {
        match environment::pairs(&text) {
            Some(pairs) => attributes.extend(pairs),
            None => notice(format_args!("{VARIABLE} is not a list of name=value; all of it is left out")),
        }
    }
    attributes.extend(environment.text("OTEL_SERVICE_NAME").map(|name| (SERVICE_NAME.to_owned(), name)));
    attributes.extend(given);
    Resource { attributes: attributes.into_iter().map(|(key, value)| KeyValue::text(key, value)).collect() }
}

/// What the specification has for a service that does not tell its name.
fn unknown_service() -> String {
    let program = std::env::current_exe().ok();
    let program = program.as_deref().and_then(|path| path.file_name()).map(|name| name.to_string_lossy());
    program.map_or_else(|| "unknown_service".to_owned(), |program| format!("unknown_service:{program}"))
}

#[cfg(test)]
mod tests {
    use super::super::message::Any;
    use super::*;

    fn attribute(resource: &Resource, key: &str) -> Option<String> {
        let attribute = resource.attributes.iter().find(|attribute| attribute.key == key)?;
        let Any::String(text) = attribute.value.clone()?.value? else { return None };
        Some(text)
    }

    #[test]
    fn the_builder_goes_before_the_environment() {
        let variables = |name: &str| match name {
            "OTEL_SERVICE_NAME" => Some("by-name".to_owned()),
            "OTEL_RESOURCE_ATTRIBUTES" => Some("service.name=by-list,a=list,b=list%21".to_owned()),
            _ => None,
        };
        let environment = Environment(&variables);
        let resource = of(&environment, vec![("a".to_owned(), "builder".to_owned())]);
        assert_eq!(attribute(&resource, SERVICE_NAME).unwrap(), "by-name");
        assert_eq!(attribute(&resource, "a").unwrap(), "builder");
        assert_eq!(attribute(&resource, "b").unwrap(), "list!");
        let resource = of(&environment, vec![(SERVICE_NAME.to_owned(), "builder".to_owned())]);
        assert_eq!(attribute(&resource, SERVICE_NAME).unwrap(), "builder");
    }

    #[test]
    fn a_service_without_a_name_is_known_by_its_program() {
        let broken = |name: &str| (name == "OTEL_RESOURCE_ATTRIBUTES").then(|| "a=1,b=%".to_owned());
        let resource = of(&Environment(&broken), Vec::new());
        assert!(attribute(&resource, SERVICE_NAME).unwrap().starts_with("unknown_service:ms_logging"));
        assert_eq!(attribute(&resource, "telemetry.sdk.language").unwrap(), "rust");
        assert_eq!(attribute(&resource, "a"), None, "one bad pair spoils the list");
    }
}
