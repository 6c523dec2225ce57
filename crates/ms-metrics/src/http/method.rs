//! The methods that have a label value of their own.

use http::Method;

/// Methods are the client's to choose, so there are ten of them.
pub(super) const COUNT: usize = 10;

/// A method as it is exposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MethodLabel {
    pub(super) text: &'static str,
    pub(super) index: usize,
}

impl MethodLabel {
    pub(super) fn of(method: &Method) -> Self {
        let (index, text) = match *method {
            Method::GET => (0, "GET"),
            Method::POST => (1, "POST"),
            Method::PUT => (2, "PUT"),
            Method::DELETE => (3, "DELETE"),
            Method::HEAD => (4, "HEAD"),
            Method::OPTIONS => (5, "OPTIONS"),
            Method::PATCH => (6, "PATCH"),
            Method::CONNECT => (7, "CONNECT"),
            Method::TRACE => (8, "TRACE"),
            _ => (9, "OTHER"),
        };
        Self { text, index }
    }
}
