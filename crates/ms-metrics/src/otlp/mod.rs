//! Push: all metrics over OTLP/HTTP, beside the scrape.
//!
//! Data goes one way: [`settings`] says where to and how often, [`task`] keeps the time, [`collect`] turns the registry into
//! requests made of [`message`]s, [`deliver`] tries until a deadline, and [`client`] makes one attempt.

mod builder;
mod client;
mod collect;
mod deliver;
mod environment;
mod error;
mod message;
mod outcome;
mod push;
mod resource;
mod retry_after;
mod settings;
mod task;
mod unit;

pub use self::builder::OtlpBuilder;
pub use self::error::{OtlpError, PushError};
pub use self::push::OtlpPush;
