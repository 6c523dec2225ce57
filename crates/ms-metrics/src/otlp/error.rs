//! What can fail.

/// Why no push was started.
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
    /// There is no tokio runtime here to run it.
    #[error("OTLP push needs a tokio runtime")]
    Runtime,
    /// The HTTP client could not be made, for instance since the machine has no certificates.
    #[error("the HTTP client cannot be set up")]
    Client,
}

/// Why metrics did not reach the receiver. The next push carries their totals again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// The receiver refused them, redirects included, or was unavailable until the limit.
    #[error("the receiver answered with HTTP {status}")]
    Status {
        /// Of the last answer.
        status: u16,
    },
    /// The receiver has asked to be left alone for longer than the limit.
    #[error("the receiver has asked for no requests until later")]
    Throttled,
    /// There was no answer within the limit.
    #[error("the receiver did not answer in time")]
    Timeout,
    /// There was no connection, or it broke.
    #[error("{reason}")]
    Connection {
        /// What failed, without the URL.
        reason: String,
    },
    /// The push has ended, with its runtime.
    #[error("the push has ended with its runtime")]
    Ended,
}
