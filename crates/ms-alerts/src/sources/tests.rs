use std::sync::mpsc::{Receiver, Sender, channel};

use tokio::sync::mpsc;
use tokio::time::advance;

use super::*;
use crate::samples::exposition;

/// What the source is to do when it is read.
enum Order {
    Answer,
    Panic,
}

/// A source that does nothing before it has an order, and tells of each reading.
fn ordered() -> (mpsc::UnboundedReceiver<()>, Sender<Order>, Source) {
    let (tell, read) = mpsc::unbounded_channel();
    let (order, orders): (_, Receiver<Order>) = channel();
    let orders = Mutex::new(orders);
    let source = exposition(move || {
        tell.send(()).unwrap();
        match orders.lock().recv() {
            Ok(Order::Panic) => panic!("a bug of somebody's"),
            Ok(Order::Answer) | Err(_) => "there 1\n".to_owned(),
        }
    });
    (read, order, source)
}

/// Gives which sources answered.
fn answered(read: &[Read]) -> Vec<bool> {
    read.iter().map(Result::is_ok).collect()
}

#[tokio::test(start_paused = true)]
async fn a_source_that_hangs_is_waited_for_ten_seconds_and_not_at_all_while_it_hangs_on() {
    let (mut read, order, source) = ordered();
    let sources = Arc::new(Sources::new(vec![source]));
    let round = || {
        let sources = Arc::clone(&sources);
        tokio::spawn(async move { answered(&sources.read().await) })
    };
    let first = round();
    read.recv().await.unwrap();
    advance(Duration::from_secs(9)).await;
    tokio::task::yield_now().await;
    assert!(!first.is_finished());
    advance(Duration::from_secs(1)).await;
    assert_eq!(first.await.unwrap(), [false]);

    let before = Instant::now();
    assert_eq!(round().await.unwrap(), [false]);
    assert!(before.elapsed() < Duration::from_millis(1));
    assert!(read.try_recv().is_err(), "nobody asks it again");

    // It answers, though too late. So it is waited for as before.
    order.send(Order::Answer).unwrap();
    while !sources.0[0].progress.lock().late.as_ref().unwrap().0.is_finished() {
        tokio::task::yield_now().await;
    }
    let third = round();
    read.recv().await.unwrap();
    advance(Duration::from_secs(9)).await;
    order.send(Order::Answer).unwrap();
    assert_eq!(third.await.unwrap(), [true]);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_failed_is_waited_for_a_second_until_it_answers_in_time() {
    let (mut read, order, source) = ordered();
    let sources = Arc::new(Sources::new(vec![source]));
    order.send(Order::Panic).unwrap();
    let panicked = sources.read().await.remove(0).err();
    assert_eq!(panicked.as_deref(), Some("it panicked"));
    read.recv().await.unwrap();

    let impatient = Arc::clone(&sources);
    let round = tokio::spawn(async move { answered(&impatient.read().await) });
    read.recv().await.unwrap();
    advance(Duration::from_secs(1)).await;
    assert_eq!(round.await.unwrap(), [false]);
    drop(order);
    while answered(&sources.read().await) != [true] {
        tokio::task::yield_now().await;
    }
    assert!(!sources.0[0].progress.lock().failed);
}

#[tokio::test]
async fn those_that_failed_come_last() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let source = |name: &'static str, fails: bool| {
        let tell = tell.clone();
        exposition(move || {
            tell.send(name).unwrap();
            assert!(!fails, "a bug of somebody's");
            String::new()
        })
    };
    // One thread for blocking work: they are read in the order in which they are asked.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build();
    let sources = Sources::new(vec![source("bad", true), source("good", false)]);
    let work = move || {
        let runtime = runtime.unwrap();
        let rounds = (0..2).map(|_| answered(&runtime.block_on(sources.read())));
        rounds.collect::<Vec<_>>()
    };
    let rounds = std::thread::spawn(work).join().unwrap();
    assert_eq!(rounds, [[false, true], [false, true]]);
    let mut order = Vec::new();
    while let Ok(name) = told.try_recv() {
        order.push(name);
    }
    assert_eq!(order, ["bad", "good", "good", "bad"]);
}

#[test]
fn sources_of_one_name_are_told_apart() {
    let source = |name: &str| exposition(String::new).named(name);
    let sources =
        Sources::new(vec![source("a"), source("a-2"), source("a"), source("a"), exposition(String::new)]);
    let names: Vec<_> = sources.0.iter().map(|watched| &*watched.name).collect();
    assert_eq!(names, ["a", "a-2", "a-3", "a-4", "exposition"]);
}
