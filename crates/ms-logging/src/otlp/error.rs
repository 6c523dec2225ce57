//! What can fail before the first export.

/// Why nothing is exported.
///
/// It tells no URL and no header value: they hold tokens.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OtlpError {
    /// The endpoint is none of HTTP.
    #[error("the OTLP endpoint from {origin} is not an http or https URL with a host")]
    Endpoint {
        /// `the builder`, or the environment variable.
        origin: &'static str,
    },
    /// A header has no valid name, or a value that no header may hold.
    #[error("an OTLP header from {origin} has no valid name or value")]
    Header {
        /// `the builder`, or the environment variable.
        origin: &'static str,
    },
    /// Another protocol than `http/protobuf` is asked for.
    #[error("{origin} asks for another protocol than http/protobuf, which is the one there is")]
    Protocol {
        /// The environment variable.
        origin: &'static str,
    },
    /// The HTTP client could not be made, for instance since the machine has no certificates.
    #[error("the HTTP client cannot be set up")]
    Client,
}
