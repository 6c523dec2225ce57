//! The trace that a request belongs to.

use std::fmt;
use std::sync::Arc;

/// The id of a trace, for the [exemplars](crate::HttpMetricsLayer::exemplars) of slow requests.
///
/// A layer outside puts it into the extensions of the request, or whatever stands inside into those of the response, which
/// has the last word. It is shown on the page as it is: at most 120 characters, as OpenMetrics has it; a longer or an empty
/// one is no exemplar. Clones share it.
///
/// ```
/// use ms_metrics::TraceId;
///
/// let mut request = http::Request::new(());
/// request.extensions_mut().insert(TraceId::new("4bf92f3577b34da6a3ce929d0e0e4736"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TraceId(Arc<str>);

impl TraceId {
    /// Takes an id as it is.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self(id.into())
    }

    /// Borrows the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TraceId").field(&self.as_str()).finish()
    }
}
