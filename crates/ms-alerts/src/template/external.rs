//! What tells a service from others.

use std::sync::Arc;

use super::functions::table_link;
use crate::labels::Labels;

/// What `$externalLabels` and `$externalURL` give.
#[derive(Debug, Default)]
pub(crate) struct External {
    pub(crate) labels: Labels,
    pub(crate) url: Arc<str>,
}

impl External {
    /// Gives where a server shows what an expression gives; empty if nobody knows where that is.
    pub(crate) fn table_link(&self, expression: &str) -> String {
        if self.url.is_empty() {
            return String::new();
        }
        format!("{}{}", self.url, table_link(expression))
    }
}
