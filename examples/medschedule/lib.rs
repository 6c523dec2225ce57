//! The MedSchedule service.

pub mod cache;
pub mod config;
pub mod exposure;
pub mod problem;
pub mod store;
