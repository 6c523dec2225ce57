//! The questions, and the paths that ask them.

/// A question that is asked over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// `/health`: every check, in the origin's shape.
    Health,
    /// `/health/live`: the process answers and its own tasks give signs of life. Touches no check.
    Live,
    /// `/health/ready`: the critical checks, and not shutting down.
    Ready,
    /// `/health/startup`: the startup gate is open. Touches no check.
    Startup,
    /// `/health/explain`: why the service is not ready, since when, the last runs.
    Explain,
    /// `/livez`: as [`Live`](Self::Live), in the text of the Kubernetes API server.
    Livez,
    /// `/readyz`: as [`Ready`](Self::Ready), in the text of the Kubernetes API server.
    Readyz,
    /// `/startupz`: as [`Startup`](Self::Startup), in the text of the Kubernetes API server.
    Startupz,
    /// `/health/status`: every check on a page for people.
    Status,
}

impl Endpoint {
    pub(crate) const ALL: [Self; 9] = [
        Self::Health,
        Self::Live,
        Self::Ready,
        Self::Startup,
        Self::Explain,
        Self::Livez,
        Self::Readyz,
        Self::Startupz,
        Self::Status,
    ];

    /// Gives the path that asks it.
    pub fn path(self) -> &'static str {
        match self {
            Self::Health => "/health",
            Self::Live => "/health/live",
            Self::Ready => "/health/ready",
            Self::Startup => "/health/startup",
            Self::Explain => "/health/explain",
            Self::Livez => "/livez",
            Self::Readyz => "/readyz",
            Self::Startupz => "/startupz",
            Self::Status => "/health/status",
        }
    }

    /// The name in the text of the API server; `None` for those that answer otherwise.
    pub(crate) fn kubernetes_name(self) -> Option<&'static str> {
        match self {
            Self::Livez | Self::Readyz | Self::Startupz => self.path().strip_prefix('/'),
            _ => None,
        }
    }

    /// Tells whether it asks about readiness.
    pub(crate) fn is_readiness(self) -> bool {
        matches!(self, Self::Ready | Self::Readyz | Self::Explain)
    }
}

/// An endpoint or the number of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    Endpoint(Endpoint),
    Group(usize),
}
