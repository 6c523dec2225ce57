use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::advance;

use super::super::message::Resource;
use super::super::outcome::Answer;
use super::super::push::OtlpPush;
use super::*;
use crate::builder::Metrics;

/// A request: since when, and how it is answered.
type Post = (Duration, oneshot::Sender<Answer>);

/// Hands each request to the test, which may answer or let it hang.
struct Handed {
    posts: UnboundedSender<Post>,
    began: Instant,
}

impl Receiver for Handed {
    async fn post(&self, _: Bytes) -> Answer {
        let (answer, answered) = oneshot::channel();
        self.posts.send((self.began.elapsed(), answer)).unwrap();
        match answered.await {
            Ok(answer) => answer,
            // The test has let go of it: it hangs.
            Err(_) => std::future::pending().await,
        }
    }
}

const TAKEN: Answer = Answer::Accepted { rejected: 0 };
const MINUTE: Duration = Duration::from_secs(60);

fn pushing(metrics: &Metrics) -> (OtlpPush, UnboundedReceiver<Post>) {
    let (posts, posted) = unbounded_channel();
    let registry = metrics.registry();
    let origin = Origin::new(Arc::clone(registry), Resource::default(), SystemTime::now(), false);
    let account = Account::new(registry, "receiver:4318".to_owned());
    let receiver = Handed { posts, began: Instant::now() };
    let task = Task::new(receiver, origin, account, MINUTE, Duration::from_secs(30));
    (OtlpPush::spawn(&tokio::runtime::Handle::current(), task), posted)
}

fn metrics() -> Metrics {
    Metrics::builder().build().unwrap()
}

async fn answer(posts: &mut UnboundedReceiver<Post>, answer: Answer) -> u64 {
    let (at, reply) = posts.recv().await.unwrap();
    reply.send(answer).unwrap();
    at.as_secs()
}

#[tokio::test(start_paused = true)]
async fn metrics_are_pushed_after_each_interval() {
    let (_push, mut posts) = pushing(&metrics());
    let mut times = Vec::new();
    for _ in 0..3 {
        times.push(answer(&mut posts, TAKEN).await);
    }
    assert_eq!(times, [60, 120, 180]);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_hangs_costs_a_push_and_not_the_next_one() {
    let metrics = metrics();
    let (_push, mut posts) = pushing(&metrics);
    let (hung_at, hung) = posts.recv().await.unwrap();
    drop(hung);
    assert_eq!((hung_at.as_secs(), answer(&mut posts, TAKEN).await), (60, 120));
    assert!(metrics.render().contains("ms_metrics_otlp_pushes_total{outcome=\"timeout\"} 1"));
}

#[tokio::test(start_paused = true)]
async fn a_flush_is_told_what_became_of_it() {
    let (push, mut posts) = pushing(&metrics());
    let (flushed, at) = tokio::join!(push.flush(), answer(&mut posts, TAKEN));
    assert_eq!((flushed, at), (Ok(()), 0));
    let refusing = answer(&mut posts, Answer::Refused { status: 401 });
    assert_eq!(tokio::join!(push.flush(), refusing).0, Err(PushError::Status { status: 401 }));
}

#[tokio::test(start_paused = true)]
async fn a_flush_that_nobody_waits_for_goes_on() {
    let metrics = metrics();
    let (push, mut posts) = pushing(&metrics);
    let (at, reply) = tokio::select! {
        biased;
        post = posts.recv() => post.unwrap(),
        _ = push.flush() => unreachable!("it was not answered"),
    };
    reply.send(TAKEN).unwrap();
    assert_eq!((at.as_secs(), answer(&mut posts, TAKEN).await), (0, 60));
    assert!(metrics.render().contains("ms_metrics_otlp_pushes_total{outcome=\"success\"} 1"));
}

#[tokio::test(start_paused = true)]
async fn the_end_gives_up_a_hung_push_and_sends_the_last_totals() {
    let (push, mut posts) = pushing(&metrics());
    let (_, hung) = posts.recv().await.unwrap();
    let (ended, at) = tokio::join!(push.shutdown(MINUTE), answer(&mut posts, TAKEN));
    assert_eq!((ended, at), (Ok(()), 60));
    assert!(hung.is_closed(), "the request was dropped");
    assert!(posts.recv().await.is_none(), "the task has ended");
}

#[tokio::test(start_paused = true)]
async fn the_end_takes_no_longer_than_its_limit() {
    let (push, mut posts) = pushing(&metrics());
    let began = Instant::now();
    let ended = tokio::spawn(push.shutdown(Duration::from_secs(3)));
    drop(posts.recv().await.unwrap().1);
    assert_eq!(ended.await.unwrap(), Err(PushError::Timeout));
    assert_eq!(began.elapsed().as_secs(), 3);
    assert!(posts.recv().await.is_none(), "the task has ended");
}

#[tokio::test(start_paused = true)]
async fn an_end_that_nobody_waits_for_goes_on_to_its_limit() {
    let (push, mut posts) = pushing(&metrics());
    let mut ended = Box::pin(push.shutdown(MINUTE));
    let (_, reply) = tokio::select! {
        biased;
        post = posts.recv() => post.unwrap(),
        _ = &mut ended => unreachable!("it was not answered"),
    };
    drop(ended);
    reply.send(Answer::Unavailable { status: 503, wait: None }).unwrap();
    let again = answer(&mut posts, TAKEN).await;
    assert!(again <= 1, "{again}");
    assert!(posts.recv().await.is_none(), "the task has ended");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_handle_sends_the_last_totals_and_ends() {
    let (push, mut posts) = pushing(&metrics());
    advance(Duration::from_secs(10)).await;
    drop(push);
    assert_eq!(answer(&mut posts, TAKEN).await, 10);
    assert!(posts.recv().await.is_none(), "the task has ended");
    let (push, mut posts) = pushing(&metrics());
    let began = Instant::now();
    drop(push);
    let (_, hung) = posts.recv().await.unwrap();
    drop(hung);
    assert!(posts.recv().await.is_none(), "the task has ended");
    assert_eq!(began.elapsed(), LAST_LIMIT);
}

#[tokio::test(start_paused = true)]
async fn an_interval_without_end_is_a_day() {
    let registry = metrics();
    let origin = Origin::new(Arc::clone(registry.registry()), Resource::default(), SystemTime::now(), false);
    let account = Account::new(registry.registry(), String::new());
    let (posts, mut posted) = unbounded_channel();
    let receiver = Handed { posts, began: Instant::now() };
    let task = Task::new(receiver, origin, account, Duration::MAX, Duration::MAX);
    let push = OtlpPush::spawn(&tokio::runtime::Handle::current(), task);
    let (ended, _) = tokio::join!(push.shutdown(Duration::MAX), answer(&mut posted, TAKEN));
    assert_eq!(ended, Ok(()));
}
