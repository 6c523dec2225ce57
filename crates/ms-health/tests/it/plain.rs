//! The tower service without axum, and on a listener of its own.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::Router;
use axum::routing::get as to;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use ms_health::{HealthCheck, PeerAddr};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tower::Service as _;

use crate::server::{get, serve};

/// Serves over hyper alone, which hands over the peer's address.
async fn serve_plain(health: &HealthCheck) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = health.service();
    tokio::spawn(async move {
        while let Ok((stream, peer)) = listener.accept().await {
            let service = service.clone();
            let with_peer = tower::service_fn(move |mut request: http::Request<hyper::body::Incoming>| {
                request.extensions_mut().insert(PeerAddr(peer));
                service.clone().call(request)
            });
            let connection = http1::Builder::new();
            tokio::spawn(
                connection.serve_connection(TokioIo::new(stream), TowerToHyperService::new(with_peer)),
            );
        }
    });
    address
}

fn health() -> HealthCheck {
    let health = HealthCheck::builder().critical("database", || async { Ok::<_, Infallible>(()) });
    health.details_on_loopback(true).build().unwrap()
}

#[tokio::test]
async fn over_hyper_alone_details_go_to_loopback_too() {
    let server = serve_plain(&health()).await;
    assert_eq!(get(server, "/health", "").await.json()["database"]["status"], "healthy");
    let bare = get(server, "/health", "Via: 1.1 proxy\r\n").await;
    assert_eq!((bare.status, bare.body.as_str()), (200, r#"{"status":"healthy"}"#));
    assert_eq!(bare.header("content-length"), Some("20"));
    assert_eq!(get(server, "/nothing", "").await.status, 404);
}

/// The map of a request's headers becomes that of its answer.
#[tokio::test]
async fn nothing_of_a_request_is_in_its_answer_or_the_next() {
    let server = serve_plain(&health()).await;
    let mut stream = TcpStream::connect(server).await.unwrap();
    let mut answers = Vec::new();
    for turn in 0..3 {
        let last = if turn == 2 { "Connection: close\r\n" } else { "" };
        let request = format!(
            "GET /health/ready HTTP/1.1\r\nHost: {server}\r\nVia: 1.1 proxy\r\nCookie: id=hunter{turn}\r\nX-Patient: ayse\r\n\
             X-Patient: fatma\r\nContent-Type: text/secret\r\n{last}\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"}") {
            assert!(stream.read_buf(&mut answer).await.unwrap() > 0, "it answers");
        }
        let head = String::from_utf8(answer).unwrap().to_lowercase();
        let names: Vec<_> =
            head.lines().skip(1).filter_map(|line| Some(line.split_once(": ")?.0.to_owned())).collect();
        answers.push(names);
        assert!(!head.contains("hunter") && !head.contains("ayse") && !head.contains("fatma"), "{head}");
        assert!(head.contains("content-type: application/json\r\n") && !head.contains("secret"), "{head}");
    }
    let names = ["cache-control", "x-content-type-options", "content-type", "content-length", "date"];
    assert_eq!(answers[..2], [names, names]);
}

#[tokio::test]
async fn health_may_have_a_listener_of_its_own() {
    let health = health();
    let service = serve(Router::new().route("/", to(|| async { "the service" }))).await;
    let management = serve(health.router()).await;
    assert_eq!(get(service, "/", "").await.body, "the service");
    assert_eq!(get(service, "/health", "").await.status, 404);
    assert_eq!(get(management, "/health/ready", "").await.status, 200);
    health.begin_shutdown();
    assert_eq!(get(management, "/health/ready", "").await.status, 503);
}
