//! What a layer was told.

use std::time::Duration;

use http::Request;

use super::client::Clients;

#[derive(Debug, Default, Clone)]
pub(super) struct Options {
    pub(super) slow: Option<Duration>,
    /// Templates and paths without a line.
    pub(super) excluded: Vec<String>,
    pub(super) clients: Option<Clients>,
    /// The span is exported and is to tell what the line tells.
    pub(super) names_span: bool,
    pub(super) trace_id_in_response: bool,
}

impl Options {
    /// Tells whether a request of this route has no line.
    pub(super) fn excludes<B>(&self, route: &str, request: &Request<B>) -> bool {
        self.excluded.iter().any(|excluded| excluded == route || excluded == request.uri().path())
    }
}
