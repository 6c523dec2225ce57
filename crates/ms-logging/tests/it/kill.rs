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
    // The full number is 200; a seed names the points.
    let number = |name: &str, default: u64| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let (rounds, seed) = (number("MS_LOGGING_TEST_KILLS", 10), number("MS_LOGGING_TEST_SEED", 1));
    for round in 0..rounds {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ round);
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("app.log");
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::a_killed_process_leaves_a_prefix_of_every_thread", "--nocapture"])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut told = BufReader::new(child.stdout.take().unwrap()).lines();
        // Killed after so many reports of progress and a while more, in the middle of whatever it does.
        (0..=random.below(30)).for_each(|_| drop(told.next()));
        for turn in 0..random.below(100_000) {
            std::hint::black_box(turn);
        }
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
        let text: Vec<String> = { all_lines(&path) };
        let whole = |line: &&String| line.ends_with(" end=true");
        let torn = text.iter().filter(|line| !whole(line)).count();
        assert!(
            torn == 0 || torn == 1 && !whole(&text.last().unwrap()),
            "round {round} of seed {seed}: {torn} torn, {:?}",
            text.last()
        );
        for line in text.iter().filter(whole) {
            let numbers = line.rsplit_once("flood thread=").unwrap().1.split_once(" line=").unwrap();
            let numbers = (numbers.0, numbers.1.strip_suffix(" end=true").unwrap());
            let (thread, number): (usize, u64) = (numbers.0.parse().unwrap(), numbers.1.parse().unwrap());
            assert_eq!(number, next[thread], "round {round} of seed {seed}");
            next[thread] += 1;
        }
    }
}

/// xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % limit
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
                        info!(thread, line, end = true, "flood");
                        if line % 1000 == 0 {
                            let _ = writeln!(std::io::stdout(), "{line}");
                        }
                    }
                });
            });
        }
    });
}
