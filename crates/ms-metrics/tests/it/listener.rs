//! The listener of the page, over real sockets.

use std::net::SocketAddr;
use std::time::Duration;

use metrics::Recorder;
use ms_metrics::{ListenError, ListenerBuilder, Metrics};
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::page::{METADATA, built, key};

const GET: &str = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
const FREE_PORT: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

struct Server {
    address: SocketAddr,
    end: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

fn start(builder: ListenerBuilder) -> Server {
    let listener = builder.address(FREE_PORT).bind().unwrap();
    let address = listener.address();
    let (end, ended) = oneshot::channel::<()>();
    let serving = tokio::spawn(listener.serve(async { drop(ended.await) }));
    Server { address, end, serving }
}

async fn send(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// What comes until the end; a reset is one, too.
async fn rest(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text).await;
    String::from_utf8_lossy(&text).into_owned()
}

async fn answer(address: SocketAddr, text: &str) -> String {
    rest(send(address, text).await).await
}

fn large() -> Metrics {
    let metrics = Metrics::builder().series_cap(50_000).build().unwrap();
    for number in 0..40_000 {
        let key = key("t_total", &[("number", &format!("{number:0>40}"))]);
        metrics.recorder().register_counter(&key, &METADATA).increment(1);
    }
    metrics
}

#[tokio::test]
async fn bad_requests_are_answered_shortly() {
    let metrics = built();
    let server = start(metrics.listener());
    let head =
        |line: &str, more: &str| format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}\r\n");
    let long_header = format!("X-Long: {}\r\n", "x".repeat(64 << 10));
    let many_headers = "X-Many: x\r\n".repeat(1000);
    for (request, status) in [
        (head("GET /metrics", ""), "200"),
        (head("GET /metrics", "Content-Length: 1073741824\r\n"), "200"),
        (head("HEAD /metrics", ""), "200"),
        (head("POST /metrics", "Content-Length: 1073741824\r\n"), "405"),
        (head("DELETE /metrics", ""), "405"),
        (head("PUT /metrics", "Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n", "405"),
        (head("GET /", ""), "404"),
        (head("GET /metrics/", ""), "404"),
        (head("GET //metrics", ""), "404"),
        (head("GET /Metrics", ""), "404"),
        (head("GET /metrics", &long_header), "431"),
        (head("GET /metrics", &many_headers), "431"),
        ("nonsense\r\n\r\n".to_owned(), "400"),
        ("GET /metrics HTTP/1.0\r\n\r\n".to_owned(), "200"),
    ] {
        let answer = answer(server.address, &request).await;
        let line = &request[..request.len().min(60)];
        assert!(answer.split(' ').nth(1) == Some(status), "{line:?}: {answer:?}");
        let has_page = answer.contains("# TYPE");
        assert_eq!(has_page, status == "200" && !request.starts_with("HEAD"), "{line:?}");
    }
}

#[tokio::test]
async fn one_connection_serves_many_scrapes() {
    let metrics = built();
    let server = start(metrics.listener().path("/page"));
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    for _ in 0..3 {
        stream.write_all(b"HEAD /page HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 200 "));
    }
}

#[tokio::test]
async fn the_token_opens_the_page() {
    let metrics = built();
    let server = start(metrics.listener().token("0123456789abcdef"));
    for (token, status) in [
        ("Authorization: Bearer 0123456789abcdef\r\n", "200"),
        ("Authorization: Bearer 0123456789abcdeF\r\n", "401"),
        ("", "401"),
    ] {
        for path in ["/metrics", "/"] {
            let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{token}\r\n");
            let answer = answer(server.address, &request).await;
            let status = if path == "/" && status == "200" { "404" } else { status };
            assert_eq!(answer.split(' ').nth(1), Some(status), "{request}");
            assert_eq!(answer.contains("www-authenticate: Bearer"), status == "401");
        }
    }
    let debug = format!("{:?}", metrics.listener().token("0123456789abcdef"));
    assert!(!debug.contains("0123"), "{debug}");
}

#[tokio::test]
async fn those_who_are_not_allowed_are_closed() {
    let metrics = built();
    let server = start(metrics.listener().allow(&["10.0.0.0/8", "192.0.2.1"]));
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let _ = stream.write_all(GET.as_bytes()).await;
    assert_eq!(rest(stream).await, "");
    let server = start(metrics.listener().allow(&["10.0.0.0/8"]).allow(&["127.0.0.0/8"]));
    assert!(answer(server.address, GET).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn an_open_address_needs_a_guard() {
    let metrics = built();
    let public = |port| metrics.listener().address(([0, 0, 0, 0], port));
    for builder in [public(0), metrics.listener().address(SocketAddr::from(([0_u16; 8], 0)))] {
        assert!(matches!(builder.bind(), Err(ListenError::Public { .. })));
    }
    assert!(public(0).token("x").bind().is_ok());
    assert!(public(0).allow(&["10.0.0.0/8"]).bind().is_ok());
    for token in ["", "a b", "\n"] {
        assert!(matches!(public(0).token(token).bind(), Err(ListenError::Token)));
    }
    let wrong = public(0).allow(&["10.0.0.0/8", "10.0.0.1/8"]).bind().unwrap_err();
    assert!(matches!(&wrong, ListenError::Network { network } if network == "10.0.0.1/8"), "{wrong}");
    let taken = metrics.listener().address(FREE_PORT).bind().unwrap();
    let again = metrics.listener().address(taken.address()).bind().unwrap_err();
    assert!(matches!(&again, ListenError::Bind { address, .. } if *address == taken.address()), "{again}");
}

/// With the clock paused: it goes on to the next timer as soon as everybody waits.
#[tokio::test(start_paused = true)]
async fn half_heads_are_closed_and_keep_nobody_out() {
    let metrics = built();
    let server = start(metrics.listener());
    let mut halves = Vec::new();
    for _ in 0..500 {
        halves.push(send(server.address, "GET /metrics HTTP/1.1\r\nHost:").await);
    }
    let begun = Instant::now();
    assert!(answer(server.address, GET).await.starts_with("HTTP/1.1 200"));
    assert!(begun.elapsed() < Duration::from_millis(250), "{:?}", begun.elapsed());
    for half in halves {
        assert_eq!(rest(half).await, "");
    }
    let took = begun.elapsed();
    assert!((Duration::from_secs(5)..Duration::from_secs(15)).contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_head_that_comes_drop_by_drop_is_closed_too() {
    let metrics = built();
    let server = start(metrics.listener());
    let begun = Instant::now();
    let mut slow = send(server.address, "GET /metrics HTTP/1.1\r\nX: ").await;
    let mut end = [0];
    while tokio::time::timeout(Duration::from_millis(100), slow.read(&mut end)).await.is_err() {
        let _ = slow.write_all(b"x").await;
    }
    let took = begun.elapsed();
    assert!((Duration::from_secs(5)..Duration::from_secs(6)).contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn slow_readers_are_closed_and_keep_nobody_out() {
    let metrics = large();
    let length = metrics.render().len();
    let server = start(metrics.listener());
    let mut readers = Vec::new();
    for _ in 0..100 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(2048).unwrap();
        let mut reader = socket.connect(server.address).await.unwrap();
        reader.write_all(GET.as_bytes()).await.unwrap();
        readers.push(reader);
    }
    let begun = Instant::now();
    assert!(answer(server.address, GET).await.len() > length, "a good scrape has it all");
    assert!(begun.elapsed() < Duration::from_millis(250), "{:?}", begun.elapsed());
    for reader in readers {
        reader.ready(Interest::ERROR).await.unwrap();
        assert!(rest(reader).await.len() < length, "it was cut off");
    }
    let took = begun.elapsed();
    assert!((Duration::from_secs(9)..Duration::from_secs(15)).contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_takes_an_answer_drop_by_drop_is_closed_too() {
    let metrics = large();
    let length = metrics.render().len();
    let server = start(metrics.listener());
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(2048).unwrap();
    let mut reader = socket.connect(server.address).await.unwrap();
    reader.write_all(GET.as_bytes()).await.unwrap();
    let (begun, mut taken, mut piece) = (Instant::now(), 0, [0; 1024]);
    while let Ok(some @ 1..) = reader.read(&mut piece).await {
        taken += some;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(taken < length);
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn the_end_lets_answers_come_to_theirs() {
    let metrics = large();
    let length = metrics.render().len();
    let server = start(metrics.listener());
    let mut idle = send(server.address, "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
    idle.read_exact(&mut [0; 15]).await.unwrap();
    let mut reader = send(server.address, GET).await;
    let mut begin = [0; 15];
    reader.read_exact(&mut begin).await.unwrap();
    server.end.send(()).unwrap();
    rest(idle).await;
    assert!(rest(reader).await.len() > length);
    server.serving.await.unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}
