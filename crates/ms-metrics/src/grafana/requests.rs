//! Rate, errors, duration.

use super::model::Panel;
use super::query::{endpoints, increase, legend, quantile, rate, sum};
use super::unit;
use crate::catalog::Catalog;
use crate::catalog::own::{
    ENDPOINT_LATENCY, HTTP_DURATION, HTTP_FIRST_BYTE, HTTP_IN_FLIGHT, HTTP_REQUEST_SIZE, HTTP_REQUESTS,
    HTTP_RESPONSE_SIZE,
};

const BY_ROUTE: &[&str] = &["method", "endpoint"];

pub(super) fn panels(catalog: &Catalog) -> Vec<Panel> {
    let all = rate(&endpoints(HTTP_REQUESTS, ""));
    let rates = Panel::lines("Request rate", "Requests answered a second, by route template.", Some("reqps"))
        .query(sum(BY_ROUTE, &all), legend(BY_ROUTE, ""));
    let statuses = Panel::lines("Requests by status", "499: the client went away.", Some("reqps"))
        .query(sum(&["status"], &all), "{{status}}");
    let errors = Panel::lines("Errors", "Share of requests answered with 5xx.", Some("percentunit"))
        .query(error_share(&all), legend(BY_ROUTE, ""))
        .thresholds(0.01, 0.05);

    let seconds = unit::of(catalog.get(HTTP_DURATION).and_then(|metric| metric.unit));
    let bucket = endpoints(&format!("{HTTP_DURATION}_bucket"), "");
    let durations = [(0.5, "p50"), (0.95, "p95"), (0.99, "p99")].map(|(q, name)| {
        let title = format!("Duration, {name}");
        Panel::lines(title, "From the call to the last byte of the answer.", Some(seconds))
            .query(quantile(q, BY_ROUTE, &bucket), legend(BY_ROUTE, ""))
            .exemplars()
    });
    let heatmap = Panel::heatmap("Durations", "Requests by how long they took.", Some(seconds))
        .query(sum(&["le"], &increase(&bucket)), "{{le}}")
        .exemplars();
    let handlers = endpoints(&format!("{ENDPOINT_LATENCY}_bucket"), "");
    let latency = Panel::lines("Handler time, p95", "The handler alone, without its body.", Some(seconds))
        .query(quantile(0.95, BY_ROUTE, &handlers), legend(BY_ROUTE, ""));

    let running = Panel::lines("In flight", "Called and not yet answered to the last byte.", Some("short"))
        .query(sum(BY_ROUTE, &endpoints(HTTP_IN_FLIGHT, "")), legend(BY_ROUTE, ""));

    let mut panels = vec![rates, statuses, errors];
    panels.extend(durations);
    panels.extend([heatmap, latency, running]);
    panels
}

/// What the layer measures on request.
pub(super) fn bodies(catalog: &Catalog) -> Vec<Panel> {
    let p95 = |title: &str, name: &str| {
        let metric = catalog.get(name);
        let help = metric.map_or("", |metric| metric.help);
        let bucket = endpoints(&format!("{name}_bucket"), "");
        Panel::lines(title, help, Some(unit::of(metric.and_then(|metric| metric.unit))))
            .query(quantile(0.95, BY_ROUTE, &bucket), legend(BY_ROUTE, ""))
    };
    vec![
        p95("First byte, p95", HTTP_FIRST_BYTE),
        p95("Size of requests, p95", HTTP_REQUEST_SIZE),
        p95("Size of answers, p95", HTTP_RESPONSE_SIZE),
    ]
}

/// 0 for a route without errors, nothing for one without requests.
fn error_share(all: &str) -> String {
    let failed = sum(BY_ROUTE, &rate(&endpoints(HTTP_REQUESTS, "status=~\"5..\"")));
    let all = sum(BY_ROUTE, all);
    format!("({failed} or 0 * {all}) / ({all} > 0)")
}
