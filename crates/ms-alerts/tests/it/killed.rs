//! A process that is killed at any moment loses no change of an alert.
//!
//! The test is the world: it serves the metrics and takes the notifications, and kills the process that stands between them
//! behind some message, before or after it was answered. An alert changes once its last change was heard.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use ms_alerts::{AlertManager, Notification, Routes, SendError, SendFuture, Sink, State, exposition};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const CHILD: &str = "MS_ALERTS_KILLED_CHILD";
const ALERTS: usize = 6;
/// Of each of the two ways in which alerts are told.
const KILLS: usize = 50;

struct Telling(String);

impl Sink for Telling {
    fn name(&self) -> &str {
        "telling"
    }

    fn send(&self, notification: Arc<Notification>) -> SendFuture<'_> {
        Box::pin(async move {
            let alert = notification.alert();
            let number = alert.labels.get("n").unwrap_or_default();
            let (life, fires) = (std::process::id(), alert.state == State::Firing);
            let line = format!("N {} {number} {fires} {life}\n", notification.id());
            let mut connection =
                tokio::net::TcpStream::connect(&self.0).await.map_err(SendError::temporary)?;
            connection.write_all(line.as_bytes()).await.map_err(SendError::temporary)?;
            let mut answer = String::new();
            connection.read_to_string(&mut answer).await.map_err(SendError::temporary)?;
            if answer == "ok" { Ok(()) } else { Err(SendError::temporary("no answer")) }
        })
    }
}

fn metrics(address: &str) -> String {
    let mut text = String::new();
    let read = TcpStream::connect(address).and_then(|mut connection| {
        connection.write_all(b"M\n")?;
        connection.read_to_string(&mut text)
    });
    // What cannot be seen neither fires nor resolves.
    if read.is_ok() && text.ends_with("# end\n") { text } else { "broken".to_owned() }
}

/// The process that is killed; as a test of its own it is one that nobody has asked for.
#[test]
fn child() {
    let Ok(asked) = std::env::var(CHILD) else {
        assert!(std::env::args().len() > 0);
        return;
    };
    let (address, rest) = asked.split_once(' ').unwrap();
    let (way, journal) = rest.split_once(' ').unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let rules = "groups: [{name: g, rules: [{alert: Busy, expr: m == 1}]}]";
        let source = address.to_owned();
        let builder = AlertManager::builder()
            .rules_text("rules", rules)
            .unwrap()
            .source(exposition(move || metrics(&source)))
            .interval(Duration::from_millis(5))
            .journal(journal);
        let sink = Telling(address.to_owned());
        let routes = "
route: {receiver: world, group_by: ['...'], group_wait: 0s, group_interval: 5ms}
receivers: [{name: world}]
";
        let builder = if way == "routed" {
            builder.routes(Routes::parse("routes", routes).unwrap()).receiver("world", sink)
        } else {
            builder.sink(sink)
        };
        let _alerts = builder.spawn().unwrap();
        std::future::pending::<()>().await;
    });
}

/// Ends with its test, however that ends.
struct Life(Child);

impl Drop for Life {
    fn drop(&mut self) {
        // One that has ended cannot be killed, and is waited for all the same.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(address: &str, way: &str, journal: &Path) -> Life {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::child", "--nocapture"])
        .env(CHILD, format!("{address} {way} {}", journal.display()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    Life(child.unwrap())
}

struct World {
    fires: [bool; ALERTS],
    /// Of each alert: the ids that were heard, in order, and whether it fired.
    heard: [Vec<(String, bool)>; ALERTS],
    /// Of each id: during which lives of the process it was heard.
    lives: HashMap<String, Vec<u32>>,
    /// Answers that were held back: whoever waits for one may ask again.
    unanswered: HashMap<String, usize>,
    changes: usize,
}

impl World {
    fn is_heard(&self, alert: usize) -> bool {
        self.heard[alert].last().is_some_and(|(_, fired)| *fired) == self.fires[alert]
    }

    fn change(&mut self, rng: &mut Rng) {
        let alert = rng.usize(..ALERTS);
        if self.is_heard(alert) {
            self.fires[alert] = !self.fires[alert];
            self.changes += 1;
        }
    }

    fn metrics(&self) -> String {
        let lines = self.fires.iter().enumerate();
        let lines: String =
            lines.map(|(n, fires)| format!("m{{n=\"{n}\"}} {}\n", u8::from(*fires))).collect();
        lines + "# end\n"
    }

    fn hear(&mut self, line: &str) -> String {
        let mut words = line.split_whitespace().skip(1);
        let id = words.next().unwrap().to_owned();
        let alert: usize = words.next().unwrap().parse().unwrap();
        let fired = words.next().unwrap() == "true";
        // What a process said before it was killed may be heard afterwards.
        let life: u32 = words.next().unwrap().parse().unwrap();
        let heard = &mut self.heard[alert];
        let lives = self.lives.entry(id.clone()).or_default();
        let known = lives.iter().filter(|before| **before == life).count();
        let excused = self.unanswered.get(&id).copied().unwrap_or_default();
        assert!(known <= excused, "twice in one life: {line}");
        lives.push(life);
        if heard.last().is_none_or(|(last, _)| *last != id) {
            assert!(!heard.iter().any(|(before, _)| *before == id), "out of order: {line} behind {heard:?}");
            let before = heard.last().is_some_and(|(_, fired)| *fired);
            assert!(before != fired, "a change that was none: {line} behind {heard:?}");
            heard.push((id.clone(), fired));
        }
        id
    }
}

/// One life of the process; ends it behind so many messages, or when all is heard if there is no number.
fn live(world: &mut World, server: &TcpListener, messages: Option<usize>, rng: &mut Rng) {
    let mut served = 0;
    for connection in server.incoming() {
        let mut connection = BufReader::new(connection.unwrap());
        let mut line = String::new();
        // One that was killed in the middle of it.
        if !connection.read_line(&mut line).is_ok_and(|_| line.ends_with('\n')) {
            continue;
        }
        served += 1;
        let is_last = messages.is_some_and(|messages| served > messages);
        if is_last && rng.bool() {
            break;
        }
        let answer = if line.starts_with('M') {
            if messages.is_some() {
                world.change(rng);
            }
            world.metrics()
        } else {
            let id = world.hear(&line);
            if rng.u8(..8) == 0 {
                *world.unanswered.entry(id).or_default() += 1;
                String::new()
            } else {
                "ok".to_owned()
            }
        };
        if is_last && rng.bool() {
            break;
        }
        let _ = connection.get_mut().write_all(answer.as_bytes());
        if is_last || (messages.is_none() && (0..ALERTS).all(|alert| world.is_heard(alert))) {
            break;
        }
    }
}

#[expect(clippy::print_stdout, reason = "tells the seed, and what the kills led to")]
fn kill_often(way: &str) {
    let number = |name: &str| std::env::var(name).ok().and_then(|number| number.parse().ok());
    let seed: u64 = number("MS_ALERTS_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("MS_ALERTS_SEED={seed}");
    let kills = number("MS_ALERTS_KILLS").map_or(KILLS, |kills| usize::try_from(kills).unwrap());
    let mut rng = Rng::with_seed(seed);
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap().to_string();
    let mut world = World {
        fires: [false; ALERTS],
        heard: Default::default(),
        lives: HashMap::new(),
        unanswered: HashMap::new(),
        changes: 0,
    };
    for _ in 0..kills {
        let _killed = start(&address, way, &journal);
        let messages = rng.usize(1..30);
        live(&mut world, &server, Some(messages), &mut rng);
    }
    let _last = start(&address, way, &journal);
    live(&mut world, &server, None, &mut rng);
    let heard: usize = world.heard.iter().map(Vec::len).sum();
    assert_eq!(heard, world.changes, "MS_ALERTS_SEED={seed}");
    assert!(world.changes > kills, "MS_ALERTS_SEED={seed}: {} changes", world.changes);
    let repeats: usize = world.lives.values().map(|lives| lives.len() - 1).sum();
    println!("{kills} kills, {} changes, all heard, {repeats} repeats with the same id", world.changes);
}

#[test]
fn no_change_is_lost_or_told_as_another_where_alerts_are_told_one_by_one() {
    kill_often("plain");
}

#[test]
fn no_change_is_lost_or_told_as_another_where_alerts_are_routed() {
    kill_often("routed");
}
