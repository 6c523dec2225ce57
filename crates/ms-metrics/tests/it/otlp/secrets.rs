//! What stands in URLs and headers is shown nowhere.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use ms_metrics::OtlpBuilder;

use super::receiver::Received;
use crate::page::built;
use crate::warnings::logged;

const SECRET: &str = "s3cr3t-4711";

fn with_secrets(builder: OtlpBuilder, address: &str) -> OtlpBuilder {
    builder
        .metrics_endpoint(format!("http://{SECRET}:{SECRET}@{address}/{SECRET}?token={SECRET}"))
        .header("authorization", format!("Bearer {SECRET}"))
        .header("x-api-key", SECRET)
}

#[test]
fn secrets_are_in_no_log_line_metric_or_debug_text_and_a_warning_comes_once_an_hour() {
    let metrics = built();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut shown = Vec::new();
    let lines = logged(&metrics, || {
        runtime.block_on(async {
            let echo = move |_| (StatusCode::FORBIDDEN, format!("who is {SECRET}?")).into_response();
            let receiver = Received::answering(echo).await;
            let builder = with_secrets(metrics.otlp(), &receiver.address.to_string());
            shown.push(format!("{builder:?}"));
            let push = builder.spawn().unwrap();
            shown.push(format!("{push:?}"));
            for _ in 0..2 {
                let error = push.flush().await.unwrap_err();
                shown.push(format!("{error} {error:?}"));
            }
            let gone = with_secrets(metrics.otlp(), "127.0.0.1:1").spawn().unwrap();
            let error = gone.shutdown(Duration::from_millis(100)).await.unwrap_err();
            shown.push(format!("{error} {error:?}"));
            for wrong in [
                metrics.otlp().endpoint(format!("{SECRET}://x")).spawn(),
                metrics.otlp().header("x", format!("{SECRET}\n")).spawn(),
                metrics.otlp().header(format!("{SECRET}\n"), "x").spawn(),
            ] {
                let error = wrong.unwrap_err();
                shown.push(format!("{error} {error:?}"));
            }
        });
    });
    let warnings: Vec<_> = lines.iter().filter(|line| line.contains("not pushed")).collect();
    assert_eq!(warnings.len(), 2, "one a push: {lines:?}");
    assert!(
        warnings[0].contains("HTTP 403") && warnings[0].contains("receiver=\"127.0.0.1:"),
        "{warnings:?}"
    );
    assert!(warnings[1].contains("connection refused"), "{warnings:?}");
    shown.extend(lines);
    shown.push(metrics.render());
    for text in shown {
        assert!(!text.contains(SECRET), "{text}");
    }
}
