//! What cannot be built, and what building leaves behind.

use std::path::Path;

use ms_logging::{BuildError, Logging, LoggingBuilder};
use tracing_subscriber::registry::Registry;

use crate::logger::Logger;

fn error(builder: LoggingBuilder) -> BuildError {
    builder.console(false).rust_log(false).layer::<Registry>().map(drop).unwrap_err()
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.log");
    let builder = || Logging::builder().file(&path);
    assert!(matches!(error(builder().backups(0)), BuildError::NoBackups { max_bytes: 10_485_760 }));
    assert!(matches!(error(builder().json_file(&path)), BuildError::SameFile { .. }));
    assert!(matches!(error(builder().name("a\nb")), BuildError::Name { .. }));
    let refused = error(builder().filter("info,a=b=c,d=warn"));
    assert!(
        matches!(&refused, BuildError::Filter { origin: "filter()", directive, .. } if directive == "a=b=c")
    );
    assert!(refused.to_string().contains("`a=b=c`"), "{refused}");
    assert!(!path.exists(), "nothing was opened");
}

#[test]
fn a_file_that_cannot_be_opened_is_named() {
    let failed = error(Logging::builder().file("/dev/null/app.log"));
    assert!(failed.to_string().contains("/dev/null/app.log"), "{failed}");
    assert!(std::error::Error::source(&failed).is_some());
}

#[cfg(unix)]
#[test]
fn files_are_not_for_everybody() {
    use std::os::unix::fs::PermissionsExt as _;
    let logger = Logger::with(|builder| builder);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&logger.path("app.log")) & !0o640, 0);
    let nested = logger.path("new/deep/app.log");
    let (_layer, guard) =
        Logging::builder().file(&nested).console(false).rust_log(false).layer::<Registry>().unwrap();
    drop(guard);
    assert_eq!(mode(&logger.path("new")) & !0o750, 0);
}

#[test]
fn levels_are_filtered_per_target() {
    let logger = Logger::with(|builder| builder.filter("warn,chatty=debug"));
    logger.log(|| {
        tracing::info!("dropped");
        tracing::warn!("kept");
        tracing::debug!(target: "chatty", "kept");
        tracing::trace!(target: "chatty", "dropped");
    });
    assert_eq!(logger.guard.accounts()[0].passed(), 2);
    let (text, _) = logger.finish();
    assert_eq!(text.len(), 2);
}
