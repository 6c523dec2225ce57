//! What a page can be.

use crate::exposition::Format;
use crate::registry::{Cursor, Registry};

/// A page that a client may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    Lines(Format),
    #[cfg(feature = "native-histograms")]
    Protobuf,
}

impl Offer {
    pub(super) const TEXT: Self = Self::Lines(Format::Text);
    pub(super) const OPENMETRICS: Self = Self::Lines(Format::OpenMetrics);

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Lines(Format::Text) => "text/plain; version=0.0.4; charset=utf-8",
            Self::Lines(Format::OpenMetrics) => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            #[cfg(feature = "native-histograms")]
            Self::Protobuf => {
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
            }
        }
    }

    /// The media type, and what a client may say of it; anything else is another one.
    pub(super) fn media_type(self) -> (&'static str, &'static [(&'static str, &'static str)]) {
        match self {
            Self::Lines(Format::Text) => ("text/plain", &[("version", "0.0.4")]),
            Self::Lines(Format::OpenMetrics) => ("application/openmetrics-text", &[("version", "1.0.0")]),
            #[cfg(feature = "native-histograms")]
            Self::Protobuf => (
                "application/vnd.google.protobuf",
                &[("proto", "io.prometheus.client.MetricFamily"), ("encoding", "delimited")],
            ),
        }
    }

    /// Renders until the piece is `length` bytes long or a little more, or all is written.
    pub(super) fn render(
        self,
        registry: &Registry,
        cursor: &mut Cursor,
        capacity: usize,
        length: usize,
    ) -> Vec<u8> {
        match self {
            Self::Lines(format) => {
                let mut text = String::with_capacity(capacity);
                registry.render_some(format, cursor, &mut text, length);
                text.into_bytes()
            }
            #[cfg(feature = "native-histograms")]
            Self::Protobuf => {
                let mut piece = Vec::with_capacity(capacity);
                registry.render_protobuf(cursor, &mut piece, length);
                piece
            }
        }
    }
}
