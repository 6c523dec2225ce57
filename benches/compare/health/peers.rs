//! The peers, each with the same two checks.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::routing::get;
use axum_health::indicator::{HealthDetail, HealthIndicator};
use axum_health::service::Health;
use health::{PeriodicChecker, Reporter, Status, check_future};
use tokio::runtime::Runtime;

use super::Database;

struct Indicator(&'static str, Option<Database>);

impl HealthIndicator for Indicator {
    fn name(&self) -> String {
        self.0.to_owned()
    }

    /// What `async_trait` would write.
    fn details<'a, 'b>(&'a self) -> Pin<Box<dyn Future<Output = HealthDetail> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async {
            let answer = match self.1.clone() {
                Some(database) => database.ping().await,
                None => Ok(()),
            };
            answer.map_or_else(|_| HealthDetail::down(), |()| HealthDetail::up())
        })
    }
}

/// axum-health runs its indicators for every probe.
pub fn axum_health(database: Database) -> Router {
    let health = Health::builder()
        .with_indicator(Indicator("database", Some(database)))
        .with_indicator(Indicator("cache", None))
        .build();
    Router::new().route("/health", get(axum_health::health_check)).layer(health)
}

/// `health` runs its checks in the background and has no answers of its own over HTTP.
pub fn health(runtime: &Runtime) -> Router {
    let config = || health::Config {
        check_interval: Duration::from_secs(3600),
        leeway: Duration::from_secs(7200),
        ..health::Config::default()
    };
    let checker = |name| PeriodicChecker::new(check_future(name, async || Ok::<_, Infallible>(())), config());
    let checkers = [checker("database"), checker("cache")];
    for checker in checkers.clone() {
        runtime.spawn(checker.run());
    }
    let bare = async move || {
        let headers = [
            (header::CONTENT_TYPE, "application/json"),
            (header::CACHE_CONTROL, "no-store"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        let mut all = checkers.iter().map(|checker| checker.status() == Some(Status::Healthy));
        if all.all(|healthy| healthy) {
            (StatusCode::OK, headers, r#"{"status":"healthy"}"#)
        } else {
            (StatusCode::SERVICE_UNAVAILABLE, headers, r#"{"status":"unhealthy"}"#)
        }
    };
    Router::new().route("/health", get(bare))
}
