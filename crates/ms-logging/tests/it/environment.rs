//! The environment of the process; a child a case, since a process has one.

use std::ffi::OsStr;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Command, Output};

use ms_logging::{BuildError, Logging};
use tracing::Dispatch;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::logger::{LIMIT, lines};

const CHILD: &str = "MS_LOGGING_ENVIRONMENT";

fn run(variables: &[(&str, &OsStr)]) -> Output {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "environment::the_environment_goes_before_the_program", "--nocapture"])
        .env_remove("RUST_LOG")
        .env(CHILD, "1")
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

#[test]
fn the_environment_goes_before_the_program() {
    if std::env::var_os(CHILD).is_some() {
        return log_all();
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ward.log");
    let text = |text| OsStr::new(text);
    let file = ("MS_LOG_FILE", path.as_os_str());
    let levels = |variables: &[(&str, &OsStr)]| {
        let output = run(&[&[file], variables].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let seen =
            lines(&path).iter().map(|line| line.rsplit(' ').next().unwrap().to_owned()).collect::<Vec<_>>();
        std::fs::remove_file(&path).unwrap();
        seen.join(" ")
    };
    assert_eq!(levels(&[]), "error", "the program's own");
    assert_eq!(levels(&[("MS_LOG_LEVEL", text("warn"))]), "error warn");
    assert_eq!(levels(&[("MS_LOG_FILTER", text("info")), ("MS_LOG_LEVEL", text("warn"))]), "error warn info");
    assert_eq!(
        levels(&[("RUST_LOG", text("debug")), ("MS_LOG_FILTER", text("warn"))]),
        "error warn info debug chatty",
        "replaces the level of the target too"
    );
    assert_eq!(levels(&[("RUST_LOG", text(""))]), "error");

    for (variable, value, error) in [
        ("RUST_LOG", OsStr::from_bytes(b"in\xfffo"), "NotUnicode { variable: \"RUST_LOG\" }"),
        ("RUST_LOG", text("info,a=b=c"), "directive: \"a=b=c\", origin: \"RUST_LOG\""),
        ("MS_LOG_FILTER", text("a=b=c"), "origin: \"MS_LOG_FILTER\""),
        ("MS_LOG_BACKUPS", text("many"), "Variable { variable: \"MS_LOG_BACKUPS\""),
        ("MS_LOG_LEVLE", text("warn"), "Variable { variable: \"MS_LOG_LEVLE\", value: None"),
    ] {
        let output = run(&[file, (variable, value)]);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains(error), "{variable}: {said}");
        assert!(!path.exists(), "nothing is opened");
    }
}

fn log_all() {
    let build = || -> Result<_, BuildError> {
        Logging::builder()
            .level(tracing::Level::ERROR)
            .target_level("chatty", tracing::Level::ERROR)
            .console(false)
            .env()?
            .layer()
    };
    let (layer, guard) = match build() {
        Ok(built) => built,
        Err(error) => {
            let mut out = std::io::stdout().lock();
            return writeln!(out, "{error:?}").unwrap();
        }
    };
    tracing::dispatcher::with_default(&Dispatch::new(tracing_subscriber::registry().with(layer)), || {
        tracing::error!("error");
        tracing::warn!("warn");
        tracing::info!("info");
        tracing::debug!("debug");
        tracing::debug!(target: "chatty", "chatty");
    });
    assert_eq!(guard.shutdown(LIMIT).abandoned, 0);
}
