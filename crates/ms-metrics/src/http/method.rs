//! The methods that have a label value of their own, and the schemes.

use http::Method;

/// What requests for one endpoint differ in, where labels tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) method: MethodLabel,
    /// False where no label tells the scheme.
    pub(super) https: bool,
}

impl Place {
    /// Methods are the client's to choose, so there are eleven of them.
    pub(super) const COUNT: usize = 2 * METHODS;

    /// Less than [`COUNT`](Self::COUNT).
    pub(super) fn index(self) -> usize {
        self.method as usize + if self.https { METHODS } else { 0 }
    }
}

const METHODS: usize = MethodLabel::Other as usize + 1;

/// A method as it is exposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum MethodLabel {
    Get,
    Post,
    Put,
    Delete,
    Head,
    Options,
    Patch,
    Connect,
    Trace,
    /// Known to OpenTelemetry, and a foreign one where the labels are ours.
    Query,
    Other,
}

impl MethodLabel {
    #[inline]
    pub(super) fn of(method: &Method) -> Self {
        match *method {
            Method::GET => Self::Get,
            Method::POST => Self::Post,
            Method::PUT => Self::Put,
            Method::DELETE => Self::Delete,
            Method::HEAD => Self::Head,
            Method::OPTIONS => Self::Options,
            Method::PATCH => Self::Patch,
            Method::CONNECT => Self::Connect,
            Method::TRACE => Self::Trace,
            _ if method.as_str() == "QUERY" => Self::Query,
            _ => Self::Other,
        }
    }

    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Patch => "PATCH",
            Self::Connect => "CONNECT",
            Self::Trace => "TRACE",
            Self::Query | Self::Other => "OTHER",
        }
    }
}
