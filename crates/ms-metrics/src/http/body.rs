//! From the head of the answer to its last byte.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http::Response;
use http::header::CONTENT_LENGTH;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::names::Ending;
use super::observation::{Observation, PanicGuard, finish};

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
        // Bytes to come, or more than there can be if their number is not known.
        left: u64,
        observation: Option<Observation>,
    }
}

pub(super) const UNKNOWN: u64 = u64::MAX;

impl<B: Body> ObservedBody<B> {
    /// Observes a body of so many bytes, or of [`UNKNOWN`] ones. What is over at birth has no observation any more: it is
    /// ended before, where it lies, since all that is looked at here would be moved once more.
    #[inline]
    pub(super) fn new(inner: B, left: u64, observation: Option<Observation>) -> Self {
        Self { inner, left, observation }
    }
}

/// After so many bytes hyper stops, and does not poll for the `None` behind them. The head counts where the body does not
/// know its size.
pub(super) fn length(response: &Response<impl Body>) -> Option<u64> {
    let declared = || response.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok();
    response.body().size_hint().exact().or_else(declared)
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
        if let Some(observation) = &mut *this.observation {
            let ending = match &frame {
                None => Some(Ending::Whole),
                Some(Err(_)) => Some(Ending::Failed),
                Some(Ok(frame)) => {
                    let bytes = frame.data_ref().map_or(0, |data| data.remaining() as u64);
                    observation.add_bytes(bytes);
                    if *this.left != UNKNOWN {
                        *this.left = this.left.saturating_sub(bytes);
                    }
                    // hyper stops polling at any of these: the final `None` may never come.
                    let ended = *this.left == 0 || frame.is_trailers() || this.inner.is_end_stream();
                    ended.then_some(Ending::Whole)
                }
            };
            if let Some(ending) = ending {
                finish(this.observation, ending);
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
