//! What is known of each endpoint, method and scheme, found without a lock and without an allocation.

use std::hash::Hasher as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHasher;

use super::method::Place;
use super::threads;
use crate::guard::OTHER;
use crate::registry::Registry;

/// Nothing is kept of an endpoint that is left out.
type Places<T> = [OnceLock<Option<Arc<T>>>; Place::COUNT];

/// For each thread its own, with handles of the same series.
type Copies<T> = [OnceLock<Box<Places<T>>>; threads::COPIES];

fn copies<T>() -> Copies<T> {
    std::array::from_fn(|_| OnceLock::new())
}

/// Endpoints with one hash form a chain, which only grows.
struct Node<T> {
    endpoint: Box<str>,
    copies: Copies<T>,
    next: Link<T>,
}

type Link<T> = OnceLock<Box<Node<T>>>;

/// A `T` for each endpoint, method and scheme.
pub(super) struct Routes<T> {
    registry: Arc<Registry>,
    metric: &'static str,
    chains: Box<[Link<T>]>,
    length: AtomicUsize,
    /// For endpoints past the cap.
    other: Copies<T>,
    cap: usize,
}

impl<T> Routes<T> {
    pub(super) fn new(registry: Arc<Registry>, metric: &'static str, cap: usize) -> Self {
        // Four to a chain when it is full, unless the cap is a great one.
        let chains = (cap / 4).clamp(1, 1 << 14).next_power_of_two();
        Self {
            registry,
            metric,
            chains: (0..chains).map(|_| OnceLock::new()).collect(),
            length: AtomicUsize::new(0),
            other: copies(),
            cap,
        }
    }

    pub(super) fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// Makes room for an endpoint, if there is some.
    pub(super) fn reserve(&self, endpoint: &str) {
        self.node(endpoint);
    }

    /// Finds what belongs to an endpoint and a place, or makes it.
    pub(super) fn find(
        &self,
        endpoint: &str,
        place: Place,
        make: impl Fn(&Arc<Registry>, &str) -> Option<T>,
    ) -> Option<Arc<T>> {
        match self.known(endpoint, place) {
            Some(known) => known.clone(),
            None => self.make(endpoint, place, make),
        }
    }

    /// All that a request for a known route does.
    fn known(&self, endpoint: &str, place: Place) -> Option<&Option<Arc<T>>> {
        let mut link = self.chain(endpoint)?;
        loop {
            let node = link.get()?;
            if *node.endpoint == *endpoint {
                return node.copies.get(threads::own())?.get()?.get(place.index())?.get();
            }
            link = &node.next;
        }
    }

    #[cold]
    fn make(
        &self,
        endpoint: &str,
        place: Place,
        make: impl Fn(&Arc<Registry>, &str) -> Option<T>,
    ) -> Option<Arc<T>> {
        let (copies, endpoint) = match self.node(endpoint) {
            Some(node) => (&node.copies, endpoint),
            None => {
                self.registry.count_overflow(self.metric, "endpoint", endpoint);
                (&self.other, OTHER)
            }
        };
        let copy = copies.get(threads::own())?;
        let places = copy.get_or_init(|| Box::new(std::array::from_fn(|_| OnceLock::new())));
        places.get(place.index())?.get_or_init(|| make(&self.registry, endpoint).map(Arc::new)).clone()
    }

    /// Finds an endpoint, or adds it; nothing if there is no room.
    fn node(&self, endpoint: &str) -> Option<&Node<T>> {
        let mut link = self.chain(endpoint)?;
        loop {
            match link.get() {
                Some(node) if *node.endpoint == *endpoint => return Some(node),
                Some(node) => link = &node.next,
                None => self.add(link, endpoint)?,
            }
        }
    }

    #[inline]
    fn chain(&self, endpoint: &str) -> Option<&Link<T>> {
        let mut hasher = FxHasher::default();
        hasher.write(endpoint.as_bytes());
        self.chains.get(hasher.finish() as usize & (self.chains.len() - 1))
    }

    /// Fills the end of a chain, be it by another thread with another endpoint.
    fn add(&self, end: &Link<T>, endpoint: &str) -> Option<()> {
        let more = |length| (length < self.cap).then_some(length + 1);
        self.length.try_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        let node = Node { endpoint: endpoint.into(), copies: copies(), next: OnceLock::new() };
        if end.set(Box::new(node)).is_err() {
            self.length.fetch_sub(1, Ordering::Relaxed);
        }
        Some(())
    }
}

impl<T> Drop for Node<T> {
    /// Not one inside the other: a chain may be long.
    fn drop(&mut self) {
        let mut next = self.next.take();
        while let Some(mut node) = next {
            next = node.next.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use rustc_hash::FxHashMap;

    use super::super::method::MethodLabel;
    use super::*;

    const GET: Place = Place { method: MethodLabel::Get, https: false };
    const POST: Place = Place { method: MethodLabel::Post, https: false };

    #[test]
    fn each_endpoint_has_its_own_until_there_is_no_room() {
        let registry = Arc::new(Registry::bare(100_000, FxHashMap::default()));
        let routes = Routes::new(Arc::clone(&registry), "m", 3);
        let find = |endpoint: &str| routes.find(endpoint, GET, |_, name| Some(name.to_owned()));
        for _ in 0..2 {
            let found =
                ["/a", "/b", "/c", "/d", ""].map(|endpoint| find(endpoint).unwrap().as_str().to_owned());
            assert_eq!(found, ["/a", "/b", "/c", OTHER, OTHER]);
        }
        assert!(Arc::ptr_eq(&find("/a").unwrap(), &find("/a").unwrap()));
        let post = routes.find("/a", POST, |_, _| None);
        assert!(post.is_none() && routes.find("/a", POST, |_, _| Some(String::new())).is_none());
    }

    #[test]
    fn a_long_chain_can_be_dropped() {
        let registry = Arc::new(Registry::bare(100, FxHashMap::default()));
        let routes = Routes::<()>::new(registry, "m", 3);
        let mut chain = OnceLock::new();
        for number in 0..200_000 {
            let node = Node {
                endpoint: number.to_string().into(),
                copies: copies(),
                next: chain.take().map_or_else(OnceLock::new, OnceLock::from),
            };
            chain.set(Box::new(node)).ok().unwrap();
        }
        routes.chains[0].set(chain.into_inner().unwrap()).ok().unwrap();
    }
}
