//! Log records and spans to a receiver of OTLP, over HTTP with protobuf.
//!
//! Each signal is a sink like any other: the layer writes redacted JSON lines into a bounded queue, and the writer thread
//! turns them into messages and waits for the network. So the account, `flush` and the limits of a shutdown hold here too.

mod client;
mod deliver;
mod environment;
mod error;
mod exporter;
mod logs;
mod message;
mod options;
mod resource;
mod retry_after;
mod settings;
mod traces;
mod trailer;
mod value;

pub(crate) use environment::pairs;
pub use error::OtlpError;
pub(crate) use exporter::{Exporter, is_exporting};
pub use options::Otlp;
pub(crate) use settings::{Settings, Signal, is_endpoint, is_header};
pub(crate) use trailer::{end_record, end_span};
