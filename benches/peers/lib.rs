//! What is measured, made ready: ours and the peers' in one form, so that the tools and the benches ask the same.

pub mod exposition;
pub mod handles;
pub mod http;
