use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use proptest::prelude::*;
use proptest::sample::Index;

use super::record::{Place, Told};
use super::*;
use crate::condition::above;
use crate::labels::Labels;
use crate::rule::AlertRule;
use crate::tracked::Tracked;
use disk::Disk;

fn audience() -> Audience {
    Audience { plain: vec!["log".to_owned()], routed: vec!["duty/log".to_owned()] }
}

fn rule() -> Arc<crate::identity::Identity> {
    Arc::clone(Tracked::new(AlertRule::new("R", above(), 1.0).compile().unwrap()).identity())
}

fn labels(number: u8) -> Labels {
    let number = format!("{number}\n\"ü");
    [("alertname", "R"), ("number", &number)].into_iter().collect()
}

fn alert(number: u8, serial: i64, is_end: bool) -> Saved {
    let at = Timestamp::from_second(1_700_000_000 + serial).unwrap();
    Saved::from(&crate::alert::Alert {
        rule: "R".to_owned(),
        state: if is_end { crate::State::Resolved } else { crate::State::Firing },
        value: f64::NAN,
        labels: labels(number),
        annotations: Labels::default(),
        active_at: at,
        fired_at: Some(at),
        resolved_at: is_end.then_some(at),
        generator_url: String::new(),
    })
}

fn record() -> impl Strategy<Value = Record> {
    let change = |is_end| {
        move |(number, serial)| Record::Change { rule: rule(), alert: alert(number, serial, is_end) }
    };
    prop_oneof![
        (0..4_u8, 0..9_i64).prop_map(change(false)),
        (0..4_u8, 0..9_i64).prop_map(change(true)),
        (0..4_u8, 0..9_i64, any::<bool>(), any::<bool>()).prop_map(|(number, serial, is_end, accepted)| {
            Record::Settled {
                lane: "log".to_owned(),
                about: About::Alert { rule: rule(), labels: labels(number) },
                id: alert(number, serial, is_end).id(&rule()),
                is_end,
                accepted,
            }
        }),
        (0..4_u8).prop_map(|number| Record::Gone { rule: rule(), key: labels(number) }),
        (0..4_u8).prop_map(|number| Record::Ended { labels: labels(number) }),
        (0..99_i64).prop_map(|second| Record::Alive { at: Moment(Timestamp::from_second(second).unwrap()) }),
        (0..4_u8, prop::option::of(0..99_i64)).prop_map(|(number, at)| Record::Told {
            place: Place { receiver: "duty".into(), sink: "log".into(), group: number.to_string().into() },
            entry: at.map(|at| Told {
                at: Moment(Timestamp::from_second(at).unwrap()),
                firing: vec![u64::MAX, 1],
                resolved: Vec::new(),
                refused: Vec::new(),
                keep: Duration::from_secs(9),
            }),
        }),
    ]
}

fn lines() -> impl Strategy<Value = Vec<Vec<Record>>> {
    prop::collection::vec(prop::collection::vec(record(), 1..4), 0..12)
}

fn memory_of<'r>(lines: impl IntoIterator<Item = &'r Vec<Record>>) -> Memory {
    let mut memory = Memory::default();
    lines.into_iter().flatten().for_each(|record| memory.apply(record.clone(), &audience()));
    memory
}

fn file_of(lines: &[Vec<Record>]) -> Vec<u8> {
    let mut bytes = text::head().into_bytes();
    lines.iter().for_each(|line| text::write(line, &mut bytes));
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, max_shrink_iters: 30, ..ProptestConfig::default() })]

    #[test]
    fn of_a_file_cut_anywhere_the_whole_lines_are_read(
        lines in prop::collection::vec(prop::collection::vec(record(), 1..3), 0..3),
    ) {
        let bytes = file_of(&lines);
        let mut whole = 0;
        for length in 0..=bytes.len() {
            if length > 0 && bytes[length - 1] == b'\n' {
                whole += 1;
            }
            let (memory, damage) = text::read(&bytes[..length], &audience());
            prop_assert_eq!(memory, memory_of(&lines[..usize::saturating_sub(whole, 1)]));
            let is_whole = length == 0 || bytes[length - 1] == b'\n';
            prop_assert_eq!(damage, (!is_whole).then_some(Damage::Unfinished));
        }
    }

    #[test]
    fn of_a_file_with_a_wrong_byte_the_lines_before_it_are_read(lines in lines(), at: Index, bit in 0..8_u32) {
        let mut bytes = file_of(&lines);
        let at = at.index(bytes.len());
        let before = bytes[..at].iter().filter(|byte| **byte == b'\n').count();
        bytes[at] ^= 1 << bit;
        let (memory, damage) = text::read(&bytes, &audience());
        prop_assert!(damage.is_some());
        prop_assert_eq!(memory, memory_of(&lines[..usize::saturating_sub(before, 1)]));
    }

    #[test]
    fn a_checksum_in_capitals_is_a_wrong_one(lines in lines()) {
        let bytes = file_of(&lines);
        let head = text::head().len();
        let in_capitals: Vec<u8> = bytes.iter().enumerate().map(|(at, byte)| {
            if (head..head + 8).contains(&at) { byte.to_ascii_uppercase() } else { *byte }
        }).collect();
        let damage = (in_capitals != bytes).then_some(Damage::Line(2));
        prop_assert_eq!(text::read(&in_capitals, &audience()).1, damage);
    }

    #[test]
    fn a_short_file_says_what_a_long_one_said(lines in lines()) {
        let memory = memory_of(&lines);
        let (again, damage) = text::read(&writer::whole(&memory), &audience());
        prop_assert_eq!((again, damage), (memory, None));
    }

    /// Whatever the disk does, the file says what was true at the end of some batch, no earlier than the last that was written;
    /// and once the disk works again it says all.
    #[test]
    fn a_disk_that_fails_loses_no_more_than_what_it_refused(
        lines in lines(),
        acts in prop::collection::vec(prop::option::weighted(0.4, any::<Index>()), 40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let content = Arc::new(Mutex::new(text::head().into_bytes()));
        let acts = Arc::new(Mutex::new(acts));
        let disk = Faulty { content: Arc::clone(&content), acts: Arc::clone(&acts) };
        let states: Vec<Memory> = (0..=lines.len()).map(|count| memory_of(&lines[..count])).collect();
        runtime.block_on(async {
            let (batches, rest) = mpsc::unbounded_channel();
            let writer = Writer {
                disk: Some(disk),
                stuck: None,
                memory: Memory::default(),
                audience: audience(),
                behind: false,
                length: 0,
                shortest: 0,
                waiting: Arc::new(AtomicUsize::new(lines.len())),
            };
            let task = tokio::spawn(writer.run(rest, || {}));
            let mut reached = 0;
            for (number, line) in lines.iter().enumerate() {
                let (done, let_go) = tokio::sync::oneshot::channel();
                let then: Box<dyn FnOnce() + Send> = Box::new(move || done.send(()).unwrap());
                batches.send(Batch { lines: vec![line.clone()], durable: true, then: Some(then) }).unwrap();
                let_go.await.unwrap();
                let (memory, _) = text::read(&content.lock(), &audience());
                // What was there before is not lost.
                let now = states[..=number + 1].iter().rposition(|state| *state == memory);
                assert!(now.is_some_and(|now| now >= reached), "{now:?} behind {reached}");
                reached = states.iter().position(|state| *state == memory).unwrap();
            }
            acts.lock().clear();
            tokio::time::sleep(Duration::from_secs(31)).await;
            drop(batches);
            task.await.unwrap();
        });
        let (memory, damage) = text::read(&content.lock(), &audience());
        prop_assert_eq!((memory, damage), (memory_of(&lines), None));
    }
}

/// Fails when it is told to, after some part of an appended text.
struct Faulty {
    content: Arc<Mutex<Vec<u8>>>,
    acts: Arc<Mutex<Vec<Option<Index>>>>,
}

impl Disk for Faulty {
    fn append(&mut self, bytes: &[u8], _: bool) -> io::Result<()> {
        let mut content = self.content.lock();
        match self.acts.lock().pop().flatten() {
            Some(part) => {
                content.extend_from_slice(&bytes[..part.index(bytes.len() + 1)]);
                Err(io::ErrorKind::StorageFull.into())
            }
            None => {
                content.extend_from_slice(bytes);
                Ok(())
            }
        }
    }

    fn replace(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.acts.lock().pop().flatten().is_some() {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        *self.content.lock() = bytes.to_vec();
        Ok(())
    }
}

/// Does not come back before it is told to.
struct Hung(std::sync::mpsc::Receiver<()>);

impl Disk for Hung {
    fn append(&mut self, _: &[u8], _: bool) -> io::Result<()> {
        self.0.recv().map_err(io::Error::other)
    }

    fn replace(&mut self, _: &[u8]) -> io::Result<()> {
        self.0.recv().map_err(io::Error::other)
    }
}

#[tokio::test]
async fn a_disk_that_hangs_holds_nothing_up() {
    let (go_on, told) = std::sync::mpsc::channel();
    let (batches, rest) = mpsc::unbounded_channel();
    let writer = Writer {
        disk: Some(Hung(told)),
        stuck: None,
        memory: Memory::default(),
        audience: audience(),
        behind: false,
        length: 0,
        shortest: 0,
        waiting: Arc::new(AtomicUsize::new(2)),
    };
    let waiting = Arc::clone(&writer.waiting);
    let task = tokio::spawn(writer.run(rest, || {}));
    for number in 0..2 {
        let (done, let_go) = tokio::sync::oneshot::channel();
        let then: Box<dyn FnOnce() + Send> = Box::new(move || done.send(()).unwrap());
        let line = vec![Record::Gone { rule: rule(), key: labels(number) }];
        batches.send(Batch { lines: vec![line], durable: true, then: Some(then) }).unwrap();
        let_go.await.unwrap();
    }
    drop(batches);
    task.await.unwrap();
    assert_eq!(waiting.load(Ordering::Relaxed), 0);
    // So that the runtime can end.
    go_on.send(()).unwrap();
}

#[test]
fn what_fires_behind_an_end_on_its_way_is_told_before_its_own_end() {
    let change = |serial, is_end| Record::Change { rule: rule(), alert: alert(1, serial, is_end) };
    let settled = |serial, is_end| Record::Settled {
        lane: "log".to_owned(),
        about: About::Alert { rule: rule(), labels: labels(1) },
        id: alert(1, serial, is_end).id(&rule()),
        is_end,
        accepted: true,
    };
    let begun = vec![change(1, false), settled(1, false), change(2, true), change(3, false), change(4, true)];
    let waiting = |memory: Memory| {
        let waiting = memory.lanes.into_values().next();
        waiting.map(|waiting| (waiting.firing.is_some(), waiting.resolved.is_some()))
    };
    // Whether the first end was accepted by then or not, and whether the second firing was.
    for (more, expected) in [
        (vec![], Some((true, true))),
        (vec![settled(2, true)], Some((true, true))),
        (vec![settled(2, true), settled(3, false)], Some((false, true))),
        (vec![settled(2, true), settled(3, false), settled(4, true)], None),
        // The first end and the firing were out of date before they were on their way.
        (vec![settled(4, true)], None),
    ] {
        assert_eq!(waiting(memory_of([&[begun.clone(), more.clone()].concat()])), expected, "{more:?}");
    }
}

#[test]
fn a_file_that_somebody_else_writes_is_read_and_left_to_him() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let (mut first, mut second) = (FileDisk::new(path.clone()), FileDisk::new(path));
    first.replace(b"one\n").unwrap();
    assert_eq!(second.replace(b"two\n").unwrap_err().kind(), io::ErrorKind::ResourceBusy);
    first.append(b"more\n", true).unwrap();
    assert_eq!(second.read().unwrap(), b"one\nmore\n");
    drop(first);
    second.replace(b"two\n").unwrap();
    assert_eq!(second.read().unwrap(), b"two\n");
}

#[test]
fn what_is_no_journal_is_told_from_one_of_another_version() {
    let read = |text: &str| text::read(text.as_bytes(), &audience()).1;
    assert_eq!(read(""), None);
    assert_eq!(read("ms-alerts journal 1\n"), None);
    assert_eq!(read("ms-alerts journal 2\n00000000 []\n"), Some(Damage::Version));
    assert_eq!(read("ms-alerts jour"), Some(Damage::Unfinished));
    assert_eq!(read("{\"version\":4}\n"), Some(Damage::Foreign));
    assert_eq!(read("ms-alerts journal 1\n00000000 []\n"), Some(Damage::Line(2)));
    // The checksum is right, the content is not.
    assert_eq!(
        read(&format!("ms-alerts journal 1\n{:08x} [7]\n", crc32fast::hash(b"[7]"))),
        Some(Damage::Line(2))
    );
}
