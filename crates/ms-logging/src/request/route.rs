//! The template of a route, or that there is none.

use http::Request;

#[derive(Debug)]
pub(super) struct Route(#[cfg(feature = "axum")] Option<axum::extract::MatchedPath>);

impl Route {
    #[cfg(feature = "axum")]
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        Self(request.extensions().get().cloned())
    }

    #[cfg(not(feature = "axum"))]
    pub(super) fn of<B>(_: &Request<B>) -> Self {
        Self()
    }

    pub(super) fn as_str(&self) -> &str {
        #[cfg(feature = "axum")]
        if let Some(path) = &self.0 {
            return path.as_str();
        }
        "unmatched"
    }
}
