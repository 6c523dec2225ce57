//! What can be wrong with an e-mail sink.

/// Why e-mail cannot be sent. No secret is told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EmailError {
    /// The mail server's name is empty, or holds what no name does.
    #[error("the mail server is not a name or an address of a host")]
    Host,
    /// The mail server has an address that may not be called: an internal one, unless the sink was made by
    /// [`internal`](crate::EmailSink::internal), a link-local one, or one that no host has.
    #[error("the mail server has an internal or reserved address; an internal one needs `internal`")]
    Address,
    /// The sender is no mailbox such as `Alerts <alerts@example.org>`.
    #[error("the sender is not a mailbox such as `Alerts <alerts@example.org>`")]
    From,
    /// A receiver is no mailbox such as `duty@example.org`.
    #[error("receiver {place} is not a mailbox such as `duty@example.org`")]
    To {
        /// The how manieth it is, counted from 1.
        place: usize,
    },
    /// There is nobody to send to.
    #[error("there is nobody to send to")]
    NobodyToTell,
    /// Name or password hold a control character.
    #[error("the name or the password for the mail server holds a control character")]
    Credentials,
    /// A password would be sent for all to read.
    #[error("a password is never sent without TLS")]
    PlaintextCredentials,
    /// The certificates to trust are none.
    #[error("the certificates to trust are not in PEM")]
    Certificate,
    /// TLS could not be set up: the machine has no usable certificates.
    #[error("TLS cannot be set up")]
    Tls,
}
