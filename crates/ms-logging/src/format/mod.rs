//! How a line looks.

pub(crate) mod escape;
pub(crate) mod json;
pub(crate) mod pretty;
pub(crate) mod text;
pub(crate) mod timestamp;

/// The shape of a sink's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Python's `%(asctime)s - %(name)s - %(levelname)s - %(message)s`, then `key=value`.
    Text,
    /// `{timestamp, event_type, data}`.
    Json,
    /// For people at a terminal.
    Pretty { color: bool },
}

impl Style {
    pub(crate) fn is_json(self) -> bool {
        self == Self::Json
    }
}
