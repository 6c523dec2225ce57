//! Does anybody accept connections there?

use super::connect::connect;
use crate::finding::Finding;
use crate::probe::Probe;

/// Opens a TCP connection and closes it. Proves that something listens, not that it works.
///
/// ```
/// use ms_health::{Check, TcpProbe};
///
/// let mail = Check::of("mail", TcpProbe::new("mail.internal:25"));
/// ```
#[derive(Debug, Clone)]
pub struct TcpProbe {
    address: String,
}

impl TcpProbe {
    /// Connects to `host:port`; a name is resolved for every run.
    pub fn new(address: impl Into<String>) -> Self {
        Self { address: address.into() }
    }
}

impl Probe for TcpProbe {
    async fn probe(&self) -> Finding {
        connect(&self.address).await.map(drop).into()
    }
}
