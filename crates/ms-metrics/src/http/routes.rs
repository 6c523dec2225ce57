//! What is known of each endpoint and method, found without an allocation.

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use rustc_hash::FxHashMap;

use super::method::{COUNT, MethodLabel};
use crate::guard::OTHER;
use crate::registry::Registry;

type ByMethod<T> = [OnceLock<Arc<T>>; COUNT];

/// A `T` for each endpoint and method.
pub(super) struct Routes<T> {
    registry: Arc<Registry>,
    metric: &'static str,
    by_endpoint: ArcSwap<FxHashMap<Box<str>, Arc<ByMethod<T>>>>,
    /// For endpoints past the cap.
    other: ByMethod<T>,
    cap: usize,
}

impl<T> Routes<T> {
    pub(super) fn new(registry: Arc<Registry>, metric: &'static str, cap: usize) -> Self {
        let other = std::array::from_fn(|_| OnceLock::new());
        Self { registry, metric, by_endpoint: ArcSwap::default(), other, cap }
    }

    /// Finds what belongs to an endpoint and a method, or makes it.
    pub(super) fn find(
        &self,
        endpoint: &str,
        method: MethodLabel,
        make: impl Fn(&Arc<Registry>, &str) -> T,
    ) -> Option<Arc<T>> {
        let known = self.by_endpoint.load();
        let added;
        let (methods, endpoint) = match known.get(endpoint) {
            Some(methods) => (&**methods, endpoint),
            None if known.len() < self.cap => {
                added = self.add(endpoint);
                (&*added, endpoint)
            }
            None => {
                self.registry.count_overflow(self.metric, "endpoint", endpoint);
                (&self.other, OTHER)
            }
        };
        let place = methods.get(method.index())?;
        Some(Arc::clone(place.get_or_init(|| Arc::new(make(&self.registry, endpoint)))))
    }

    /// Copies the map: endpoints are few, and each is added once.
    fn add(&self, endpoint: &str) -> Arc<ByMethod<T>> {
        let fresh: Arc<ByMethod<T>> = Arc::new(std::array::from_fn(|_| OnceLock::new()));
        self.by_endpoint.rcu(|known| {
            let mut known = FxHashMap::clone(known);
            known.entry(endpoint.into()).or_insert_with(|| Arc::clone(&fresh));
            known
        });
        // Another thread may have been faster.
        self.by_endpoint.load().get(endpoint).map_or(fresh, Arc::clone)
    }
}
