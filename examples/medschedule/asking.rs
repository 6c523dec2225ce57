//! What the health checks ask.

use ms_health::{Finding, Probe};

use crate::cache::Cache;
use crate::chain::Chain;
use crate::store::Store;

impl Probe for Store {
    async fn probe(&self) -> Finding {
        self.ping().await.map_err(Chain::from).into()
    }
}

impl Probe for Cache {
    async fn probe(&self) -> Finding {
        self.ping().await.map_err(Chain::from).into()
    }
}
