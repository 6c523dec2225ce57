//! A logger in a directory of its own, for one test.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ms_logging::{Logging, LoggingBuilder, LoggingGuard};
use tempfile::TempDir;
use tracing::Dispatch;
use tracing_subscriber::layer::SubscriberExt as _;

pub(crate) const LIMIT: Duration = Duration::from_secs(60);

pub(crate) struct Logger {
    pub(crate) guard: LoggingGuard,
    pub(crate) dispatch: Dispatch,
    directory: TempDir,
}

impl Logger {
    /// Text and JSON files, no console, everything from TRACE on.
    pub(crate) fn start() -> Self {
        Self::with(|builder| builder)
    }

    pub(crate) fn with(options: impl FnOnce(LoggingBuilder) -> LoggingBuilder) -> Self {
        let directory = TempDir::new().unwrap();
        let builder = Logging::builder()
            .file(directory.path().join("app.log"))
            .json_file(directory.path().join("app.jsonl"))
            .console(false)
            .rust_log(false)
            .filter("trace");
        let (layer, guard) = options(builder).layer().unwrap();
        let dispatch = Dispatch::new(tracing_subscriber::registry().with(layer));
        Self { guard, dispatch, directory }
    }

    pub(crate) fn log(&self, work: impl FnOnce()) {
        tracing::dispatcher::with_default(&self.dispatch, work);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Ends the logger and gives the lines of text and of JSON.
    pub(crate) fn finish(self) -> (Vec<String>, Vec<String>) {
        assert_eq!(self.guard.shutdown(LIMIT).abandoned, 0);
        let read = |name: &str| lines(&self.path(name));
        (read("app.log"), read("app.jsonl"))
    }
}

/// The lines of a file, none if there is no file.
pub(crate) fn lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    assert!(text.is_empty() || text.ends_with('\n'), "the last line of {} is whole", path.display());
    text.split_terminator('\n').map(str::to_owned).collect()
}

/// The files of a log from the oldest backup to the current file.
pub(crate) fn files(path: &Path) -> Vec<PathBuf> {
    let backup = |number: u32| PathBuf::from(format!("{}.{number}", path.display()));
    let mut files: Vec<PathBuf> = (1..).map(backup).take_while(|path| path.exists()).collect();
    files.reverse();
    files.push(path.to_owned());
    files
}

/// All lines of all files, oldest first.
pub(crate) fn all_lines(path: &Path) -> Vec<String> {
    files(path).iter().flat_map(|path| lines(path)).collect()
}
