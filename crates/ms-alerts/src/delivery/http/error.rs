//! What can be wrong with a URL to post to, and what goes along.

/// Why a URL cannot be posted to. Neither it nor a secret is told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// The URL is none, or not one of HTTP.
    #[error("the URL is not an http or https URL with a host")]
    Url,
    /// The URL's host is an address that may not be called: an internal one, unless the sink was made by
    /// [`internal`](crate::WebhookSink::internal), a link-local one, or one that no host has.
    #[error("the URL has an internal or reserved address; an internal one needs `internal`")]
    Address,
    /// The token cannot stand in a header.
    #[error("the token holds a character that no header may hold")]
    Token,
    /// A header cannot stand in a request, or is one that the request has already.
    #[error("the header `{name}` cannot be set, or its value holds a character that no header may hold")]
    Header {
        /// Its name.
        name: String,
    },
    /// The secret for signatures is none.
    #[error("the secret for signatures is not `whsec_` and 24 to 64 bytes in base64")]
    Secret,
    /// The certificates to trust are none.
    #[error("the certificates to trust are not in PEM")]
    Certificate,
    /// There is nobody to send to.
    #[error("there is no URL to send to")]
    NoUrl,
    /// The HTTP client could not be made.
    #[error("the HTTP client cannot be set up")]
    Client,
}
