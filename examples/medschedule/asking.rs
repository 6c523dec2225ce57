//! Health checks that ask a store or a cache.

/// Makes a check of a question: it is called for every run, so it clones what its future needs.
pub fn asking<T: Clone, R>(whom: T, ask: impl Fn(T) -> R) -> impl Fn() -> R {
    move || ask(whom.clone())
}
