//! What clients and handlers do wrong, a test each.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, Response, StatusCode};
use axum::response::IntoResponse as _;
use axum::routing::get;
use http_body_util::{BodyExt as _, Full};
use ms_metrics::Metrics;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tower::{Layer as _, Service as _, ServiceExt as _, service_fn};

use crate::page::{built, eventually, lines, request, requests, value};
use crate::sockets::serve;

async fn send(app: &Router, method: &str, path: &str) {
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    app.clone().oneshot(request).await.unwrap().into_body().collect().await.unwrap();
}

fn in_flight(metrics: &Metrics) -> f64 {
    let values = lines(metrics, "http_requests_in_flight");
    values.iter().map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()).sum()
}

#[tokio::test]
async fn a_hundred_thousand_distinct_paths_are_one_series() {
    let metrics = built();
    let app =
        Router::new().route("/shifts/{id}", get(|| async {})).layer(metrics.http_layer()).with_state(());
    for number in 0..100_000 {
        send(&app, "GET", &format!("/{number}/wp-login.php")).await;
    }
    for path in ["/%FF%FE", "/%00", "/%0A%22", "/shifts/%FF", "/shifts/%E2%80%AE"] {
        send(&app, "GET", path).await;
    }
    assert_eq!(
        requests(&metrics),
        [
            (request("GET", "unmatched", "404"), 100_003),
            // axum's own answer to a path that is no UTF-8, from a handler that does not look at it.
            (request("GET", "/shifts/{id}", "200"), 2),
        ]
    );
    assert_eq!(lines(&metrics, "http_request_duration_seconds_count").len(), 2);
}

#[tokio::test]
async fn ten_thousand_hostile_methods_are_one_label() {
    const METHODS: usize = 10_000;
    let metrics = built();
    let server = serve(Router::new().fallback(|| async { "text" }).layer(metrics.http_layer())).await;
    let mut stream = TcpStream::connect(server).await.unwrap();
    let ask = |number: usize| {
        // Every character of a token.
        let odd = "!#$%&'*+-.^_`|~".as_bytes()[number % 15] as char;
        format!("{odd}x{:x} / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n", number * 0x9e37)
    };
    let all: String = (0..METHODS).map(ask).collect();
    let (mut read, mut write) = stream.split();
    let answered = async {
        let (mut answers, mut part) = (0, vec![0; 65_536]);
        while answers < METHODS {
            let length = read.read(&mut part).await.unwrap();
            assert!(length > 0, "closed after {answers}");
            // Each answer ends in the only `x` that is in it.
            answers += part[..length].iter().filter(|byte| **byte == b'x').count();
        }
    };
    let (sent, ()) = tokio::join!(write.write_all(all.as_bytes()), answered);
    sent.unwrap();
    eventually(|| requests(&metrics) == [(request("OTHER", "unmatched", "200"), METHODS as u64)]).await;
}

#[tokio::test]
async fn a_status_outside_100_to_599_is_other() {
    let metrics = built();
    let service = metrics.http_layer().layer(service_fn(|request: Request<u16>| async move {
        Ok::<_, Infallible>(
            Response::builder().status(*request.body()).body(Full::<Bytes>::default()).unwrap(),
        )
    }));
    for status in 100..1000 {
        let response = service.clone().oneshot(Request::new(status)).await.unwrap();
        response.into_body().collect().await.unwrap();
    }
    let counted = requests(&metrics);
    assert_eq!(counted.len(), 501);
    assert!(counted.contains(&(request("GET", "unmatched", "other"), 400)));
    assert!(counted.contains(&(request("GET", "unmatched", "599"), 1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_clients_that_disconnect_are_counted_once_each() {
    const CLIENTS: u64 = 10_000;
    let metrics = built();
    let arrived = Arc::new(AtomicU64::new(0));
    let never = {
        let arrived = Arc::clone(&arrived);
        move || {
            arrived.fetch_add(1, Ordering::Relaxed);
            std::future::pending::<()>()
        }
    };
    let endless = futures_util::stream::pending::<Result<Bytes, Infallible>>;
    let app = Router::new()
        .route("/handler", get(never))
        .route("/body", get(move || async move { Body::from_stream(endless()) }))
        .layer(metrics.http_layer());
    let server = serve(app).await;
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..CLIENTS {
        if clients.len() == 64 {
            clients.join_next().await.unwrap().unwrap();
        }
        clients.spawn(async move {
            let mut stream = TcpStream::connect(server).await.unwrap();
            let path = if client % 2 == 0 { "/handler" } else { "/body" };
            let ask = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
            stream.write_all(ask.as_bytes()).await.unwrap();
            if client % 2 == 1 {
                stream.read_exact(&mut [0; 12]).await.unwrap();
            }
        });
    }
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    let gone = |path| {
        let counts = requests(&metrics);
        counts
            .iter()
            .find(|(labels, _)| *labels == request("GET", path, "499"))
            .map_or(0, |(_, number)| *number)
    };
    // A request whose connection was closed before it was read has never come in.
    let came = || arrived.load(Ordering::Relaxed);
    eventually(|| gone("/body") == CLIENTS / 2 && gone("/handler") == came() && in_flight(&metrics) == 0.0)
        .await;
    assert!(came() > 0 && requests(&metrics).len() == 2, "{:?}", requests(&metrics));
    let counts = lines(&metrics, "http_request_duration_seconds_count");
    let durations: u64 =
        counts.iter().map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).sum();
    assert_eq!(durations, CLIENTS / 2 + came());
}

async fn panicking() -> String {
    std::panic::resume_unwind(Box::new("panic"))
}

#[tokio::test]
async fn a_handler_that_panics_is_500_and_the_service_goes_on() {
    let metrics = built();
    let app = Router::new()
        .route("/panic", get(panicking))
        .route("/text", get(|| async { "text" }))
        .layer(metrics.http_layer());
    for _ in 0..3 {
        let ask = Request::get("/panic").body(Body::empty()).unwrap();
        tokio::spawn(app.clone().oneshot(ask)).await.unwrap_err();
        assert_eq!(in_flight(&metrics), 0.0);
    }
    send(&app, "GET", "/text").await;
    let expected = [(request("GET", "/panic", "500"), 3), (request("GET", "/text", "200"), 1)];
    assert_eq!(requests(&metrics), expected);
}

#[tokio::test]
async fn what_ends_without_a_body_is_counted_once() {
    let metrics = built();
    let broken = || async {
        let chunks = futures_util::stream::iter([Ok(Bytes::from_static(b"1")), Err("the disk is gone")]);
        Body::from_stream(chunks).into_response()
    };
    let app = Router::new()
        .route("/broken", get(broken))
        .route("/upgrade", get(|| async { (StatusCode::SWITCHING_PROTOCOLS, "unread") }))
        .route("/hints", get(|| async { (StatusCode::from_u16(103).unwrap(), "unread") }))
        .layer(metrics.http_layer());
    let ask = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    let never = service_fn(|_: Request<()>| std::future::pending::<Result<Response<Body>, Infallible>>());
    drop(metrics.http_layer().layer(never).call(Request::new(())));
    app.clone().oneshot(ask("/broken")).await.unwrap().into_body().collect().await.unwrap_err();
    for path in ["/upgrade", "/hints"] {
        drop(app.clone().oneshot(ask(path)).await.unwrap());
    }
    assert_eq!(
        requests(&metrics),
        [
            // Never polled.
            (request("GET", "unmatched", "499"), 1),
            (request("GET", "/broken", "500"), 1),
            (request("GET", "/upgrade", "101"), 1),
            (request("GET", "/hints", "103"), 1),
        ]
    );
    assert_eq!(in_flight(&metrics), 0.0);
}

/// Tells the test that it runs under a clock that the file beside it sets.
const CLOCK: &str = "MS_METRICS_TEST_CLOCK";

#[test]
fn a_wall_clock_that_is_set_during_a_request_is_not_in_its_duration() {
    if let Some(clock) = std::env::var_os(CLOCK) {
        return requests_while_the_clock_is_set(Path::new(&clock));
    }
    let faketime = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"]
        .map(|folder| PathBuf::from(folder).join("faketime/libfaketimeMT.so.1"));
    let library = faketime.iter().find(|library| library.exists());
    let library = library.expect("libfaketime; install it with: apt-get install faketime");
    let folder = tempfile::tempdir().unwrap();
    let clock = folder.path().join("clock");
    std::fs::write(&clock, "+0").unwrap();
    let name = "http_faults::a_wall_clock_that_is_set_during_a_request_is_not_in_its_duration";
    let output = Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env("LD_PRELOAD", library)
        .env("FAKETIME_TIMESTAMP_FILE", &clock)
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env(CLOCK, &clock)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn requests_while_the_clock_is_set(clock: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for (set, moves) in [("-1h", -3_600.0), ("+1d", 86_400.0)] {
        std::fs::write(clock, "+0").unwrap();
        let metrics = built();
        let (before, started) = (SystemTime::now(), Instant::now());
        let service = metrics.http_layer().layer(service_fn(|_: Request<()>| async {
            std::fs::write(clock, set).unwrap();
            let start = Instant::now();
            while start.elapsed() < Duration::from_millis(20) {
                std::hint::spin_loop();
            }
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        }));
        let answer = runtime.block_on(service.oneshot(Request::new(()))).unwrap();
        drop(answer);
        let took = started.elapsed().as_secs_f64();
        let moved = match SystemTime::now().duration_since(before) {
            Ok(forward) => forward.as_secs_f64(),
            Err(backward) => -backward.duration().as_secs_f64(),
        };
        assert!((moved - moves).abs() < 60.0, "the clock moved {moved} s");
        let sum = value(&metrics, "http_request_duration_seconds_sum{method=\"GET\",endpoint=\"unmatched\"}");
        let sum = sum.unwrap();
        assert!((0.02..=took).contains(&sum), "{sum} s of {took} s");
    }
}
