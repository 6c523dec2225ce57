//! A tower layer that gives each request an id and, at its end, a line.

mod body;
mod client;
mod context;
mod future;
mod id;
mod layer;
mod observation;
mod options;
mod route;
mod state;

pub use body::ResponseBody;
pub use client::ClientAddress;
pub use context::{TraceContext, TraceId};
pub use future::ResponseFuture;
pub use layer::{RequestLog, RequestLogLayer};
