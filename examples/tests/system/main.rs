//! The whole service with the real things around it: signals, sockets, PostgreSQL, Redis, Prometheus, a browser.

mod actions;
mod alerting;
mod bad_input;
mod dashboard;
mod demo;
mod deployed;
mod doctor;
mod ending;
mod exposition;
mod exposure;
#[path = "../harness/mod.rs"]
mod harness;
mod load;
mod observing;
mod page;
mod prometheus;
mod readme;
mod real_servers;
mod rolling;
mod roster;
mod slow_clients;
mod stack;
mod starting;
mod token;
mod wiring;
