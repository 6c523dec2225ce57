//! Two processes with one file: no line lost, torn or doubled, through rotations and compression.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use ms_logging::{Logging, WhenFull};
use tracing::info;
use tracing_subscriber::layer::SubscriberExt as _;

const CHILD: &str = "MS_LOGGING_TEST_SHARED";
const PROCESSES: usize = 2;
const THREADS: usize = 4;
const LINES: usize = 2_000;

fn flood(path: &Path) {
    let process = std::process::id();
    let builder =
        Logging::builder().file(path).console(false).rust_log(false).max_bytes(20_000).backups(1_000);
    #[cfg(feature = "gzip")]
    let builder = builder.gzip(path.ends_with("packed.log"));
    let (layer, guard) = builder.when_full(WhenFull::Block(Duration::from_secs(60))).layer().unwrap();
    let dispatch = tracing::Dispatch::new(tracing_subscriber::registry().with(layer));
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (dispatch, guard) = (&dispatch, &guard);
            scope.spawn(move || {
                tracing::dispatcher::with_default(dispatch, || {
                    for line in 0..LINES {
                        info!(process, thread, line, end = true, "flood");
                        // Small batches, so that the processes meet often.
                        if line % 50 == 0 {
                            assert!(guard.flush(Duration::from_secs(60)));
                        }
                    }
                });
            });
        }
    });
    let account = guard.accounts()[0];
    assert_eq!(account.passed(), (THREADS * LINES) as u64);
    assert_eq!(guard.shutdown(Duration::from_secs(60)).abandoned, 0);
    assert_eq!(guard.accounts()[0].written(), account.passed());
}

/// The text of a file and of its backups, the oldest first.
fn read(path: &Path) -> Vec<String> {
    let name = |number: usize, end: &str| PathBuf::from(format!("{}.{number}{end}", path.display()));
    let mut texts = vec![std::fs::read_to_string(path).unwrap()];
    for number in 1.. {
        if name(number, "").exists() {
            texts.push(std::fs::read_to_string(name(number, "")).unwrap());
        } else if name(number, ".gz").exists() {
            let output = Command::new("gzip").arg("-dc").arg(name(number, ".gz")).output().unwrap();
            assert!(output.status.success());
            texts.push(String::from_utf8(output.stdout).unwrap());
        } else {
            break;
        }
    }
    texts.reverse();
    texts
}

fn together(name: &str, file: &str) {
    if let Some(path) = std::env::var_os(CHILD) {
        return flood(path.as_ref());
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(file);
    let children: Vec<_> = (0..PROCESSES)
        .map(|_| {
            let mut child = Command::new(std::env::current_exe().unwrap());
            child
                .args(["--exact", name, "--nocapture"])
                .env(CHILD, &path)
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let texts = read(&path);
    assert!(texts.len() > 10, "{} files", texts.len());
    let mut seen = std::collections::BTreeMap::<&str, Vec<usize>>::new();
    for line in texts.iter().flat_map(|text| text.lines()) {
        let fields = line.strip_suffix(" end=true").unwrap_or_else(|| panic!("torn: {line}"));
        let (writer, number) = fields.split_once(" process=").unwrap().1.split_once(" line=").unwrap();
        seen.entry(writer).or_default().push(number.parse().unwrap());
    }
    assert_eq!(seen.len(), PROCESSES * THREADS);
    for (writer, numbers) in seen {
        assert!(numbers.iter().copied().eq(0..LINES), "{writer}: {} lines", numbers.len());
    }
}

#[test]
fn two_processes_on_one_file_lose_nothing() {
    together("shared::two_processes_on_one_file_lose_nothing", "app.log");
}

#[cfg(feature = "gzip")]
#[test]
fn two_processes_that_compress_backups_lose_none() {
    together("shared::two_processes_that_compress_backups_lose_none", "packed.log");
}
