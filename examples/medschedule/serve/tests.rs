//! With the clock paused: it goes on to the next timer as soon as everybody waits.

use axum::extract::ConnectInfo;
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::*;

/// Longer than any connection may be idle.
const LIMIT: Duration = Duration::from_secs(60);

async fn start() -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let app = Router::new()
        .route("/", get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }))
        .route("/large", get(|| async { vec![b'x'; 64 << 20] }))
        .route("/never", get(std::future::pending::<()>));
    let (end, ended) = oneshot::channel();
    let ending = async { ended.await.expect("a sender") };
    (address, end, tokio::spawn(serve(listener, app, ending)))
}

async fn send(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.write_all(text.as_bytes()).await.expect("sent");
    stream
}

async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    // A reset is an end, too.
    let _ = stream.read_to_end(&mut text).await;
    String::from_utf8_lossy(&text).into_owned()
}

#[tokio::test(start_paused = true)]
async fn half_a_head_and_silence_are_closed_after_five_seconds() {
    let (address, _end, _serving) = start().await;
    for half in ["", "GET / HTTP/1.1\r\nHost:", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"] {
        let begun = Instant::now();
        let mut stream = send(address, half).await;
        let answer = rest(&mut stream).await;
        let took = begun.elapsed();
        assert!((HEAD..HEAD * 2).contains(&took), "{half:?}: {took:?}");
        let peer = stream.local_addr().expect("connected").to_string();
        assert_eq!(answer.contains(&peer), half.ends_with("\r\n\r\n"), "{half:?}: {answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_takes_nothing_of_an_answer_is_let_go() {
    let (address, end, serving) = start().await;
    let mut reader = send(address, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n").await;
    reader.read_exact(&mut [0; 15]).await.expect("the answer begins");
    let begun = Instant::now();
    end.send(()).expect("it serves");
    serving.await.expect("no panic");
    assert!(begun.elapsed() < STALL * 2, "{:?}", begun.elapsed());
    assert!(rest(&mut reader).await.len() < 64 << 20, "it was cut off");
}

#[tokio::test(start_paused = true)]
async fn idle_connections_are_closed_at_the_end_and_running_requests_are_waited_for() {
    let (address, end, serving) = start().await;
    let mut idle = send(address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    idle.read_exact(&mut [0; 15]).await.expect("answered");
    let _running = send(address, "GET /never HTTP/1.1\r\nHost: x\r\n\r\n").await;
    // It is served once a later connection is.
    let mut later = send(address, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(rest(&mut later).await.starts_with("HTTP/1.1 200"));
    let begun = Instant::now();
    end.send(()).expect("it serves");
    rest(&mut idle).await;
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert!(tokio::time::timeout(LIMIT, serving).await.is_err(), "one request never ends");
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn more_connections_than_there_is_room_for_wait() {
    let (address, _end, _serving) = start().await;
    let mut halves = Vec::new();
    for _ in 0..CONNECTIONS {
        halves.push(send(address, "GET / HT").await);
    }
    let begun = Instant::now();
    let mut waiting = send(address, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(rest(&mut waiting).await.starts_with("HTTP/1.1 200"));
    assert!(begun.elapsed() > Duration::from_secs(1), "there was no limit: {:?}", begun.elapsed());
}
