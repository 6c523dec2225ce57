//! Rate, errors, duration.

use super::model::Panel;
use super::query::{Buckets, Natives, chosen, legend, rate, series, sum};
use super::unit;
use crate::catalog::Catalog;
use crate::catalog::own::{
    ENDPOINT_LATENCY, HTTP_DURATION, HTTP_FIRST_BYTE, HTTP_IN_FLIGHT, HTTP_REQUEST_SIZE, HTTP_REQUESTS,
    HTTP_RESPONSE_SIZE, SERVER_ACTIVE, SERVER_DURATION, SERVER_REQUEST_SIZE, SERVER_RESPONSE_SIZE,
};

/// What the HTTP layer calls its metrics and labels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    /// What counts the requests.
    pub(super) requests: (&'static str, &'static str),
    /// The label of the route template.
    pub(super) route: &'static str,
    method: &'static str,
    status: &'static str,
    failed: &'static str,
    duration: &'static str,
    in_flight: &'static str,
    /// The labels of the gauge: the conventions have no route there.
    in_flight_by: &'static [&'static str],
    request_size: &'static str,
    response_size: &'static str,
}

pub(super) const ORIGIN: Names = Names {
    requests: (HTTP_REQUESTS, ""),
    route: "endpoint",
    method: "method",
    status: "status",
    failed: "status=~\"5..\"",
    duration: HTTP_DURATION,
    in_flight: HTTP_IN_FLIGHT,
    in_flight_by: &["method", "endpoint"],
    request_size: HTTP_REQUEST_SIZE,
    response_size: HTTP_RESPONSE_SIZE,
};

/// OpenTelemetry's semantic conventions.
pub(super) const SEMANTIC: Names = Names {
    requests: (SERVER_DURATION, "_count"),
    route: "http_route",
    method: "http_request_method",
    status: "http_response_status_code",
    // A panic and an error of the service have no status.
    failed: "error_type=~\"5..|panic|_OTHER\"",
    duration: SERVER_DURATION,
    in_flight: SERVER_ACTIVE,
    in_flight_by: &["http_request_method"],
    request_size: SERVER_REQUEST_SIZE,
    response_size: SERVER_RESPONSE_SIZE,
};

impl Names {
    /// The series of the routes that the variables have chosen; `more` are further matchers.
    fn routes(&self, name: &str, suffix: &str, more: &str) -> String {
        let comma = if more.is_empty() { "" } else { "," };
        chosen(name, suffix, &format!("{}{comma}{more}", self.endpoint()))
    }

    fn buckets(&self, name: &str, natives: &Natives) -> Buckets {
        natives.buckets(name, &self.endpoint())
    }

    /// The matcher of the routes, a comma before it.
    fn endpoint(&self) -> String {
        format!(",{}=~\"$endpoint\"", self.route)
    }

    /// What counts the requests: a counter, or the count of a histogram, which a native one has within.
    pub(super) fn counted(&self, natives: &Natives) -> (&'static str, &'static str) {
        let (name, suffix) = self.requests;
        (name, if natives.has(name) { "" } else { suffix })
    }

    /// How many requests a second; `more` are further matchers.
    fn per_second(&self, more: &str, natives: &Natives) -> String {
        let (name, suffix) = self.counted(natives);
        let growth = rate(&self.routes(name, suffix, more));
        if suffix == self.requests.1 { growth } else { format!("histogram_count({growth})") }
    }

    /// What the client asked for.
    fn request(&self) -> [&'static str; 2] {
        [self.method, self.route]
    }

    pub(super) fn panels(&self, catalog: &Catalog, natives: &Natives) -> Vec<Panel> {
        let request = self.request();
        let (all, failed) = (self.per_second("", natives), self.per_second(self.failed, natives));
        let rates = "Requests answered a second, by route template.";
        let rates = Panel::lines("Request rate", rates, Some("reqps"))
            .query(sum(&request, &all), legend(&request, ""));
        let gone = "499, or none: the client went away.";
        let statuses = Panel::lines("Requests by status", gone, Some("reqps"))
            .query(sum(&[self.status], &all), legend(&[self.status], ""));
        let errors = Panel::lines("Errors", "Share of requests that failed here.", Some("percentunit"))
            .query(share(&sum(&request, &failed), &sum(&request, &all)), legend(&request, ""))
            .thresholds(0.01, 0.05);

        let seconds = unit::of(catalog.get(self.duration).and_then(|metric| metric.unit));
        let buckets = self.buckets(self.duration, natives);
        let durations = [(0.5, "p50"), (0.95, "p95"), (0.99, "p99")].map(|(q, name)| {
            let title = format!("Duration, {name}");
            Panel::lines(title, "From the call to the last byte of the answer.", Some(seconds))
                .query(buckets.quantile(q, &request), legend(&request, ""))
                .exemplars()
        });
        let heatmap = Panel::heatmap("Durations", "Requests a second by how long they took.", Some(seconds))
            .query(buckets.spread(), "{{le}}")
            .exemplars();

        // Its layer has these names whatever the other one has.
        let handlers = ORIGIN.buckets(ENDPOINT_LATENCY, natives);
        let latency =
            Panel::lines("Handler time, p95", "The handler alone, without its body.", Some(seconds))
                .query(handlers.quantile(0.95, &ORIGIN.request()), legend(&ORIGIN.request(), ""));
        let by = self.in_flight_by;
        let now = if by.contains(&self.route) {
            self.routes(self.in_flight, "", "")
        } else {
            series(self.in_flight)
        };
        let running =
            Panel::lines("In flight", "Called and not yet answered to the last byte.", Some("short"))
                .query(sum(by, &now), legend(by, ""));

        let mut panels = vec![rates, statuses, errors];
        panels.extend(durations);
        panels.extend([heatmap, latency, running]);
        panels
    }

    /// What the layer measures on request.
    pub(super) fn bodies(&self, catalog: &Catalog, natives: &Natives) -> Vec<Panel> {
        let p95 = |title: &str, name: &str, names: &Self| {
            let metric = catalog.get(name);
            let help = metric.map_or("", |metric| metric.help);
            let buckets = names.buckets(name, natives);
            Panel::lines(title, help, Some(unit::of(metric.and_then(|metric| metric.unit))))
                .query(buckets.quantile(0.95, &names.request()), legend(&names.request(), ""))
        };
        vec![
            // The conventions have none of their own.
            p95("First byte, p95", HTTP_FIRST_BYTE, &ORIGIN),
            p95("Size of requests, p95", self.request_size, self),
            p95("Size of answers, p95", self.response_size, self),
        ]
    }
}

/// 0 for a route without errors, nothing for one without requests.
fn share(failed: &str, all: &str) -> String {
    format!("({failed} or 0 * {all}) / ({all} > 0)")
}
