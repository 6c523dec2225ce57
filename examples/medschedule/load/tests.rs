use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use clap::Parser;
use futures_util::stream;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use super::*;

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    options: Options,
}

fn options(arguments: &[&str]) -> Options {
    let arguments = ["load"].iter().chain(arguments);
    Arguments::try_parse_from(arguments).expect("flags are valid").options
}

async fn run(address: &str, options: Options) -> Result<Report, LoadError> {
    Run::new(Target::at(address, None), options).until(std::future::pending(), |_, _| {}).await
}

async fn serve(app: Router) -> (String, AbortHandle) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    (address, tokio::spawn(async move { axum::serve(listener, app).await }).abort_handle())
}

#[tokio::test]
async fn who_waits_for_a_service_that_stalls_is_counted() {
    let app = Router::new().fallback(async || std::future::pending::<StatusCode>().await);
    let (address, _server) = serve(app).await;
    let arguments = ["--rate=100", "--duration=1", "--timeout=1", "--connections=1", "--mix=health=1"];
    let Report { total, .. } = run(&address, options(&arguments)).await.expect("a report");
    assert_eq!((total.due, total.answered, total.timed_out, total.unsent), (100, 0, 1, 99));
    assert_eq!(total.failed, 1);
    // The one that was sent waited for a second, the others for ever less: a closed loop would know of the one alone.
    let times = total.latency_seconds;
    assert!(times.p50 > 0.4 && times.max >= 1.0 && times.mean < times.max, "{times:?}");
}

#[tokio::test]
async fn answers_are_counted_by_their_status_and_a_broken_one_as_failed() {
    let asked = Arc::new(Mutex::new(0));
    let app = Router::new().fallback(async move || {
        let number = std::mem::replace(&mut *asked.lock(), 1);
        let broken = Body::from_stream(stream::iter([Err::<&str, _>(std::io::Error::other("cut"))]));
        if number == 0 { (StatusCode::OK, broken) } else { (StatusCode::SERVICE_UNAVAILABLE, Body::empty()) }
    });
    let (address, _server) = serve(app).await;
    let report =
        run(&address, options(&["--rate=40", "--duration=0.5", "--mix=list=1"])).await.expect("a report");
    let total = &report.total;
    assert_eq!((total.due, total.answered, total.broken, total.failed), (20, 19, 1, 20));
    assert_eq!(total.statuses, [(503, 19)].into());
    let table = report.to_string();
    assert!(table.contains("answers: 19 × 503\n") && table.contains("1 connections broke"), "{table}");
}

#[tokio::test]
async fn where_nobody_listens_no_report_is_made_up() {
    let (address, server) = serve(Router::new()).await;
    server.abort();
    // The listener is closed once the task is gone.
    while tokio::net::TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let error = run(&address, options(&[])).await.expect_err("refused");
    assert!(matches!(&error, LoadError::Connect { target, .. } if *target == address), "{error}");
}

#[test]
fn flags_out_of_range_are_refused() {
    for wrong in [
        "--rate=0",
        "--rate=NaN",
        "--rate=1e9",
        "--duration=0",
        "--duration=inf",
        "--connections=0",
        "--mix=x",
    ] {
        assert!(Arguments::try_parse_from(["load", wrong]).is_err(), "{wrong}");
    }
}
