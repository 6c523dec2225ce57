//! From the head of the answer to its last byte.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http::header::{CONTENT_LENGTH, HeaderMap};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::observation::{Observation, PanicGuard};

pin_project! {
    /// The body of a response of [`HttpMetrics`](crate::HttpMetrics): the one it wraps, frame by frame, with its size and
    /// its end. Trailers pass.
    ///
    /// # Cancel safety
    ///
    /// Dropping it before its end counts the request with the status `499`.
    pub struct ObservedBody<B> {
        #[pin]
        inner: B,
        status: u16,
        // Bytes to come, if their number is known.
        left: Option<u64>,
        observation: Option<Observation>,
    }
}

impl<B: Body> ObservedBody<B> {
    /// Observes a body whose length the head may have `declared`.
    pub(super) fn new(
        inner: B,
        status: u16,
        declared: Option<u64>,
        observation: Option<Observation>,
    ) -> Self {
        let mut body = Self { inner, status, left: None, observation };
        if let Some(observation) = &body.observation {
            // hyper stops at whichever comes first, and does not poll for the `None` behind it.
            body.left = [body.inner.size_hint().exact(), declared].into_iter().flatten().min();
            if has_no_body(observation, status) || body.left == Some(0) || body.inner.is_end_stream() {
                finish(&mut body.observation, status);
            }
        }
        body
    }
}

pub(super) fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Tells if HTTP has no room for the body: servers drop it unread.
fn has_no_body(observation: &Observation, status: u16) -> bool {
    observation.is_head()
        || matches!(status, 100..=199 | 204 | 304)
        || (observation.is_connect() && matches!(status, 200..=299))
}

fn finish(observation: &mut Option<Observation>, status: u16) {
    observation.take().into_iter().for_each(|observation| observation.finish(status));
}

impl<B: Body> Body for ObservedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let guard = PanicGuard::new(this.observation);
        let frame = this.inner.as_mut().poll_frame(cx);
        guard.returned();
        let frame = ready!(frame);
        if this.observation.is_some() {
            let status = match &frame {
                None => Some(*this.status),
                Some(Err(_)) => Some(500),
                Some(Ok(frame)) => {
                    if let (Some(left), Some(data)) = (&mut *this.left, frame.data_ref()) {
                        *left = left.saturating_sub(data.remaining() as u64);
                    }
                    // hyper stops polling at any of these: the final `None` may never come.
                    let ended = *this.left == Some(0) || frame.is_trailers() || this.inner.is_end_stream();
                    ended.then_some(*this.status)
                }
            };
            if let Some(status) = status {
                finish(this.observation, status);
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<B> fmt::Debug for ObservedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObservedBody").finish_non_exhaustive()
    }
}
