//! Structured events.

use serde::Serialize;

use crate::structured;

/// Logs an event at INFO as `{"timestamp":…,"event_type":…,"data":{…}}`: a line of its own in JSON sinks, the message in
/// the text log. A terminal shows `type key=value`.
///
/// Fields are written as in `tracing`'s macros: `name = value`, `name = %display`, `name = ?debug`.
///
/// ```
/// use ms_logging::log_event;
///
/// log_event!("shift_planned", department = "Acil Servis", hours = 8);
/// log_event!("service_started");
/// ```
#[macro_export]
macro_rules! log_event {
    ($event_type:expr $(,)?) => {
        $crate::__private::tracing::event!(
            name: "ms_logging.event",
            $crate::__private::tracing::Level::INFO,
            event_type = $event_type
        )
    };
    ($event_type:expr, $($fields:tt)+) => {
        $crate::__private::tracing::event!(
            name: "ms_logging.event",
            $crate::__private::tracing::Level::INFO,
            event_type = $event_type,
            $($fields)+
        )
    };
}

/// Logs events whose data is any serialisable value; the twin of the Python class of that name.
///
/// The level is INFO, the target `ms_logging::event`.
///
/// ```
/// use ms_logging::StructuredLogger;
/// use serde_json::json;
///
/// let logger = StructuredLogger;
/// logger.log_event("shift_planned", json!({"department": "Acil Servis", "hours": [8, 12]}));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct StructuredLogger;

impl StructuredLogger {
    /// Logs one event.
    ///
    /// Data that cannot be serialised (a map whose keys are no text, an error of the type's own) is replaced by the
    /// reason, so the event itself is not lost.
    pub fn log_event(&self, event_type: &str, data: impl Serialize) {
        // Serialised only if somebody listens.
        tracing::event!(
            name: "ms_logging.structured",
            tracing::Level::INFO,
            event_type,
            data = structured::to_json(&data)
        );
    }
}
