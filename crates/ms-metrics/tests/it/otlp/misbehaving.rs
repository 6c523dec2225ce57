//! Receivers that do not do as they should.

use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::response::{IntoResponse as _, Response};
use http_body_util::StreamBody;
use ms_metrics::{Metrics, OtlpPush, PushError};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceResponse,
};
use prost::Message as _;
use tokio::net::TcpListener;

use super::receiver::Received;
use crate::page::{built, value};

/// Longer than any test may take: what ends by it has hung.
const LIMIT: Duration = Duration::from_secs(20);

fn pushes(metrics: &Metrics, outcome: &str) -> f64 {
    value(metrics, &format!("ms_metrics_otlp_pushes_total{{outcome=\"{outcome}\"}}")).unwrap()
}

fn to(metrics: &Metrics, receiver: &Received) -> OtlpPush {
    receiver.push(metrics).spawn().unwrap()
}

#[tokio::test]
async fn a_busy_receiver_is_asked_again_after_the_time_it_wants() {
    let asked_again = |status: u16| async move {
        let metrics = built();
        let receiver = Received::answering(move |number| match number {
            0 => (StatusCode::from_u16(status).unwrap(), [(RETRY_AFTER, "1")]).into_response(),
            _ => StatusCode::OK.into_response(),
        });
        let receiver = receiver.await;
        let began = Instant::now();
        to(&metrics, &receiver).flush().await.unwrap();
        assert!(began.elapsed() >= Duration::from_secs(1), "{status}: too early");
        assert_eq!(receiver.requests().len(), 2);
        assert_eq!(pushes(&metrics, "success"), 1.0);
        assert_eq!(value(&metrics, "ms_metrics_otlp_retries_total"), Some(1.0));
    };
    futures_util::future::join_all([429, 502, 503, 504].map(asked_again)).await;
}

#[tokio::test]
async fn a_receiver_that_wants_an_hour_is_left_alone() {
    let metrics = built();
    let receiver =
        Received::answering(|_| (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, "3600")]).into_response())
            .await;
    let push = to(&metrics, &receiver);
    assert_eq!(push.flush().await, Err(PushError::Status { status: 429 }));
    assert_eq!(push.flush().await, Err(PushError::Throttled));
    assert_eq!(push.shutdown(LIMIT).await, Err(PushError::Throttled));
    assert_eq!(receiver.requests().len(), 1);
    assert_eq!((pushes(&metrics, "unavailable"), pushes(&metrics, "throttled")), (1.0, 2.0));
}

#[tokio::test]
async fn what_is_refused_is_not_sent_again() {
    for status in [400_u16, 401, 404, 413, 500, 501] {
        let metrics = built();
        let refuse = move |_| (StatusCode::from_u16(status).unwrap(), [(RETRY_AFTER, "0")]).into_response();
        let receiver = Received::answering(refuse).await;
        assert_eq!(to(&metrics, &receiver).flush().await, Err(PushError::Status { status }));
        assert_eq!((receiver.requests().len(), pushes(&metrics, "refused")), (1, 1.0));
    }
}

#[tokio::test]
async fn a_redirect_is_never_followed() {
    for status in [301_u16, 302, 307, 308] {
        let metrics = built();
        let elsewhere = Received::start().await;
        let target = format!("http://{}/v1/metrics", elsewhere.address);
        let redirect =
            move |_| (StatusCode::from_u16(status).unwrap(), [(LOCATION, target.clone())]).into_response();
        let receiver = Received::answering(redirect).await;
        assert_eq!(to(&metrics, &receiver).flush().await, Err(PushError::Status { status }));
        assert!(elsewhere.requests().is_empty());
    }
}

#[tokio::test]
async fn rejected_points_are_counted_and_not_sent_again() {
    let metrics = built();
    let receiver = Received::answering(|_| {
        let partial = ExportMetricsPartialSuccess { rejected_data_points: 3, error_message: "no".to_owned() };
        let answer = ExportMetricsServiceResponse { partial_success: Some(partial) };
        Body::from(answer.encode_to_vec()).into_response()
    });
    let receiver = receiver.await;
    to(&metrics, &receiver).flush().await.unwrap();
    assert_eq!((receiver.requests().len(), pushes(&metrics, "partial_success")), (1, 1.0));
    assert_eq!(value(&metrics, "ms_metrics_otlp_rejected_points_total"), Some(3.0));
}

/// A body that gives mebibytes without end, or nothing without end.
fn endless(frame: Option<Bytes>) -> Response {
    let frames = futures_util::stream::repeat_with(move || frame.clone());
    let frames = futures_util::StreamExt::then(frames, |frame| async {
        match frame {
            Some(bytes) => Ok::<_, std::io::Error>(http_body::Frame::data(bytes)),
            None => std::future::pending().await,
        }
    });
    Body::new(StreamBody::new(frames)).into_response()
}

#[tokio::test]
async fn an_answer_without_end_costs_neither_memory_nor_the_push() {
    for frame in [Some(Bytes::from(vec![0; 1 << 20])), None] {
        let metrics = built();
        let receiver = Received::answering(move |_| endless(frame.clone())).await;
        to(&metrics, &receiver).flush().await.unwrap();
        assert_eq!((receiver.requests().len(), pushes(&metrics, "success")), (1, 1.0));
    }
    let metrics = built();
    let refusing =
        |_| (StatusCode::BAD_REQUEST, endless(Some(Bytes::from(vec![0; 1 << 20])))).into_response();
    let receiver = Received::answering(refusing).await;
    assert_eq!(to(&metrics, &receiver).flush().await, Err(PushError::Status { status: 400 }));
}

#[tokio::test]
async fn an_answer_that_is_no_protobuf_is_taken_for_none() {
    let metrics = built();
    let receiver = Received::answering(|_| "{\"partialSuccess\":{}}".into_response()).await;
    to(&metrics, &receiver).flush().await.unwrap();
    assert_eq!(pushes(&metrics, "success"), 1.0);
}

#[tokio::test]
async fn a_receiver_that_hangs_holds_nobody_up() {
    let metrics = built();
    // The kernel takes the connection; nobody reads from it.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let push = metrics.otlp().endpoint(format!("http://{address}")).timeout(Duration::from_millis(50));
    let push = push.spawn().unwrap();
    let began = Instant::now();
    assert_eq!(push.shutdown(Duration::from_millis(200)).await, Err(PushError::Timeout));
    assert!(began.elapsed() < LIMIT);
    assert_eq!(pushes(&metrics, "timeout"), 1.0);
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_named_without_the_url() {
    let metrics = built();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let push = metrics.otlp().endpoint(format!("http://{address}/s3cr3t")).spawn().unwrap();
    let error = push.shutdown(Duration::from_millis(200)).await.unwrap_err();
    assert_eq!(error, PushError::Connection { reason: "connection failed: connection refused".to_owned() });
    assert_eq!(pushes(&metrics, "connection"), 1.0);
}
