//! Metrics of a tonic server: each gRPC call is counted and timed by its method, whatever ends it.
//!
//! `cargo run -p medschedule-examples --example grpc` serves `grpc.health.v1.Health` on 127.0.0.1:50051 and the page on
//! <http://127.0.0.1:9000/metrics>.

#[cfg(test)]
mod tests;

use ms_metrics::{Endpoint, Metrics};
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::Router;
use tonic_health::pb::health_server::{Health, HealthServer};
use tower::layer::util::{Identity, Stack};

/// What the server answers. A client may ask for any path, so that the label `endpoint` needs a list.
const METHODS: [&str; 2] = ["/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"];

/// Puts the layer around all services of a server.
fn server(metrics: &Metrics, health: impl Health) -> Router<Stack<ms_metrics::HttpMetricsLayer, Identity>> {
    let by_method = metrics.http_layer().endpoint(|uri, _| {
        METHODS.into_iter().find(|method| *method == uri.path()).map(Endpoint::from_static)
    });
    Server::builder().layer(by_method).add_service(HealthServer::new(health))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let metrics = Metrics::builder().install()?;
    let page = TcpListener::bind("127.0.0.1:9000").await?;
    tokio::spawn(axum::serve(page, metrics.router()).into_future());
    let health = tonic_health::server::HealthService::from_health_reporter(Default::default());
    server(&metrics, health).serve("127.0.0.1:50051".parse()?).await?;
    Ok(())
}
