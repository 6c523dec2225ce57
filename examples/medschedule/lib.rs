//! The MedSchedule service: plans hospital shifts, and is observed by the five crates.
//!
//! | module | holds |
//! |---|---|
//! | [`config`], [`greeting`] | flags and environment, what the terminal says |
//! | [`commands`], [`doctor`] | what it does beside serving, what would keep it from working |
//! | [`audit`] | who changed what |
//! | [`service`] | the state that handlers share |
//! | [`store`], [`cache`], [`sessions`] | roster in SQL, finished reports, who is signed in |
//! | [`api`], [`page`] | `/api/v1/…` and the operations page |
//! | [`import`], [`seed`], [`demo`] | rosters from HTTP, from files, and to look at |
//! | [`load`] | requests at a fixed rate, and how long they took |
//! | [`starting`], [`serve`] | from listening to ready; connections: how many, how long, and how they end |
//! | [`reload`] | alert rules read again while the service runs |
//! | `asking` | what health checks ask |
//! | [`catalog`] | metrics of the other crates that the dashboard shows |
//! | [`generated`] | dashboard and metrics reference, made from the catalog |
//! | [`exposure`], [`web`], [`problem`], [`chain`] | who may ask, what every request passes, what errors look like |
//!
//! `main.rs` puts them together with the crates.

pub mod alerting;
pub mod api;
mod asking;
pub mod audit;
pub mod cache;
pub mod catalog;
pub mod chain;
pub mod commands;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod exposure;
pub mod generated;
pub mod greeting;
pub mod import;
pub mod load;
pub mod page;
pub mod problem;
pub mod reload;
pub mod seed;
pub mod serve;
pub mod service;
pub mod sessions;
pub mod starting;
pub mod store;
pub mod web;

use std::error::Error;

use axum::Router;
use ms_alerts::AlertHandle;
use ms_health::HealthCheck;
use ms_logging::Levels;
use ms_metrics::Metrics;

use crate::page::Operations;
use crate::service::Service;

/// Why the service could not start.
pub type Failure = Box<dyn Error + Send + Sync>;

/// The built-in alert rules.
pub const RULES: &str = include_str!("deploy/alerts.yml");

/// Builds the routes of the service itself; the page shows what the others say. In a runtime: the page looks by itself.
/// With `levels`, whoever may use the page may change what is logged.
pub fn routes(
    service: &Service,
    metrics: &Metrics,
    health: &HealthCheck,
    alerts: &AlertHandle,
    levels: Option<Levels>,
) -> Router {
    let operations = Operations::start(service, metrics, health, alerts, levels);
    api::router().with_state(service.clone()).merge(page::router(operations))
}
