//! From the call to the head of the answer.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::body::{ObservedBody, UNKNOWN, length};
use super::names::Ending;
use super::nesting::{Counting, Entered, Running};
use super::observation::{Observation, PanicGuard, finish};

pin_project! {
    /// The future of [`HttpMetrics`](crate::HttpMetrics).
    ///
    /// # Cancel safety
    ///
    /// Dropping it before it is ready counts the request with the status `499`.
    pub struct HttpMetricsFuture<F> {
        #[pin]
        inner: F,
        observation: Option<Observation>,
    }
}

impl<F> HttpMetricsFuture<F> {
    pub(super) fn new(inner: F, observation: Option<Observation>) -> Self {
        Self { inner, observation }
    }
}

impl<F, B, E> Future for HttpMetricsFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
{
    type Output = Result<Response<ObservedBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let guard = PanicGuard::new(this.observation);
        let entered = Entered::<Counting>::new(Running::Poll);
        let result = this.inner.poll(cx);
        drop(entered);
        guard.returned();
        let response = match ready!(result) {
            Ok(response) => response,
            Err(error) => {
                finish(this.observation, Ending::Failed);
                return Poll::Ready(Err(error));
            }
        };
        let mut left = UNKNOWN;
        if let Some(observation) = this.observation {
            if observation.answered(&response) {
                left = length(&response).unwrap_or(UNKNOWN);
                if observation.has_no_body() || left == 0 || response.body().is_end_stream() {
                    finish(this.observation, Ending::Whole);
                }
            } else {
                finish(this.observation, Ending::Excluded);
            }
        }
        Poll::Ready(Ok(response.map(|inner| ObservedBody::new(inner, left, this.observation.take()))))
    }
}

impl<F> fmt::Debug for HttpMetricsFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpMetricsFuture").finish_non_exhaustive()
    }
}
