//! What tells a service from others.

use std::sync::Arc;

use crate::labels::Labels;

/// What `$externalLabels` and `$externalURL` give.
#[derive(Debug, Default)]
pub(crate) struct External {
    pub(crate) labels: Labels,
    pub(crate) url: Arc<str>,
}
