//! From the call to the head of the response.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::body::ResponseBody;
use super::observation::Observation;

pin_project! {
    /// The future of [`RequestLog`](super::RequestLog). Dropped before it is ready, it logs the request as 499.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        observation: Option<Observation>,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn new(inner: F, observation: Option<Observation>) -> Self {
        Self { inner, observation }
    }
}

impl<F> std::fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Body,
{
    type Output = Result<Response<ResponseBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let step = || this.inner.poll(cx);
        let result = ready!(match this.observation.as_mut() {
            Some(observation) => observation.run(step),
            None => step(),
        });
        let observation = this.observation.take();
        Poll::Ready(match result {
            Ok(mut response) => {
                let observation = observation.map(|seen| seen.answered(&mut response));
                Ok(response.map(|inner| ResponseBody::new(inner, observation)))
            }
            Err(error) => {
                observation.into_iter().for_each(Observation::failed);
                Err(error)
            }
        })
    }
}
