//! What the label `endpoint` says.

use std::fmt;
use std::sync::Arc;

use http::{Extensions, Uri};

/// The value of the label `endpoint` when no route is known.
pub(super) const UNMATCHED: &str = "unmatched";

/// A route template, such as `/shifts/{id}`.
///
/// As an extension of a *response* it overrides what the layer would say: a service mounted with
/// `Router::nest_service` has routes that the layer outside cannot see. It must come from a small set: never put a path
/// in that a client chose.
///
/// ```
/// use ms_metrics::Endpoint;
///
/// let mut response = http::Response::new(());
/// response.extensions_mut().insert(Endpoint::from_static("/files/{name}"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Endpoint(Template);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Template {
    Static(&'static str),
    Shared(Arc<str>),
}

impl Endpoint {
    /// Makes an endpoint that costs nothing to make or to clone.
    pub const fn from_static(template: &'static str) -> Self {
        Self(Template::Static(template))
    }

    /// Makes an endpoint of a template made at run time; clones share it.
    pub fn new(template: impl Into<Arc<str>>) -> Self {
        Self(Template::Shared(template.into()))
    }

    /// Borrows the template.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Template::Static(template) => template,
            Template::Shared(template) => template,
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoint").field(&self.as_str()).finish()
    }
}

/// How a layer finds the template of a request.
#[derive(Clone, Default)]
pub(super) struct Source(Option<Arc<Find>>);

type Find = dyn Fn(&Uri, &Extensions) -> Option<Endpoint> + Send + Sync;

impl Source {
    pub(super) fn new(find: impl Fn(&Uri, &Extensions) -> Option<Endpoint> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(find)))
    }

    /// Tells if there is foreign code to run.
    pub(super) fn is_callers(&self) -> bool {
        self.0.is_some()
    }

    /// Hands the template to `then`: a route's own lives inside the request.
    pub(super) fn with<R>(&self, uri: &Uri, extensions: &Extensions, then: impl FnOnce(&str) -> R) -> R {
        if let Some(find) = &self.0
            && let Some(endpoint) = find(uri, extensions)
        {
            return then(endpoint.as_str());
        }
        #[cfg(feature = "axum")]
        if let Some(path) = extensions.get::<axum::extract::MatchedPath>() {
            return then(path.as_str());
        }
        then(UNMATCHED)
    }
}
