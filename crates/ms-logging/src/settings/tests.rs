use std::ffi::OsString;

use serde_json::json;

use super::*;
use crate::builder::LoggingBuilder;
use crate::error::BuildError;

/// A value for each key, in a file and in the environment.
fn samples() -> Vec<(&'static str, serde_json::Value, &'static str)> {
    vec![
        ("name", json!("ward"), "ward"),
        ("level", json!("warn"), "warn"),
        ("filter", json!("info,hyper=warn"), "info,hyper=warn"),
        ("levels", json!({"hyper": "warn"}), ""),
        ("file", json!("a.log"), "a.log"),
        ("json_file", json!("a.jsonl"), "a.jsonl"),
        ("console", json!(false), "false"),
        ("max_bytes", json!(4096), "4096"),
        ("backups", json!(3), "3"),
        ("rotate_every", json!("day"), "day"),
        ("max_total_bytes", json!(99999), "99999"),
        ("gzip", json!(cfg!(feature = "gzip")), if cfg!(feature = "gzip") { "true" } else { "false" }),
        ("queue_bytes", json!(5_000_000), "5000000"),
        ("block_ms", json!(50), "50"),
        ("rate_limit", json!(100), "100"),
        ("sample", json!(["info:0.5", "sqlx=debug:0.01"]), "info:0.5, sqlx=debug:0.01"),
        ("fallback", json!("/mnt/other"), "/mnt/other"),
        ("durable", json!(true), "true"),
        ("redact", json!(false), "false"),
        ("sensitive_keys", json!(["sicil_no", "room"]), "sicil_no, room"),
        ("log_panics", json!(true), "true"),
        ("shutdown_ms", json!(750), "750"),
        ("otlp", json!(cfg!(feature = "otlp")), if cfg!(feature = "otlp") { "true" } else { "false" }),
        ("otlp_endpoint", json!("https://c:4318/x"), "https://c:4318/x"),
        ("otlp_headers", json!({"x-token": "a,b"}), "x-token=a%2Cb"),
        ("otlp_timeout_ms", json!(2500), "2500"),
        ("otlp_retry_ms", json!(0), "0"),
        ("otlp_gzip", json!(true), "true"),
        ("otlp_logs", json!(false), "false"),
        ("otlp_traces", json!(false), "false"),
        ("otlp_service_name", json!("roster"), "roster"),
        (
            "otlp_attributes",
            json!({"deployment.environment.name": "ward 7"}),
            "deployment.environment.name=ward%207",
        ),
    ]
}

fn from_env(variables: &[(&str, &str)]) -> Result<Config, BuildError> {
    let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    LoggingBuilder::default().variables(variables).map(|builder| builder.config)
}

/// Where the level came from differs, and is meant to.
fn shown(mut config: Config) -> String {
    config.filter_origin = "";
    format!("{config:?}")
}

#[test]
fn each_key_means_the_same_in_a_file_and_in_the_environment() {
    let samples = samples();
    assert_eq!(samples.iter().map(|(key, ..)| *key).collect::<Vec<_>>(), KEYS);
    let default = shown(Config::default());
    for (key, value, variable) in samples {
        if key.starts_with("otlp_") && !cfg!(feature = "otlp") {
            let error = serde_json::from_value::<LoggingBuilder>(json!({ key: value })).unwrap_err();
            assert!(error.to_string().contains("without its feature `otlp`"), "{error}");
            continue;
        }
        let builder: LoggingBuilder = serde_json::from_value(json!({ key: value })).unwrap();
        let from_file = shown(builder.config);
        if (key != "gzip" || cfg!(feature = "gzip")) && (key != "otlp" || cfg!(feature = "otlp")) {
            assert_ne!(from_file, default, "{key} does something");
        }
        if key != "levels" {
            let name = format!("MS_LOG_{}", key.to_uppercase());
            assert_eq!(shown(from_env(&[(&name, variable)]).unwrap()), from_file, "{key}");
        }
    }
}

#[cfg(feature = "otlp")]
#[test]
fn an_export_is_refused_by_its_key_and_without_what_may_be_a_token() {
    const SECRET: &str = "s3cr3t";
    for (key, variable, value) in [
        ("otlp_endpoint", "MS_LOG_OTLP_ENDPOINT", format!("ftp://{SECRET}@c")),
        ("otlp_endpoint", "MS_LOG_OTLP_ENDPOINT", SECRET.to_owned()),
        ("otlp_headers", "MS_LOG_OTLP_HEADERS", SECRET.to_owned()),
        ("otlp_headers", "MS_LOG_OTLP_HEADERS", format!("a={SECRET}%0A")),
        ("otlp_headers", "MS_LOG_OTLP_HEADERS", format!("a b={SECRET}")),
    ] {
        let from_variable = from_env(&[(variable, &value)]).unwrap_err();
        assert!(from_variable.to_string().contains(variable), "{from_variable}");
        let file = match (key, value.split_once('=')) {
            ("otlp_headers", Some((name, value))) => json!({ key: { name: value.replace("%0A", "\n") } }),
            _ => json!({ key: value }),
        };
        let from_file = serde_json::from_value::<LoggingBuilder>(file).unwrap_err();
        assert!(from_file.to_string().starts_with(&format!("`{key}`: expected ")), "{from_file}");
        let all = format!("{from_variable} {from_variable:?} {from_file}");
        assert!(!all.contains(SECRET), "{all}");
    }
}

#[test]
fn the_guide_lists_every_key() {
    let guide = include_str!("../../../../docs/logging.md");
    for key in KEYS {
        let row = guide.lines().find(|line| line.starts_with(&format!("| `{key}` |")));
        assert!(row.is_some(), "{key}");
        if key != "levels" {
            assert!(row.unwrap().contains(&format!("`MS_LOG_{}`", key.to_uppercase())), "{key}");
        }
    }
}

#[test]
fn what_does_not_fit_is_named() {
    for (key, value) in [
        ("level", json!("loud")),
        ("level", json!("3")),
        ("level", json!(3)),
        ("levels", json!({"hyper": "loud"})),
        ("levels", json!(["hyper"])),
        ("sample", json!("info")),
        ("sample", json!(["error:0.5"])),
        ("levels", json!({"a,b": "warn"})),
        ("file", json!("")),
        ("file", json!(true)),
        ("console", json!("true")),
        ("max_bytes", json!(-1)),
        ("max_bytes", json!(1.5)),
        ("max_bytes", json!("10")),
        ("max_bytes", json!(null)),
        ("backups", json!(1_u64 << 40)),
        ("rotate_every", json!("week")),
        ("sensitive_keys", json!([1])),
        ("shutdown_ms", json!([])),
    ] {
        let text = format!("{{\n  \"name\": \"x\",\n  \"{key}\": {value}\n}}");
        let error = serde_json::from_str::<LoggingBuilder>(&text).unwrap_err();
        assert!(error.to_string().contains(&format!("`{key}`: ")), "{error}");
        assert!((3..=4).contains(&error.line()), "{error} at line {}", error.line());
    }
}

#[test]
fn toml_and_yaml_say_the_key_and_its_place() {
    let toml = "name = \"ward\"\nbackups = 3\nfile = false\nsensitive_keys = [\"room\"]\n[levels]\nhyper = \"warn\"\n";
    let yaml = "name: ward\nbackups: 3\nfile: false\nsensitive_keys: [room]\nlevels:\n  hyper: warn\n";
    let from_toml: LoggingBuilder = toml::from_str(toml).unwrap();
    let from_yaml: LoggingBuilder = serde_saphyr::from_str(yaml).unwrap();
    assert_eq!(format!("{from_toml:?}"), format!("{from_yaml:?}"));
    assert_eq!((from_toml.config.backups, from_toml.config.file), (3, None));
    for (toml, yaml, key) in [
        ("name = \"a\"\nbackup = 3\n", "name: a\nbackup: 3\n", "`backup`"),
        ("name = \"a\"\nbackups = \"many\"\n", "name: a\nbackups: many\n", "`backups`"),
        ("name = \"a\"\nlevels = 3\n", "name: a\nlevels: 3\n", "`levels`"),
    ] {
        let errors = [
            toml::from_str::<LoggingBuilder>(toml).unwrap_err().to_string(),
            serde_saphyr::from_str::<LoggingBuilder>(yaml).unwrap_err().to_string(),
        ];
        for error in errors {
            assert!(error.contains(key) && error.contains("line 2"), "{error}");
        }
    }
}

#[test]
fn unknown_double_and_contradicting_keys_are_refused() {
    for (text, message) in [
        (r#"{"max_byte": 1}"#, "unknown field `max_byte`"),
        (r#"{"backups": 1, "backups": 2}"#, "duplicate field `backups`"),
        (r#"{"levels": {"a": "info", "a": "warn"}}"#, "`a` is given twice"),
        (r#"{"level": "info", "filter": "warn"}"#, "exclude each other"),
        ("[]", "the options of a logger"),
    ] {
        let error = serde_json::from_str::<LoggingBuilder>(text).unwrap_err().to_string();
        assert!(error.contains(message) && error.contains("line 1"), "{error}");
    }
}

#[test]
fn variables_are_checked() {
    let error = from_env(&[("MS_LOG_BACKUP", "3")]).unwrap_err();
    assert!(error.to_string().contains("MS_LOG_BACKUP"), "{error}");
    for (variable, value) in [
        ("MS_LOG_BACKUPS", "three"),
        ("MS_LOG_BACKUPS", "+3"),
        ("MS_LOG_CONSOLE", "yes"),
        ("MS_LOG_LEVEL", "loud"),
        ("MS_LOG_MAX_BYTES", "99999999999999999999999"),
    ] {
        let error = from_env(&[(variable, value)]).unwrap_err();
        assert!(matches!(&error, BuildError::Variable { .. }));
        assert!(error.to_string().contains(variable) && error.to_string().contains(value), "{error}");
    }
    assert!(matches!(
        from_env(&[("MS_LOG_LEVELS", "a=info")]),
        Err(BuildError::Variable { value: None, .. })
    ));
    assert_eq!(
        shown(from_env(&[("MS_LOG_BACKUPS", ""), ("MS_LOGGING", "x")]).unwrap()),
        shown(Config::default())
    );
    let both = from_env(&[("MS_LOG_FILTER", "debug"), ("MS_LOG_LEVEL", "warn")]).unwrap();
    assert_eq!((both.filter.as_str(), both.filter_origin), ("debug", "MS_LOG_FILTER"));
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStringExt as _;
    let value = OsString::from_vec(vec![b'a', 0xff]);
    let builder = LoggingBuilder::default().variables([("MS_LOG_FILE".into(), value)].into_iter());
    assert!(matches!(builder, Err(BuildError::NotUnicode { variable }) if variable == "MS_LOG_FILE"));
}
