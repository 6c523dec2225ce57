//! The environment of a real process.

use std::env;
use std::process::{Command, Stdio};

use super::points::text;
use super::receiver::Received;
use crate::page::{built, eventually};

/// Starts itself again with the variables set: a process cannot change its own while threads run.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_is_configured_by_its_environment() {
    if env::var_os("OTEL_METRIC_EXPORT_INTERVAL").is_some() {
        let _push = built().otlp().spawn().unwrap();
        return std::future::pending().await;
    }
    let receiver = Received::start().await;
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "otlp::variables::a_process_is_configured_by_its_environment"])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{}/base", receiver.address))
        .env("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=ward%207")
        .env("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
        .env("OTEL_METRIC_EXPORT_INTERVAL", "50")
        .env("OTEL_SERVICE_NAME", "by-environment")
        .env("OTEL_RESOURCE_ATTRIBUTES", "host.name=ward-7")
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // Nobody asks for these: the interval does.
    eventually(|| receiver.requests().len() >= 2).await;
    child.kill().unwrap();
    child.wait().unwrap();
    let request = receiver.requests().remove(0);
    assert_eq!(request.path, "/base/v1/metrics");
    assert_eq!(request.headers["x-tenant"], "ward 7");
    assert_eq!(request.headers["content-encoding"], "gzip");
    let attributes = &request.message.resource_metrics[0].resource.as_ref().unwrap().attributes;
    assert_eq!(text(attributes, "service.name").unwrap(), "by-environment");
    assert_eq!(text(attributes, "host.name").unwrap(), "ward-7");
}
