//! Real sockets, HTTP/1.1 and HTTP/2.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, Response, StatusCode};
use axum::routing::{any, get};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Body as HttpBody, Frame, Incoming};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use ms_metrics::Metrics;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::page::{built, eventually, lines, request, requests};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Version {
    Http1,
    Http2,
}

pub(crate) enum Client {
    Http1(http1::SendRequest<Empty<Bytes>>),
    Http2(http2::SendRequest<Empty<Bytes>>),
}

impl Client {
    pub(crate) async fn connect(server: SocketAddr, version: Version) -> Self {
        let stream = TokioIo::new(TcpStream::connect(server).await.unwrap());
        match version {
            Version::Http1 => {
                let (sender, connection) = http1::handshake(stream).await.unwrap();
                tokio::spawn(connection);
                Self::Http1(sender)
            }
            Version::Http2 => {
                let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
                tokio::spawn(connection);
                Self::Http2(sender)
            }
        }
    }

    pub(crate) async fn send(&mut self, method: &str, path: &str) -> hyper::Result<Response<Incoming>> {
        let request = Request::builder().method(method).uri(format!("http://localhost{path}"));
        let request = request.header("host", "localhost").body(Empty::new()).unwrap();
        match self {
            Self::Http1(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
            Self::Http2(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
        }
    }

    /// Sends, and reads to the end.
    async fn whole(&mut self, method: &str, path: &str) -> (StatusCode, Bytes, Option<HeaderMap>) {
        let response = self.send(method, path).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap();
        let trailers = body.trailers().cloned();
        (status, body.to_bytes(), trailers)
    }
}

/// Serves until the runtime of the test ends.
pub(crate) async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// Gives its frames, and then what `end` says.
struct Frames {
    frames: VecDeque<Frame<Bytes>>,
    end: End,
}

#[derive(Clone, Copy)]
enum End {
    Here,
    Never,
    Panic,
    Error,
}

impl HttpBody for Frames {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        match (self.frames.pop_front(), self.end) {
            (Some(frame), _) => Poll::Ready(Some(Ok(frame))),
            (None, End::Here) => Poll::Ready(None),
            (None, End::Never) => Poll::Pending,
            (None, End::Panic) => panic!("in the body"),
            (None, End::Error) => Poll::Ready(Some(Err("the disk is gone"))),
        }
    }
}

fn stream(chunks: usize, end: End) -> Body {
    let frames = (0..chunks).map(|_| Frame::data(Bytes::from_static(b"chunk"))).collect();
    Body::new(Frames { frames, end })
}

fn with_trailers() -> Body {
    let trailers = HeaderMap::from_iter([("x-sum".parse().unwrap(), "7".parse().unwrap())]);
    let frames = VecDeque::from([Frame::data(Bytes::from_static(b"chunk")), Frame::trailers(trailers)]);
    Body::new(Frames { frames, end: End::Here })
}

async fn panicking() -> String {
    panic!("in the handler")
}

fn app(metrics: &Metrics) -> Router {
    let declared =
        || async { Response::builder().header("content-length", "10").body(stream(2, End::Never)).unwrap() };
    let with_status = |status: u16| {
        any(move || async move { (StatusCode::from_u16(status).unwrap(), stream(1, End::Never)) })
    };
    Router::new()
        .route("/text", any(|| async { "text" }))
        .route("/empty", any(|| async {}))
        .route("/large", get(|| async { "x".repeat(3 << 20) }))
        .route("/stream", any(|| async { stream(100, End::Here) }))
        .route("/trailers", get(|| async { ([("trailer", "x-sum")], with_trailers()) }))
        .route("/declared", get(declared))
        .route("/no-content", with_status(204))
        .route("/not-modified", with_status(304))
        .route("/endless", get(|| async { stream(1, End::Never) }))
        .route("/broken", get(|| async { stream(1, End::Error) }))
        .route("/panic-late", get(|| async { stream(1, End::Panic) }))
        .route("/panic", any(panicking))
        .merge(metrics.router())
        .layer(metrics.http_layer())
}

const BOTH: [Version; 2] = [Version::Http1, Version::Http2];

#[tokio::test]
async fn whole_answers_are_never_499() {
    for version in BOTH {
        let metrics = built();
        let server = serve(app(&metrics)).await;
        let mut client = Client::connect(server, version).await;
        let asked = [
            ("GET", "/text", 200, 4),
            ("POST", "/text", 200, 4),
            ("HEAD", "/text", 200, 0),
            ("OPTIONS", "/text", 200, 4),
            ("GET", "/empty", 200, 0),
            ("HEAD", "/empty", 200, 0),
            ("GET", "/large", 200, 3 << 20),
            ("HEAD", "/large", 200, 0),
            ("GET", "/stream", 200, 500),
            ("HEAD", "/stream", 200, 0),
            ("HEAD", "/not-modified", 304, 0),
        ];
        for (method, path, status, length) in asked {
            let (answer, body, _) = client.whole(method, path).await;
            assert_eq!((answer.as_u16(), body.len()), (status, length), "{version:?} {method} {path}");
        }
        let (not_found, _, _) = client.whole("GET", "/nowhere").await;
        assert_eq!(not_found, 404);
        // The answer may be read before the server has dropped what it was made of.
        let total = || requests(&metrics).iter().map(|(_, number)| number).sum::<u64>();
        eventually(|| total() == asked.len() as u64 + 1).await;
        let mut expected: Vec<_> = asked
            .iter()
            .map(|(method, path, status, _)| (request(method, path, &status.to_string()), 1))
            .collect();
        expected.push((request("GET", "unmatched", "404"), 1));
        assert_eq!(requests(&metrics), expected, "{version:?}");
    }
}

#[tokio::test]
async fn bodies_that_http1_drops_unread_are_whole_answers() {
    let metrics = built();
    let server = serve(app(&metrics)).await;
    let mut client = Client::connect(server, Version::Http1).await;
    for (path, length) in [("/not-modified", 0), ("/no-content", 0), ("/declared", 10)] {
        assert_eq!(client.whole("GET", path).await.1.len(), length, "{path}");
    }
    drop(client);
    eventually(|| requests(&metrics).len() == 3).await;
    assert_eq!(
        requests(&metrics),
        [
            (request("GET", "/not-modified", "304"), 1),
            (request("GET", "/no-content", "204"), 1),
            (request("GET", "/declared", "200"), 1),
        ]
    );
}

#[tokio::test]
async fn trailers_arrive() {
    let metrics = built();
    let server = serve(app(&metrics)).await;
    let (_, body, trailers) = Client::connect(server, Version::Http2).await.whole("GET", "/trailers").await;
    assert_eq!((&body[..], &trailers.unwrap()["x-sum"]), (&b"chunk"[..], &"7".parse().unwrap()));
    // HTTP/1.1 sends trailers to those who ask for them.
    let mut stream = TcpStream::connect(server).await.unwrap();
    let ask = "GET /trailers HTTP/1.1\r\nhost: localhost\r\nte: trailers\r\nconnection: close\r\n\r\n";
    stream.write_all(ask.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    assert!(text.ends_with("0\r\nx-sum: 7\r\n\r\n"), "{text}");
    assert_eq!(requests(&metrics), [(request("GET", "/trailers", "200"), 2)]);
}

#[tokio::test]
async fn a_client_that_goes_away_is_499_once() {
    for version in BOTH {
        let metrics = built();
        let arrived = Arc::new(Notify::new());
        let arriving = Arc::clone(&arrived);
        let never = || async move {
            arriving.notify_one();
            std::future::pending::<()>().await;
        };
        let never = Router::new().route("/never", get(never)).layer(metrics.http_layer());
        let server = serve(app(&metrics).merge(never)).await;
        // In the body.
        let mut client = Client::connect(server, version).await;
        let response = client.send("GET", "/endless").await.unwrap();
        let mut body = response.into_body();
        body.frame().await.unwrap().unwrap();
        assert!(requests(&metrics).is_empty(), "it goes on");
        drop((body, client));
        eventually(|| requests(&metrics) == [(request("GET", "/endless", "499"), 1)]).await;
        // In the handler.
        let mut client = Client::connect(server, version).await;
        tokio::select! {
            _ = client.send("GET", "/never") => panic!("it answered"),
            () = arrived.notified() => {}
        }
        drop(client);
        let both = ["/endless", "/never"].map(|path| (request("GET", path, "499"), 1));
        eventually(|| requests(&metrics) == both).await;
        let durations = lines(&metrics, "http_request_duration_seconds_count");
        assert!(durations.iter().all(|line| line.ends_with(" 1")) && durations.len() == 2, "{durations:?}");
    }
}

#[tokio::test]
async fn panics_and_broken_bodies_are_500_once() {
    for version in BOTH {
        let metrics = built();
        let server = serve(app(&metrics)).await;
        for path in ["/panic", "/panic-late", "/broken"] {
            let mut client = Client::connect(server, version).await;
            match client.send("GET", path).await {
                // The connection may be gone before the head is read.
                Err(_) => {}
                Ok(response) => drop(response.into_body().collect().await.unwrap_err()),
            }
            let counted = (request("GET", path, "500"), 1);
            eventually(|| requests(&metrics).contains(&counted)).await;
        }
        assert_eq!(requests(&metrics).len(), 3, "{version:?} {:?}", requests(&metrics));
        let mut client = Client::connect(server, version).await;
        assert_eq!(client.whole("GET", "/text").await.0, 200, "the server goes on");
    }
}

#[tokio::test]
async fn an_upgraded_connection_is_counted_at_its_head() {
    let metrics = built();
    let app = Router::new()
        .route(
            "/chat",
            get(|| async {
                (StatusCode::SWITCHING_PROTOCOLS, [("connection", "upgrade"), ("upgrade", "chat")])
            }),
        )
        .layer(metrics.http_layer());
    let server = serve(app).await;
    let mut stream = TcpStream::connect(server).await.unwrap();
    let ask = "GET /chat HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: chat\r\n\r\n";
    stream.write_all(ask.as_bytes()).await.unwrap();
    let mut head = [0; 12];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 101");
    assert_eq!(requests(&metrics), [(request("GET", "/chat", "101"), 1)]);
}
