//! What the metrics and their labels are called.

use metrics::{Key, Label};

use super::endpoint::UNMATCHED;
use super::method::{MethodLabel, Place};
use crate::catalog::{
    HTTP_DURATION, HTTP_FIRST_BYTE, HTTP_IN_FLIGHT, HTTP_REQUEST_SIZE, HTTP_REQUESTS, HTTP_RESPONSE_SIZE,
    SERVER_ACTIVE, SERVER_DURATION, SERVER_REQUEST_SIZE, SERVER_RESPONSE_SIZE,
};

/// What nginx calls a client that went away.
const CLIENT_CLOSED_REQUEST: u16 = 499;
const INTERNAL_SERVER_ERROR: u16 = 500;

/// What ended a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// It was answered to the last byte.
    Whole,
    /// It was dropped before.
    Gone,
    /// The service or the body gave an error.
    Failed,
    Panicked,
    /// It turned out to be one that is left out.
    Excluded,
}

/// What a request ended with, as far as labels tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// 0 for what is no status.
    status: u16,
    ending: Ending,
}

/// Whose names they are.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Names {
    #[default]
    Origin,
    /// OpenTelemetry's semantic conventions for HTTP metrics, as their Prometheus exporters write them.
    Semantic,
}

impl Names {
    /// `status` is the one that was answered, 0 if none was.
    pub(super) fn outcome(self, status: u16, ending: Ending) -> Outcome {
        // What is no status must not become a label value each.
        let valid = |status| if (100..600).contains(&status) { status } else { 0 };
        if self == Self::Semantic {
            return Outcome { status: valid(status), ending };
        }
        let status = match ending {
            Ending::Whole | Ending::Excluded => valid(status),
            Ending::Gone => CLIENT_CLOSED_REQUEST,
            Ending::Failed | Ending::Panicked => INTERNAL_SERVER_ERROR,
        };
        Outcome { status, ending: Ending::Whole }
    }

    /// The counter of requests; the conventions have none, since the histogram of durations counts them.
    pub(super) fn requests(self, endpoint: &str, place: Place, outcome: Outcome) -> Option<Key> {
        let status = match outcome.status {
            0 => Label::from_static_parts("status", "other"),
            status => Label::new("status", status.to_string()),
        };
        let key = || Key::from_parts(HTTP_REQUESTS, [origin_labels(endpoint, place), vec![status]].concat());
        (self == Self::Origin).then(key)
    }

    pub(super) fn duration(self, endpoint: &str, place: Place, outcome: Outcome) -> Key {
        match self {
            Self::Origin => Key::from_parts(HTTP_DURATION, origin_labels(endpoint, place)),
            Self::Semantic => Key::from_parts(SERVER_DURATION, outcome_labels(endpoint, place, outcome)),
        }
    }

    pub(super) fn response_size(self, endpoint: &str, place: Place, outcome: Outcome) -> Key {
        match self {
            Self::Origin => Key::from_parts(HTTP_RESPONSE_SIZE, origin_labels(endpoint, place)),
            Self::Semantic => Key::from_parts(SERVER_RESPONSE_SIZE, outcome_labels(endpoint, place, outcome)),
        }
    }

    pub(super) fn request_size(self, endpoint: &str, place: Place) -> Key {
        match self {
            Self::Origin => Key::from_parts(HTTP_REQUEST_SIZE, origin_labels(endpoint, place)),
            Self::Semantic => Key::from_parts(SERVER_REQUEST_SIZE, semantic_labels(endpoint, place)),
        }
    }

    pub(super) fn in_flight(self, endpoint: &str, place: Place) -> Key {
        match self {
            Self::Origin => Key::from_parts(HTTP_IN_FLIGHT, origin_labels(endpoint, place)),
            // Of the route they say nothing here.
            Self::Semantic => Key::from_parts(SERVER_ACTIVE, semantic_labels(UNMATCHED, place)),
        }
    }

    /// The conventions have no such metric.
    pub(super) fn first_byte(self, endpoint: &str, place: Place) -> Key {
        Key::from_parts(HTTP_FIRST_BYTE, origin_labels(endpoint, place))
    }
}

fn origin_labels(endpoint: &str, place: Place) -> Vec<Label> {
    vec![Label::from_static_parts("method", place.method.text()), Label::new("endpoint", endpoint.to_owned())]
}

fn semantic_labels(endpoint: &str, place: Place) -> Vec<Label> {
    let method = match place.method {
        MethodLabel::Query => "QUERY",
        MethodLabel::Other => "_OTHER",
        known => known.text(),
    };
    let mut labels = vec![
        Label::from_static_parts("http_request_method", method),
        Label::from_static_parts("url_scheme", if place.https { "https" } else { "http" }),
    ];
    // A route that is not known is left out, not named.
    if endpoint != UNMATCHED {
        labels.push(Label::new("http_route", endpoint.to_owned()));
    }
    labels
}

fn outcome_labels(endpoint: &str, place: Place, outcome: Outcome) -> Vec<Label> {
    let mut labels = semantic_labels(endpoint, place);
    if outcome.status != 0 {
        labels.push(Label::new("http_response_status_code", outcome.status.to_string()));
    }
    let error = match outcome.ending {
        Ending::Whole if outcome.status >= 500 => outcome.status.to_string(),
        Ending::Whole | Ending::Excluded => return labels,
        Ending::Gone => "cancelled".to_owned(),
        Ending::Panicked => "panic".to_owned(),
        Ending::Failed => "_OTHER".to_owned(),
    };
    labels.push(Label::new("error_type", error));
    labels
}
