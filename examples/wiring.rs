//! The README's lines in an axum app of a few routes: `cargo run -p medschedule-examples --bin wiring`.
//!
//! Listens on `ADDRESS` (127.0.0.1:8000 if it is not set) and evaluates `alerts.yml` of the current directory.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use axum::routing::get;
use axum::{Json, Router};
use ms_alerts::{AlertManager, exposition, log_sink};
use ms_analytics::{Shift, ShiftAnalytics};
use ms_health::HealthCheck;
use ms_logging::Logging;
use ms_metrics::Metrics;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::var("ADDRESS").unwrap_or_else(|_| "127.0.0.1:8000".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("listens on http://{}", listener.local_addr()?);
    let routes = Router::new().route("/greetings/{name}", get(|| async { "Merhaba!" }));
    let (start, end) = ("2026-03-02T08:00:00+03:00", "2026-03-02T16:00:00+03:00");
    let shifts = [Shift::new("1", "Ayşe", "Acil Servis", start, end, None)?];
    let limit = Duration::from_secs(5);

    let log = Logging::builder().install()?;
    let metrics = Metrics::builder().system().install()?;
    let health = HealthCheck::builder().critical("database", ping_db).check("cache", ping_cache).build()?;
    let alerts = AlertManager::builder()
        .rules_file("alerts.yml")?
        .source(exposition({
            let m = metrics.clone();
            move || m.render()
        }))
        .sink(log_sink())
        .spawn()?;
    let report = ShiftAnalytics::analyze_shift_patterns(&shifts); // of a roster that is in memory
    let app = routes // any Router<S>
        .route("/reports/shifts", get(async move || Json(report)))
        .merge(metrics.router())
        .merge(health.router())
        .layer(log.http_layer())
        .layer(metrics.http_layer()); // last, so that 404s and templates are seen
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(health.shutdown())
        .await?;
    alerts.shutdown(limit).await;
    log.shutdown(limit);
    Ok(())
}

async fn ping_db() -> Result<(), std::io::Error> {
    Ok(())
}

async fn ping_cache() -> Result<(), std::io::Error> {
    Err(std::io::Error::other("nobody there"))
}
