//! The four answers, and how many of them become one.

use http::StatusCode;
use serde::{Serialize, Serializer};

/// How a check, or the whole service, is.
///
/// | status | meaning of the whole | HTTP |
/// |---|---|---|
/// | `healthy` | every check passes | 200 |
/// | `degraded` | the service works, something that is not critical does not | 200 |
/// | `unknown` | a critical check has no answer that is recent enough | 503 |
/// | `unhealthy` | a critical check fails | 503 |
///
/// The order is from good to bad; [`HealthCheckBuilder::severity`] and [`HealthCheckBuilder::http_status`] change both
/// columns.
///
/// [`HealthCheckBuilder::severity`]: crate::HealthCheckBuilder::severity
/// [`HealthCheckBuilder::http_status`]: crate::HealthCheckBuilder::http_status
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Status {
    /// It works.
    Healthy,
    /// It works with a limitation.
    Degraded,
    /// Nobody can say: there was no answer, or only an old one.
    Unknown,
    /// It does not work.
    Unhealthy,
}

impl Status {
    pub(crate) const ALL: [Self; 4] = [Self::Healthy, Self::Degraded, Self::Unknown, Self::Unhealthy];

    /// Gives the word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unknown => "unknown",
            Self::Unhealthy => "unhealthy",
        }
    }

    /// Gives 200 for `healthy` and `degraded`, 503 otherwise; what [`HealthCheckBuilder::http_status`] changed is not
    /// known here.
    ///
    /// [`HealthCheckBuilder::http_status`]: crate::HealthCheckBuilder::http_status
    pub fn http_status(self) -> StatusCode {
        if self.is_serving() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
    }

    /// Tells whether traffic should still come here.
    pub fn is_serving(self) -> bool {
        matches!(self, Self::Healthy | Self::Degraded)
    }

    /// Gives what a gauge shows: 1 healthy, 0.5 degraded, 0 otherwise.
    pub(crate) fn as_gauge(self) -> f64 {
        match self {
            Self::Healthy => 1.0,
            Self::Degraded => 0.5,
            Self::Unknown | Self::Unhealthy => 0.0,
        }
    }

    /// What this status of one check means for the whole.
    pub(crate) fn seen_from_the_whole(self, critical: bool) -> Self {
        // A check that is not critical can only limit the service, never stop it; and silence is not health.
        if critical || self == Self::Healthy { self } else { Self::Degraded }
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Mapping;
    use proptest::prelude::*;

    const ALL: [Status; 4] = Status::ALL;

    fn of_all(checks: impl Iterator<Item = (Status, bool)>) -> Status {
        Mapping::default().of_all(checks)
    }

    fn checks(at_least: usize) -> impl Strategy<Value = Vec<(Status, bool)>> {
        proptest::collection::vec((proptest::sample::select(ALL.to_vec()), any::<bool>()), at_least..12)
    }

    /// The table of the documentation, sentence by sentence.
    fn by_the_table(checks: &[(Status, bool)]) -> Status {
        let critical = |wanted| checks.iter().any(|&(status, critical)| critical && status == wanted);
        if critical(Status::Unhealthy) {
            Status::Unhealthy
        } else if critical(Status::Unknown) {
            Status::Unknown
        } else if checks.iter().any(|&(status, _)| status != Status::Healthy) {
            Status::Degraded
        } else {
            Status::Healthy
        }
    }

    proptest! {
        #[test]
        fn the_whole_follows_the_documented_table(checks in checks(0)) {
            prop_assert_eq!(of_all(checks.iter().copied()), by_the_table(&checks));
        }

        #[test]
        fn order_of_the_checks_does_not_matter(mut checks in checks(0)) {
            let forward = of_all(checks.iter().copied());
            checks.reverse();
            prop_assert_eq!(of_all(checks.into_iter()), forward);
        }

        #[test]
        fn a_worse_check_never_makes_a_better_whole(
            mut checks in checks(1), at in any::<prop::sample::Index>(), worse in 0..4_usize,
        ) {
            let before = of_all(checks.iter().copied());
            let at = at.index(checks.len());
            checks[at].0 = checks[at].0.max(ALL[worse]);
            prop_assert!(of_all(checks.into_iter()) >= before);
        }

        #[test]
        fn checks_that_are_not_critical_never_stop_the_service(checks in checks(0)) {
            let optional = checks.into_iter().map(|(status, _)| (status, false));
            prop_assert!(of_all(optional).is_serving());
        }
    }

    #[test]
    fn a_service_without_checks_is_healthy() {
        assert_eq!(of_all(std::iter::empty()), Status::Healthy);
    }
}
