//! The MedSchedule service.
