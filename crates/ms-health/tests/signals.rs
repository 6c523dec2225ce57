//! Real signals to a real server. A binary of its own: handlers are the process's.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests assert by panicking"
)]

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use ms_health::HealthCheck;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

const PATIENCE: Duration = Duration::from_secs(30);

struct Server {
    address: SocketAddr,
    health: HealthCheck,
    /// Lets the slow handler end.
    release: Arc<Notify>,
    /// The slow handler has begun.
    begun: Arc<Notify>,
    ended: JoinHandle<std::io::Result<()>>,
    /// Others who wait for the shutdown, as a service does that limits how long requests may take.
    waiting: Vec<JoinHandle<()>>,
}

async fn start(drain: Duration) -> Server {
    let health = HealthCheck::builder()
        .critical("database", || async { Ok::<_, String>(()) })
        .drain_period(drain)
        .build()
        .unwrap();
    let (release, begun) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (released, beginning) = (Arc::clone(&release), Arc::clone(&begun));
    let slow = move || async move {
        beginning.notify_one();
        released.notified().await;
        "slow but whole"
    };
    let app: Router = Router::new().route("/slow", get(slow)).merge(health.router());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let waiting = (0..8).map(|_| tokio::spawn(health.shutdown())).collect();
    let served = axum::serve(listener, app).with_graceful_shutdown(health.shutdown());
    let ended = tokio::spawn(async move { served.await });
    Server { address, health, release, begun, ended, waiting }
}

fn signal(name: &str) {
    let sent = Command::new("kill").args(["-s", name, &std::process::id().to_string()]).status();
    assert!(sent.expect("kill, of procps or the shell").success());
}

async fn ask(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    Ok(text)
}

async fn until_draining(server: &Server) {
    let falls = async {
        while !server.health.is_shutting_down() {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(PATIENCE, falls).await.expect("the signal is seen");
}

async fn all_end(waiting: Vec<JoinHandle<()>>) {
    for one in waiting {
        timeout(PATIENCE, one).await.expect("ends with the others").unwrap();
    }
}

/// One test, since the second server would see the signals of the first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_lets_readiness_fall_then_the_listener_close_then_requests_end() {
    let drain = Duration::from_millis(700);
    let server = start(drain).await;
    assert!(ask(server.address, "/health/ready").await.unwrap().starts_with("HTTP/1.1 200"));
    let in_flight = tokio::spawn(async move { ask(server.address, "/slow").await });
    timeout(PATIENCE, server.begun.notified()).await.expect("the slow request is being served");

    let start_of_drain = Instant::now();
    signal("TERM");
    until_draining(&server).await;
    let ready = ask(server.address, "/health/ready").await.expect("still accepting");
    assert!(ready.starts_with("HTTP/1.1 503"), "{ready}");
    let live = ask(server.address, "/health/live").await.expect("still accepting");
    assert!(live.starts_with("HTTP/1.1 200"), "{live}");

    // The listener closes, and not before the drain period is over.
    let closes = async {
        while ask(server.address, "/health/live").await.is_ok() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, closes).await.expect("the listener closes");
    assert!(start_of_drain.elapsed() >= drain, "{:?}", start_of_drain.elapsed());
    all_end(server.waiting).await;

    // What was in flight is still served to its end, and only then the server is done.
    assert!(!server.ended.is_finished());
    server.release.notify_one();
    let whole = timeout(PATIENCE, in_flight).await.unwrap().unwrap().unwrap();
    assert!(whole.ends_with("slow but whole"), "{whole}");
    timeout(PATIENCE, server.ended).await.expect("ends").unwrap().unwrap();

    // Who presses Ctrl-C twice does not wait an hour.
    let server = start(Duration::from_secs(3600)).await;
    signal("INT");
    until_draining(&server).await;
    assert!(ask(server.address, "/health/ready").await.unwrap().starts_with("HTTP/1.1 503"));
    signal("INT");
    timeout(PATIENCE, server.ended).await.expect("ends at once").unwrap().unwrap();
    all_end(server.waiting).await;
}
