//! The metrics of our own.

use metrics::Unit;

use super::metric::Metric;

pub(crate) const HTTP_REQUESTS: &str = "http_requests_total";
pub(crate) const HTTP_DURATION: &str = "http_request_duration_seconds";
pub(crate) const HTTP_IN_FLIGHT: &str = "http_requests_in_flight";
pub(crate) const HTTP_FIRST_BYTE: &str = "http_response_first_byte_seconds";
pub(crate) const HTTP_REQUEST_SIZE: &str = "http_request_size_bytes";
pub(crate) const HTTP_RESPONSE_SIZE: &str = "http_response_size_bytes";
pub(crate) const SERVER_DURATION: &str = "http_server_request_duration_seconds";
pub(crate) const SERVER_ACTIVE: &str = "http_server_active_requests";
pub(crate) const SERVER_REQUEST_SIZE: &str = "http_server_request_body_size_bytes";
pub(crate) const SERVER_RESPONSE_SIZE: &str = "http_server_response_body_size_bytes";
pub(crate) const ENDPOINT_LATENCY: &str = "endpoint_latency_seconds";
pub(crate) const ACTIVE_USERS: &str = "active_users_total";
pub(crate) const SCHEDULED_SHIFTS: &str = "scheduled_shifts_total";
pub(crate) const SHIFT_CONFLICTS: &str = "shift_conflicts_total";
pub(crate) const LABEL_OVERFLOW: &str = "ms_metrics_label_overflow_total";
pub(crate) const REFUSED: &str = "ms_metrics_refused_total";
pub(crate) const INVALID_SAMPLES: &str = "ms_metrics_invalid_samples_total";
pub(crate) const OTLP_PUSHES: &str = "ms_metrics_otlp_pushes_total";
pub(crate) const OTLP_RETRIES: &str = "ms_metrics_otlp_retries_total";
pub(crate) const OTLP_REJECTED: &str = "ms_metrics_otlp_rejected_points_total";

/// Seconds from a millisecond to ten: the client libraries' usual bounds with two more below.
pub(super) const SECONDS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Seconds as OpenTelemetry's conventions advise them.
const ADVISED_SECONDS: &[f64] =
    &[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// From a quarter of a kibibyte to 16 MiB, in steps of four.
const BYTES: &[f64] =
    &[256.0, 1_024.0, 4_096.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0, 4_194_304.0, 16_777_216.0];

/// The labels of the conventions' histograms; those that say nothing of a request are left out.
const SERVER_LABELS: &[&str] =
    &["http_request_method", "url_scheme", "http_route", "http_response_status_code", "error_type"];

/// Whatever the features: the names are ours in any build.
pub(crate) const OWN: &[Metric] = &[
    Metric::counter(HTTP_REQUESTS, "Requests answered, by route template.")
        .labels(&["method", "endpoint", "status"]),
    Metric::histogram(HTTP_DURATION, "Time from the call to the last byte of the answer.")
        .unit(Unit::Seconds)
        .labels(&["method", "endpoint"]),
    Metric::gauge(HTTP_IN_FLIGHT, "Requests called and not yet answered to the last byte.")
        .labels(&["method", "endpoint"]),
    Metric::histogram(HTTP_FIRST_BYTE, "Time from the call to the head of the answer.")
        .unit(Unit::Seconds)
        .labels(&["method", "endpoint"]),
    Metric::histogram(HTTP_REQUEST_SIZE, "Bytes read of the bodies of requests.")
        .unit(Unit::Bytes)
        .labels(&["method", "endpoint"])
        .buckets(BYTES),
    Metric::histogram(HTTP_RESPONSE_SIZE, "Bytes given of the bodies of answers.")
        .unit(Unit::Bytes)
        .labels(&["method", "endpoint"])
        .buckets(BYTES),
    Metric::histogram(SERVER_DURATION, "Duration of HTTP server requests.")
        .unit(Unit::Seconds)
        .labels(SERVER_LABELS)
        .buckets(ADVISED_SECONDS),
    Metric::gauge(SERVER_ACTIVE, "Number of active HTTP server requests.")
        .labels(&["http_request_method", "url_scheme"]),
    Metric::histogram(SERVER_REQUEST_SIZE, "Size of HTTP server request bodies.")
        .unit(Unit::Bytes)
        .labels(&["http_request_method", "url_scheme", "http_route"])
        .buckets(BYTES),
    Metric::histogram(SERVER_RESPONSE_SIZE, "Size of HTTP server response bodies.")
        .unit(Unit::Bytes)
        .labels(SERVER_LABELS)
        .buckets(BYTES),
    Metric::histogram(ENDPOINT_LATENCY, "Time in the handler alone.")
        .unit(Unit::Seconds)
        .labels(&["endpoint", "method"]),
    Metric::gauge(ACTIVE_USERS, "Open sessions."),
    Metric::counter(SCHEDULED_SHIFTS, "Shifts planned.").labels(&["department"]),
    Metric::counter(SHIFT_CONFLICTS, "Pairs of overlapping shifts of one employee, as found when planned."),
    Metric::counter(
        LABEL_OVERFLOW,
        "Registrations counted under __other__ since the metric has too many series.",
    )
    .labels(&["metric", "label"]),
    Metric::counter(REFUSED, "Registrations refused.").labels(&["reason"]),
    Metric::counter(
        INVALID_SAMPLES,
        "Samples not recorded: no finite number, negative, or past the largest number.",
    )
    .labels(&["metric", "reason"]),
    Metric::counter(OTLP_PUSHES, "Pushes over OTLP, by how they ended.").labels(&["outcome"]),
    Metric::counter(OTLP_RETRIES, "Requests over OTLP that were sent again."),
    Metric::counter(OTLP_REJECTED, "Points that an OTLP receiver rejected while it took others."),
];
