//! The operations page at `/`: what somebody on call wants to see first, rendered here and working without scripts.

mod actions;
mod chart;
mod document;
mod events;
mod exposition;
mod forms;
mod history;
mod language;
mod reading;
mod rosters;
mod section;
#[cfg(test)]
mod tests;
mod text;

use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use ms_alerts::{Alert, AlertHandle};
use ms_health::HealthCheck;
use ms_logging::Levels;
use ms_metrics::Metrics;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, MissedTickBehavior};

use self::actions::Ended;
use self::document::Document;
use self::history::{History, STEP};
use self::language::Language;
use self::reading::Reading;
use self::rosters::Roster;
use self::section::{Active, View};
use crate::service::Service;

/// Where the live page gets its news. It answers for minutes, so requests to it are left out of the metrics.
pub const EVENTS: &str = "/operations/events";

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Records of the audit trail that are shown.
const AUDITED: usize = 10;

/// Where the page looks.
#[derive(Clone, Debug)]
pub struct Operations {
    service: Service,
    metrics: Metrics,
    health: HealthCheck,
    alerts: AlertHandle,
    levels: Option<Levels>,
    feed: Feed,
}

/// What was seen in the last minutes, and when there is more to see.
#[derive(Clone, Debug)]
struct Feed {
    history: History,
    /// Tells of every look at the metrics; its end is that of the service.
    ticks: watch::Receiver<()>,
    viewers: Arc<Semaphore>,
}

impl Operations {
    /// Begins to look at the metrics every three seconds, until the service ends.
    pub fn start(
        service: &Service,
        metrics: &Metrics,
        health: &HealthCheck,
        alerts: &AlertHandle,
        levels: Option<Levels>,
    ) -> Self {
        let (history, (sender, ticks)) = (History::default(), watch::channel(()));
        let looking = look(metrics.clone(), history.clone(), sender);
        let ending = health.shutdown();
        tokio::spawn(async move {
            tokio::select! {
                () = looking => {}
                () = ending => {}
            }
        });
        Self {
            service: service.clone(),
            metrics: metrics.clone(),
            health: health.clone(),
            alerts: alerts.clone(),
            levels,
            feed: Feed { history, ticks, viewers: Arc::new(Semaphore::new(events::VIEWERS)) },
        }
    }

    /// Shows `render` what there is to see now.
    async fn view<T>(&self, language: Language, roster: &Roster, render: impl FnOnce(&View<'_>) -> T) -> T {
        let (health, audit) = tokio::join!(self.health.report(), self.service.audit.last(AUDITED));
        render(&View {
            language,
            health: &health,
            alerts: &self.alerts.alerts().iter().map(Active::from).collect::<Vec<_>>(),
            reading: &Reading::of(&self.metrics.render()),
            points: &self.feed.history.points(),
            times: self.service.response_times.snapshot(),
            roster,
            audit: &audit,
            levels: self.levels.as_ref().map(Levels::directives),
            explanation: &self.metrics.explain(),
        })
    }
}

async fn look(metrics: Metrics, history: History, ticks: watch::Sender<()>) {
    let mut steps = tokio::time::interval(STEP);
    steps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        steps.tick().await;
        history.add(Instant::now(), Reading::of(&metrics.render()));
        ticks.send_replace(());
    }
}

/// Builds the routes of the page.
pub fn router(operations: Operations) -> Router {
    Router::new()
        .route("/", get(show))
        .route(EVENTS, get(renew))
        .route("/actions/plan", post(actions::plan))
        .route("/actions/cancel", post(actions::cancel))
        .route("/actions/level", post(actions::level))
        .route("/operations.css", get(style))
        .route("/operations.js", get(script))
        .route("/api/v1/explain/metrics", get(explain_metrics))
        .with_state(operations)
}

async fn show(
    State(operations): State<Operations>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let language = Language::of(query.as_deref(), &headers);
    let roster = Roster::read(&operations.service).await;
    let ended = Ended::of(query.as_deref());
    let page = operations.view(language, &roster, |view| Document { view, ended }.to_string()).await;
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CONTENT_LANGUAGE, language.code()),
        (header::VARY, "accept-language"),
        // Without their origin the forms would come back from nowhere.
        (header::REFERRER_POLICY, "same-origin"),
    ];
    (headers, Html(page)).into_response()
}

async fn renew(
    State(operations): State<Operations>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let language = Language::of(query.as_deref(), &headers);
    events::stream(operations, language)
}

async fn explain_metrics(State(operations): State<Operations>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], operations.metrics.explain().to_json()).into_response()
}

impl From<&Alert> for Active {
    fn from(alert: &Alert) -> Self {
        Self {
            name: alert.rule.clone(),
            state: alert.state.as_str(),
            severity: alert.severity().unwrap_or("–").to_owned(),
            since: alert.active_at.to_string(),
            summary: alert.annotations.get("summary").unwrap_or("–").to_owned(),
        }
    }
}

async fn style() -> Response {
    file("text/css; charset=utf-8", include_str!("operations.css"))
}

async fn script() -> Response {
    file("text/javascript; charset=utf-8", include_str!("operations.js"))
}

fn file(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "max-age=300")], text).into_response()
}
