//! What is on disk after `kill -9`: a prefix of what each thread has logged.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ms_logging::{Logging, LoggingBuilder, WhenFull};
use tracing::{error, info};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::logger::all_lines;

const CHILD: &str = "MS_LOGGING_TEST_KILLED";
const THREADS: usize = 4;

#[test]
fn a_killed_process_leaves_a_prefix_of_every_thread() {
    if let Some(path) = std::env::var_os(CHILD) {
        return flood(path.as_ref());
    }
    let (rounds, seed) = rounds(10);
    for round in 0..rounds {
        let mut random = Random::of(seed, round);
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("app.log");
        let mut child = started("kill::a_killed_process_leaves_a_prefix_of_every_thread", &path);
        let mut told = BufReader::new(child.stdout.take().unwrap()).lines();
        // Killed after so many reports of progress and a while more, in the middle of whatever it does.
        (0..=random.below(30)).for_each(|_| drop(told.next()));
        for turn in 0..random.below(100_000) {
            std::hint::black_box(turn);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        next_start(&path);
        let mut next = [0; THREADS];
        let text = all_lines(&path);
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

/// What is promised of a power cut, as far as a process can tell: half a second later an ERROR is out of its hands.
#[test]
fn a_killed_process_has_written_each_error_of_more_than_half_a_second_ago() {
    const PROMISED: Duration = Duration::from_millis(500);
    if let Some(path) = std::env::var_os(CHILD) {
        return errors(path.as_ref());
    }
    let (rounds, seed) = rounds(3);
    for round in 0..rounds {
        let mut random = Random::of(seed, round);
        let directory = quick_directory();
        let path = directory.path().join("app.log");
        let name = "kill::a_killed_process_has_written_each_error_of_more_than_half_a_second_ago";
        let mut child = started(name, &path);
        let mut told = BufReader::new(child.stdout.take().unwrap()).lines();
        // What the test itself says.
        assert!(told.by_ref().map_while(Result::ok).any(|line| line == "ready"));
        let mut next = child.stdin.take().unwrap();
        next.write_all(b"\n").unwrap();
        let begun = Instant::now();
        let lifetime = PROMISED + Duration::from_micros(100_000 + random.below(400_000));
        // A machine under load holds up everybody: the writer is granted twice what one call has had to wait.
        let mut granted = Duration::ZERO;
        // An ERROR is older than the word that its call has returned.
        let mut returned: Vec<(u64, Instant)> = Vec::new();
        for line in told.map_while(Result::ok) {
            let Some(number) = line.strip_prefix("logged ") else { continue };
            let (now, before) = (Instant::now(), returned.last().map_or(begun, |(_, at)| *at));
            granted = granted.max(2 * now.duration_since(before));
            returned.push((number.parse().unwrap(), now));
            // One after the other: nobody's disk keeps up with whatever can be logged.
            if begun.elapsed() >= lifetime + granted || next.write_all(b"\n").is_err() {
                break;
            }
        }
        let killed = Instant::now();
        child.kill().unwrap();
        child.wait().unwrap();
        next_start(&path);
        let numbers = all_lines(&path).into_iter().filter_map(|line| {
            line.strip_suffix(" end=true")?.rsplit_once(" - ERROR - grave number=")?.1.parse().ok()
        });
        let written: Vec<u64> = numbers.collect();
        assert!(written.iter().copied().eq(0..written.len() as u64), "round {round} of seed {seed}");
        let promised = PROMISED + granted;
        let old = returned.iter().rev().find(|(_, at)| killed.duration_since(*at) > promised);
        let (number, _) = old.unwrap_or_else(|| panic!("a life longer than that: {} errors", returned.len()));
        assert!(
            *number < written.len() as u64,
            "round {round} of seed {seed}: {number} had returned in time, {} are there",
            written.len()
        );
    }
}

/// In memory where that is to be had: how long a disk takes is not asked here.
fn quick_directory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// How often, and a seed that names the points. The full number is 200.
fn rounds(default: u64) -> (u64, u64) {
    let number = |name: &str, default: u64| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    (number("MS_LOGGING_TEST_KILLS", default), number("MS_LOGGING_TEST_SEED", 1))
}

/// The test of this name as a process of its own.
fn started(name: &str, path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn builder(path: &Path) -> LoggingBuilder {
    Logging::builder().file(path).console(false).rust_log(false)
}

/// The next process closes the line that may have been torn, before it logs anything.
fn next_start(path: &Path) {
    drop(builder(path).layer::<tracing_subscriber::Registry>().unwrap());
}

/// xorshift64*.
struct Random(u64);

impl Random {
    fn of(seed: u64, round: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ round)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % limit
    }
}

/// What both children have in common; the files hold whatever they log.
fn endless(path: &Path) -> LoggingBuilder {
    builder(path).max_bytes(100_000).backups(10_000).when_full(WhenFull::Block(Duration::from_secs(60)))
}

fn errors(path: &Path) {
    let (layer, _guard) = endless(path).max_bytes(1_000_000).durable(true).layer().unwrap();
    let (mut told, asked) = (std::io::stdout(), std::io::stdin().lock());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        writeln!(told, "ready").unwrap();
        for (number, _) in (0_u64..).zip(asked.lines()) {
            error!(number, end = true, "grave");
            writeln!(told, "logged {number}").unwrap();
        }
    });
}

fn flood(path: &Path) {
    let (layer, _guard) = endless(path).layer().unwrap();
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
