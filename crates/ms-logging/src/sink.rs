//! What a sink takes.

use crate::queue::Options;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SinkKind {
    /// The lines of events.
    Lines,
    /// The lines of events, each with what the exporter has to know beside.
    #[cfg(feature = "otlp")]
    Records,
    /// Spans that are over.
    #[cfg(feature = "otlp")]
    Spans,
}

impl SinkKind {
    #[cfg(feature = "otlp")]
    pub(crate) fn of(signal: crate::otlp::Signal) -> Self {
        match signal {
            crate::otlp::Signal::Logs => Self::Records,
            crate::otlp::Signal::Traces => Self::Spans,
        }
    }

    pub(crate) fn takes_events(self) -> bool {
        match self {
            Self::Lines => true,
            #[cfg(feature = "otlp")]
            Self::Records => true,
            #[cfg(feature = "otlp")]
            Self::Spans => false,
        }
    }

    /// Changes what is for disks to what is for a network: a request costs more than a write, and nobody waits for a
    /// receiver.
    pub(crate) fn options(self, options: Options) -> Options {
        match self {
            Self::Lines => options,
            #[cfg(feature = "otlp")]
            Self::Records | Self::Spans => Options {
                linger: std::time::Duration::from_secs(1),
                when_full: crate::builder::WhenFull::Drop,
                durable: false,
                ..options
            },
        }
    }
}
