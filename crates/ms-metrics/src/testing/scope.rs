//! A future whose metrics go to one recorder.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::recorder::MetricsRecorder;

pin_project! {
    /// The future made by [`Recorded::scope`](super::Recorded::scope).
    ///
    /// # Cancel safety
    ///
    /// As that of the future inside; what it counts while it is dropped is recorded.
    #[must_use = "futures do nothing unless polled"]
    pub struct RecordedFuture<F> {
        // Nothing once it is dropped.
        #[pin]
        inner: Option<F>,
        recorder: MetricsRecorder,
    }

    impl<F> PinnedDrop for RecordedFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            metrics::with_local_recorder(this.recorder, || this.inner.set(None));
        }
    }
}

impl<F> RecordedFuture<F> {
    pub(super) fn new(inner: F, recorder: MetricsRecorder) -> Self {
        Self { inner: Some(inner), recorder }
    }
}

impl<F: Future> Future for RecordedFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        match this.inner.as_pin_mut() {
            Some(inner) => metrics::with_local_recorder(this.recorder, || inner.poll(cx)),
            None => Poll::Pending,
        }
    }
}

impl<F> fmt::Debug for RecordedFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedFuture").finish_non_exhaustive()
    }
}
