//! A whole answer, and the headers that all have.

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::Full;

pub(crate) struct Answer {
    status: StatusCode,
    kind: HeaderValue,
    body: Bytes,
    policy: Option<HeaderValue>,
}

const PROBLEM: &str = "application/problem+json";
const NOT_FOUND: &str =
    r#"{"type":"about:blank","title":"Not Found","status":404,"detail":"no such health endpoint"}"#;
const NOT_ALLOWED: &str =
    r#"{"type":"about:blank","title":"Method Not Allowed","status":405,"detail":"GET and HEAD only"}"#;

impl Answer {
    pub(crate) fn new(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Self {
        Self { status, kind: HeaderValue::from_static(kind), body: body.into(), policy: None }
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, PROBLEM, NOT_FOUND)
    }

    pub(crate) fn not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, PROBLEM, NOT_ALLOWED)
    }

    /// What a browser may do with it.
    pub(crate) fn policy(mut self, policy: &'static str) -> Self {
        self.policy = Some(HeaderValue::from_static(policy));
        self
    }

    /// `headers` is a map that is no longer needed, for its room: that of a request mostly has enough for an answer, which
    /// then allocates nothing.
    pub(crate) fn into_response(self, head: bool, mut headers: HeaderMap) -> Response<Full<Bytes>> {
        headers.clear();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(CONTENT_TYPE, self.kind);
        if let Some(policy) = self.policy {
            headers.insert(CONTENT_SECURITY_POLICY, policy);
        }
        let mut body = self.body;
        if head {
            // Of a body that is there, the server knows the length by itself, and without an allocation.
            headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
            body = Bytes::new();
        }
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = self.status;
        *response.headers_mut() = headers;
        response
    }
}
