//! Push over OTLP, to receivers that are not ours.

mod misbehaving;
mod oracles;
mod points;
mod receiver;
mod secrets;
mod tls;
mod variables;
