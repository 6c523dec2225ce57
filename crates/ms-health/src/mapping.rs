//! Which status is worse, and which is which over HTTP.

use http::StatusCode;

use crate::status::Status;

/// The order from good to bad and the status codes; both can be changed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mapping {
    pub(crate) order: [Status; 4],
    healthy: StatusCode,
    degraded: StatusCode,
    unknown: StatusCode,
    unhealthy: StatusCode,
}

impl Default for Mapping {
    fn default() -> Self {
        Self {
            order: Status::ALL,
            healthy: StatusCode::OK,
            degraded: StatusCode::OK,
            unknown: StatusCode::SERVICE_UNAVAILABLE,
            unhealthy: StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl Mapping {
    pub(crate) fn set(&mut self, status: Status, code: StatusCode) {
        match status {
            Status::Healthy => self.healthy = code,
            Status::Degraded => self.degraded = code,
            Status::Unknown => self.unknown = code,
            Status::Unhealthy => self.unhealthy = code,
        }
    }

    pub(crate) fn code(&self, status: Status) -> StatusCode {
        match status {
            Status::Healthy => self.healthy,
            Status::Degraded => self.degraded,
            Status::Unknown => self.unknown,
            Status::Unhealthy => self.unhealthy,
        }
    }

    /// Tells whether an answer with this status reads as a failure to a prober.
    pub(crate) fn fails(&self, status: Status) -> bool {
        let code = self.code(status);
        code.is_client_error() || code.is_server_error()
    }

    /// Tells whether the order names every status once.
    pub(crate) fn is_complete(&self) -> bool {
        Status::ALL.iter().all(|status| self.order.contains(status))
    }

    /// The status of a whole made of checks `(status, critical)`; healthy if there is none.
    pub(crate) fn of_all(&self, checks: impl Iterator<Item = (Status, bool)>) -> Status {
        let seen = checks.map(|(status, critical)| status.seen_from_the_whole(critical));
        seen.max_by_key(|status| self.order.iter().position(|known| known == status))
            .unwrap_or(Status::Healthy)
    }
}
