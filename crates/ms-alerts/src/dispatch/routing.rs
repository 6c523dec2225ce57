//! What a builder is told of routes and receivers.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Dispatcher;
use super::groups::Addressee;
use crate::delivery::{Routed, Sink};
use crate::error::BuildError;
use crate::routing::Routes;
use crate::template::External;

#[derive(Default)]
pub(crate) struct Routing {
    pub(crate) routes: Option<Routes>,
    pub(crate) receivers: Vec<(String, Box<dyn Sink>)>,
    pub(crate) discarded: HashSet<String>,
}

impl Routing {
    pub(crate) fn build(self, external: &External) -> Result<(Option<Dispatcher>, Vec<Routed>), BuildError> {
        let mut receivers: HashMap<String, Vec<Addressee>> = HashMap::new();
        for (receiver, sink) in &self.receivers {
            let sinks = receivers.entry(receiver.clone()).or_default();
            if sinks.iter().any(|known| *known.name == *sink.name()) {
                return Err(BuildError::DuplicateSink { sink: format!("{receiver}/{}", sink.name()) });
            }
            sinks.push(Addressee { name: sink.name().into(), hears_ends: sink.sends_resolved() });
        }
        let is_known =
            |receiver: &&String| self.routes.as_ref().is_some_and(|routes| routes.declares(receiver));
        if let Some(unknown) = receivers.keys().chain(&self.discarded).find(|receiver| !is_known(receiver)) {
            return Err(BuildError::UnknownReceiver { receiver: unknown.clone() });
        }
        let Some(routes) = self.routes else { return Ok((None, Vec::new())) };
        let is_heard =
            |receiver: &&str| receivers.contains_key(*receiver) || self.discarded.contains(*receiver);
        if let Some(deaf) = routes.receivers().into_iter().find(|receiver| !is_heard(receiver)) {
            return Err(BuildError::NoSink { receiver: deaf.to_owned() });
        }
        let dispatcher = Dispatcher::new(routes, receivers, Arc::clone(&external.url));
        let routed = self.receivers.into_iter().map(|(receiver, sink)| (sink, receiver.into())).collect();
        Ok((Some(dispatcher), routed))
    }
}
