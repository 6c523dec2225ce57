//! What is on disk after `kill -9`: a prefix of what each thread has logged.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use tracing::info;

use crate::logger::all_lines;

const CHILD: &str = "MS_LOGGING_TEST_KILLED";
const THREADS: usize = 4;

#[test]
fn a_killed_process_leaves_a_prefix_of_every_thread() {
    if let Some(path) = std::env::var_os(CHILD) {
        return flood(path.as_ref());
    }
    for round in 0..10_usize {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("app.log");
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::a_killed_process_leaves_a_prefix_of_every_thread", "--nocapture"])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut told = BufReader::new(child.stdout.take().unwrap()).lines();
        // Killed after so many reports of progress, in the middle of whatever it does.
        (0..=round * 3).for_each(|_| drop(told.next()));
        child.kill().unwrap();
        child.wait().unwrap();
        // The next process closes the line that may have been torn, before it logs anything.
        let (layer, guard) = ms_logging::Logging::builder()
            .file(&path)
            .console(false)
            .rust_log(false)
            .layer::<tracing_subscriber::Registry>()
            .unwrap();
        drop((layer, guard));
        let mut next = [0; THREADS];
        let text: Vec<String> = {
            let last = std::fs::read_to_string(&path).unwrap();
            let torn = last.rsplit('\n').next().unwrap_or_default().len();
            std::fs::write(&path, &last[..last.len() - torn]).unwrap();
            all_lines(&path)
        };
        for line in text {
            let numbers = line.rsplit_once("flood thread=").unwrap().1.split_once(" line=").unwrap();
            let (thread, number): (usize, u64) = (numbers.0.parse().unwrap(), numbers.1.parse().unwrap());
            assert_eq!(number, next[thread], "round {round}");
            next[thread] += 1;
        }
    }
}

fn flood(path: &std::path::Path) {
    use tracing_subscriber::layer::SubscriberExt as _;
    let (layer, _guard) = ms_logging::Logging::builder()
        .file(path)
        .console(false)
        .rust_log(false)
        .max_bytes(100_000)
        .backups(10_000)
        .when_full(ms_logging::WhenFull::Block(std::time::Duration::from_secs(60)))
        .layer()
        .unwrap();
    let dispatch = tracing::Dispatch::new(tracing_subscriber::registry().with(layer));
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let dispatch = &dispatch;
            scope.spawn(move || {
                tracing::dispatcher::with_default(dispatch, || {
                    for line in 0..5_000_000_u64 {
                        info!(thread, line, "flood");
                        if line % 1000 == 0 {
                            let _ = writeln!(std::io::stdout(), "{line}");
                        }
                    }
                });
            });
        }
    });
}
