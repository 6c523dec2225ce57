//! From the head of the response to its last byte.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::observation::Observation;

pin_project! {
    /// The body of a response whose end is still to be logged.
    pub struct ResponseBody<B> {
        #[pin]
        inner: B,
        observation: Option<Observation>,
    }
}

impl<B> std::fmt::Debug for ResponseBody<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResponseBody").finish_non_exhaustive()
    }
}

impl<B: Body> ResponseBody<B> {
    pub(super) fn new(inner: B, observation: Option<Observation>) -> Self {
        let mut body = Self { inner, observation };
        let bodiless = body.observation.as_ref().is_some_and(Observation::has_no_body);
        if bodiless || body.inner.is_end_stream() {
            body.observation.take().into_iter().for_each(Observation::finish);
        }
        body
    }
}

impl<B: Body> Body for ResponseBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let mut step = || this.inner.as_mut().poll_frame(cx);
        let frame = ready!(match this.observation.as_mut() {
            Some(observation) => observation.run(step),
            None => step(),
        });
        match &frame {
            Some(Err(_)) => this.observation.take().into_iter().for_each(Observation::broken),
            // hyper stops polling at `is_end_stream` and at the length that was announced: `None` may never come.
            Some(Ok(data)) => {
                let sent = data.data_ref().map_or(0, |data| bytes_of(data) as u64);
                let complete = this.observation.as_mut().is_some_and(|seen| seen.sent(sent));
                if complete || this.inner.is_end_stream() {
                    this.observation.take().into_iter().for_each(Observation::finish);
                }
            }
            None => this.observation.take().into_iter().for_each(Observation::finish),
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

fn bytes_of(data: &impl bytes::Buf) -> usize {
    data.remaining()
}
