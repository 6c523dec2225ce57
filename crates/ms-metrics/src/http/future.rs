//! From the call to the head of the answer.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::body::{ObservedBody, declared_length};
use super::endpoint::Endpoint;
use super::observation::{Observation, PanicGuard};

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
        let result = this.inner.poll(cx);
        guard.returned();
        let result = ready!(result);
        let mut observation = this.observation.take();
        Poll::Ready(match result {
            Ok(response) => {
                if let (Some(observation), Some(endpoint)) =
                    (&mut observation, response.extensions().get::<Endpoint>())
                {
                    observation.redirect(endpoint);
                }
                let (status, declared) = (response.status().as_u16(), declared_length(response.headers()));
                Ok(response.map(|inner| ObservedBody::new(inner, status, declared, observation)))
            }
            Err(error) => {
                observation.into_iter().for_each(|observation| observation.finish(500));
                Err(error)
            }
        })
    }
}

impl<F> fmt::Debug for HttpMetricsFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpMetricsFuture").finish_non_exhaustive()
    }
}
