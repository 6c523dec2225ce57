//! A tower layer that gives each request an id and, at its end, a line.

mod body;
mod future;
mod id;
mod layer;
mod observation;
mod trace;

pub use body::ResponseBody;
pub use future::ResponseFuture;
pub use layer::{RequestLog, RequestLogLayer};
pub use trace::TraceId;
