//! In-process alerting: rules over a service's own metrics, with deliveries that retry.
//!
//! - [`AlertRule`] is a rule made in code; `AlertManagerBuilder::rules_file` (feature `rules`) reads the same rule files
//!   that a Prometheus server takes.
//! - [`AlertManager::check_alerts`] checks them against a map of metrics; [`AlertManagerBuilder::spawn`] evaluates them in
//!   the background over what [`exposition`] gives.
//! - Changes go to the sinks: [`log_sink`], `WebhookSink`, `AlertmanagerSink` and `SlackSink` (feature `webhook`), `EmailSink` (feature `email`), or any [`Sink`] of yours. Each has its
//!   own queue and is retried; evaluation never waits for one.
//! - `Expression` (feature `rules`) is PromQL by itself, over series of one's own.
//! - `Expression::explain` and `explain_rules` (feature `rules`) tell why a rule does or does not fire; `run_rule_tests` runs unit
//!   tests of rules in promtool's format.
//! - `Routes` (feature `rules`) decides from a file for Alertmanager whom an alert is for, and the manager tells its groups.
//! - [`AlertManagerBuilder::journal`] keeps what a restart must know; `AlertManager::silence` (feature `rules`) holds back what is
//!   routed.
//! - `Slo` (feature `rules`) writes a service level objective as a rule file.
//! - `AlertHandle::router` (feature `axum`) answers `GET /api/v1/alerts` as Prometheus does.
//!
//! ```
//! use ms_alerts::{AlertManager, AlertRule, State, above};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), ms_alerts::BuildError> {
//! let alerts = AlertManager::new();
//! alerts.add_rule(AlertRule::new("cpu_usage_percent", above(), 90.0))?;
//!
//! let fired = alerts.check_alerts(&[("cpu_usage_percent", 97.0)]).await;
//! assert_eq!(fired.len(), 1);
//! let resolved = alerts.check_alerts(&[("cpu_usage_percent", 20.0)]).await;
//! assert_eq!(resolved.first().map(|alert| alert.state), Some(State::Resolved));
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        missing_docs,
        reason = "tests assert by panicking"
    )
)]

mod alert;
#[cfg(feature = "axum")]
mod api;
mod builder;
mod condition;
mod delivery;
#[cfg(feature = "rules")]
mod dispatch;
mod error;
#[cfg(feature = "rules")]
mod explanation;
#[cfg(feature = "rules")]
mod expression;
mod fingerprint;
mod format;
mod group;
mod handle;
mod identity;
mod journal;
mod labels;
mod manager;
mod no_data;
mod observe;
mod over;
#[cfg(feature = "rules")]
mod promql;
#[cfg(feature = "rules")]
mod routing;
mod rule;
#[cfg(feature = "rules")]
mod rule_test;
#[cfg(feature = "rules")]
mod rules_file;
mod samples;
#[cfg(feature = "rules")]
mod silence;
#[cfg(feature = "rules")]
mod slo;
mod snapshot;
mod sources;
mod state;
mod template;
mod tracked;
#[cfg(feature = "rules")]
mod unseen;
#[cfg(feature = "rules")]
mod written;

pub use alert::{Alert, RuleKind, RuleStatus};
pub use builder::AlertManagerBuilder;
pub use condition::{Comparison, Condition, above, at_least, at_most, below, equal, not_equal};
#[cfg(feature = "webhook")]
pub use delivery::{AlertmanagerSink, Heartbeat, SlackSink, TemplateError, WebhookError, WebhookSink};
#[cfg(feature = "email")]
pub use delivery::{EmailError, EmailSink};
pub use delivery::{LogSink, Notification, SendError, SendFuture, Sink, log_sink};
pub use error::BuildError;
#[cfg(feature = "rules")]
pub use explanation::{Explanation, RuleExplanation, explain_rules};
#[cfg(feature = "rules")]
pub use expression::{Answer, Element, Expression, ExpressionError, Line, SeriesStore};
pub use handle::AlertHandle;
pub use labels::Labels;
pub use manager::{AlertManager, Shutdown};
pub use no_data::NoData;
pub use over::Over;
#[cfg(feature = "rules")]
pub use promql::Compat;
#[cfg(all(feature = "rules", feature = "webhook"))]
pub use routing::Receivers;
#[cfg(feature = "rules")]
pub use routing::{Destination, RouteFileError, Routes};
pub use rule::AlertRule;
#[cfg(feature = "rules")]
pub use rule_test::{FiringAlert, RuleTestFailure, RuleTestReport, run_rule_tests};
#[cfg(feature = "rules")]
pub use rules_file::{RuleFileError, RuleProblem};
#[cfg(feature = "webhook")]
pub use samples::scrape;
pub use samples::{
    ExpositionError, MetricValues, PushError, PushSource, Sample, Samples, Source, exposition,
    parse_exposition, parse_exposition_bytes, values,
};
#[cfg(feature = "rules")]
pub use silence::{Matchers, Silence, SilenceError};
#[cfg(feature = "rules")]
pub use slo::{Slo, SloError};
pub use state::State;

/// The guide's examples.
#[cfg(all(doctest, feature = "axum", feature = "email", feature = "rules", feature = "webhook"))]
#[doc = include_str!("../../../docs/alerts.md")]
struct Guide;
