//! The tower layer behind real sockets, HTTP/1.1 and HTTP/2: one line a request, whatever its client does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::{any, get};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use ms_logging::ClientAddress;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::bodies::{End, parts};
use crate::logger::{LIMIT, Logger};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Version {
    Http1,
    Http2,
}

const BOTH: [Version; 2] = [Version::Http1, Version::Http2];

enum Client {
    Http1(http1::SendRequest<Empty<Bytes>>),
    Http2(http2::SendRequest<Empty<Bytes>>),
}

impl Client {
    async fn connect(server: SocketAddr, version: Version) -> Self {
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

    async fn send(&mut self, method: &str, path: &str) -> hyper::Result<Response<Incoming>> {
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
    async fn whole(&mut self, method: &str, path: &str) {
        self.send(method, path).await.unwrap().into_body().collect().await.unwrap();
    }
}

/// A logger of warnings and access lines, for all that this thread does, its tasks included.
struct Watched {
    logger: Logger,
    _default: tracing::dispatcher::DefaultGuard,
}

impl Watched {
    fn start() -> Self {
        let logger = Logger::with(|builder| builder.filter("off,ms_logging=info"));
        let default = tracing::dispatcher::set_default(&logger.dispatch);
        Self { logger, _default: default }
    }

    /// Waits for so many lines, and gives what they tell, without the duration.
    async fn lines(self, count: u64) -> Vec<Value> {
        let began = Instant::now();
        while self.logger.guard.accounts()[0].passed() < count {
            assert!(began.elapsed() < LIMIT, "no line comes");
            tokio::task::yield_now().await;
        }
        let (_, json) = self.logger.finish();
        let fields = |line: &String| {
            let mut line: Value = serde_json::from_str(line).unwrap();
            let mut fields = line["data"]["fields"].take();
            assert!(fields.as_object_mut().unwrap().remove("duration_ms").unwrap().is_number());
            fields
        };
        json.iter().map(fields).collect()
    }
}

/// Serves until the runtime of the test ends.
async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

fn app(watched: &Watched) -> Router {
    let with_status =
        |status: u16| any(move || async move { (StatusCode::from_u16(status).unwrap(), parts(End::Whole)) });
    Router::new()
        .route("/text", any(|| async { "text" }))
        .route("/empty", any(|| async {}))
        .route("/large", get(|| async { "x".repeat(3 << 20) }))
        .route("/stream", any(|| async { parts(End::Whole) }))
        .route("/endless", any(|| async { parts(End::Never) }))
        .route("/no-content", with_status(204))
        .route("/not-modified", with_status(304))
        .route("/broken", get(|| async { parts(End::Error) }))
        .route("/panic-late", get(|| async { parts(End::Panic) }))
        .route("/panic", any(panicking))
        .layer(watched.logger.guard.http_layer())
}

async fn panicking() -> String {
    panic!("in the handler")
}

fn line(method: &str, route: &str, status: u16) -> Value {
    json!({"method": method, "route": route, "status": status})
}

#[tokio::test]
async fn whole_answers_are_one_line_each_and_none_of_them_is_cancelled() {
    let asked = [
        ("GET", "/text", 200),
        ("POST", "/text", 200),
        ("HEAD", "/text", 200),
        ("GET", "/empty", 200),
        ("GET", "/large", 200),
        ("HEAD", "/large", 200),
        ("GET", "/stream", 200),
        ("HEAD", "/stream", 200),
        ("HEAD", "/endless", 200),
        ("GET", "/no-content", 204),
        ("GET", "/not-modified", 304),
        ("HEAD", "/not-modified", 304),
    ];
    for version in BOTH {
        let watched = Watched::start();
        let mut client = Client::connect(serve(app(&watched)).await, version).await;
        for (method, path, _) in asked {
            // hyper sends the bytes of these two over HTTP/2, which the client then refuses.
            if version == Version::Http1 || !matches!(path, "/no-content" | "/not-modified") {
                client.whole(method, path).await;
            }
        }
        let expected: Vec<_> = asked
            .iter()
            .filter(|(_, path, _)| {
                version == Version::Http1 || !matches!(*path, "/no-content" | "/not-modified")
            })
            .map(|(method, path, status)| line(method, path, *status))
            .collect();
        assert_eq!(watched.lines(expected.len() as u64).await, expected, "{version:?}");
    }
}

#[tokio::test]
async fn a_client_that_goes_away_is_499_once() {
    for version in BOTH {
        let watched = Watched::start();
        let arrived = Arc::new(Notify::new());
        let arriving = Arc::clone(&arrived);
        let never = || async move {
            arriving.notify_one();
            std::future::pending::<()>().await;
        };
        let never = Router::new().route("/never", get(never)).layer(watched.logger.guard.http_layer());
        let server = serve(app(&watched).merge(never)).await;
        let mut client = Client::connect(server, version).await;
        let mut body = client.send("GET", "/endless").await.unwrap().into_body();
        body.frame().await.unwrap().unwrap();
        drop((body, client));
        let mut client = Client::connect(server, version).await;
        tokio::select! {
            _ = client.send("GET", "/never") => panic!("it answered"),
            () = arrived.notified() => {}
        }
        drop(client);
        let mut lines = watched.lines(2).await;
        lines.sort_by_key(|line| line["route"].to_string());
        let mut endless = line("GET", "/endless", 499);
        endless["answered"] = 200.into();
        assert_eq!(lines, [endless, line("GET", "/never", 499)], "{version:?}");
    }
}

#[tokio::test]
async fn panics_and_broken_bodies_are_500_once() {
    for version in BOTH {
        let watched = Watched::start();
        let server = serve(app(&watched)).await;
        for path in ["/panic", "/panic-late", "/broken"] {
            let mut client = Client::connect(server, version).await;
            match client.send("GET", path).await {
                // The connection may be gone before the head is read.
                Err(_) => {}
                Ok(response) => drop(response.into_body().collect().await.unwrap_err()),
            }
        }
        let mut lines = watched.lines(3).await;
        lines.sort_by_key(|line| line["route"].to_string());
        let late = |route| {
            let mut line = line("GET", route, 500);
            line["answered"] = 200.into();
            line
        };
        assert_eq!(lines, [late("/broken"), line("GET", "/panic", 500), late("/panic-late")], "{version:?}");
    }
}

#[tokio::test]
async fn an_upgraded_connection_has_its_line_at_the_head_and_goes_on() {
    let watched = Watched::start();
    let echo = |mut request: Request<Body>| async move {
        let upgrade = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let mut stream = TokioIo::new(upgrade.await.unwrap());
            let mut word = [0; 4];
            stream.read_exact(&mut word).await.unwrap();
            stream.write_all(&word).await.unwrap();
        });
        (StatusCode::SWITCHING_PROTOCOLS, [("connection", "upgrade"), ("upgrade", "echo")])
    };
    let app = Router::new().route("/echo", get(echo)).layer(watched.logger.guard.http_layer());
    let mut stream = TcpStream::connect(serve(app).await).await.unwrap();
    let ask = "GET /echo HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
    stream.write_all(ask.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
    stream.write_all(b"ping").await.unwrap();
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"ping");
    assert_eq!(watched.lines(1).await, [line("GET", "/echo", 101)]);
}

#[tokio::test]
async fn the_address_of_the_client_is_told_only_if_asked_for() {
    for (shown, expected) in [
        (None, Value::Null),
        (Some(ClientAddress::Masked), "127.0.0.0".into()),
        (Some(ClientAddress::Full), "127.0.0.1".into()),
    ] {
        let watched = Watched::start();
        let layer = watched.logger.guard.http_layer();
        let layer = match shown {
            Some(shown) => layer.client_address(shown),
            None => layer,
        };
        let app = Router::new().route("/", get(|| async {})).layer(layer);
        Client::connect(serve(app).await, Version::Http1).await.whole("GET", "/").await;
        assert_eq!(watched.lines(1).await[0]["client"], expected);
    }
}
