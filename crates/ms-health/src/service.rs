//! The answers over HTTP, for any tower stack.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::{ALLOW, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Response};
use http_body_util::Full;
use tower_service::Service;

use crate::asked::Asked;
use crate::endpoint::{Endpoint, Question};
use crate::health::HealthCheck;
use crate::show::Answer;

/// Answers the paths of every [`Endpoint`] that is switched on and of every group, exactly these; 404 elsewhere. Made by
/// [`HealthCheck::service`].
///
/// GET and HEAD; 405 otherwise. Both errors are problem details (RFC 9457). `Cache-Control: no-store`. A cached bare
/// status allocates nothing where the request had three headers or more, as those of kubelets and balancers have: their
/// map becomes that of the answer.
#[derive(Debug, Clone)]
pub struct HealthService {
    health: HealthCheck,
    only: Option<Question>,
}

impl HealthCheck {
    /// Makes the tower service of all paths.
    pub fn service(&self) -> HealthService {
        HealthService { health: self.clone(), only: None }
    }

    /// Makes the tower service of one question, on whatever path it is mounted.
    pub fn endpoint(&self, endpoint: Endpoint) -> HealthService {
        HealthService { health: self.clone(), only: Some(Question::Endpoint(endpoint)) }
    }

    /// Makes the routes for any axum app: `app.merge(health.router())`.
    ///
    /// Serve with `into_make_service_with_connect_info::<SocketAddr>()`, or nobody is known to be on loopback.
    #[cfg(feature = "axum")]
    pub fn router<S: Clone + Send + Sync + 'static>(&self) -> axum::Router<S> {
        self.questions().fold(axum::Router::new(), |routes, (path, question)| {
            routes.route_service(path, HealthService { health: self.clone(), only: Some(question) })
        })
    }

    /// The paths that are served.
    fn questions(&self) -> impl Iterator<Item = (&str, Question)> {
        let (kubernetes, page) = (self.0.kubernetes, self.0.page);
        let on = move |endpoint: &Endpoint| match endpoint {
            Endpoint::Livez | Endpoint::Readyz | Endpoint::Startupz => kubernetes,
            Endpoint::Status => page,
            _ => true,
        };
        let endpoints = Endpoint::ALL.into_iter().filter(on);
        let groups = self.0.groups.iter().enumerate();
        endpoints
            .map(|endpoint| (endpoint.path(), Question::Endpoint(endpoint)))
            .chain(groups.map(|(number, group)| (group.path(), Question::Group(number))))
    }

    fn question(&self, path: &str) -> Option<Question> {
        self.questions().find_map(|(known, question)| (known == path).then_some(question))
    }
}

impl HealthService {
    fn respond(&self, request: Parts) -> ResponseFuture {
        let head = request.method == Method::HEAD;
        let Some(question) = self.only.or_else(|| self.health.question(request.uri.path())) else {
            return ResponseFuture::ready(Answer::not_found().into_response(head, request.headers));
        };
        if !head && request.method != Method::GET {
            let mut response = Answer::not_allowed().into_response(false, request.headers);
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return ResponseFuture::ready(response);
        }
        let asked = Asked::new(&self.health, question, &request);
        if let Some(answer) = asked.answer_at_once(&self.health) {
            return ResponseFuture::ready(answer.into_response(head, request.headers));
        }
        let health = self.health.clone();
        // Only the map is kept while it waits, not what else the request holds.
        let mut headers = request.headers;
        headers.clear();
        ResponseFuture(State::Waiting(Box::pin(async move {
            asked.answer(health).await.into_response(head, headers)
        })))
    }
}

impl<B> Service<Request<B>> for HealthService {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture {
        self.respond(request.into_parts().0)
    }
}

/// The future of a [`HealthService`].
///
/// # Cancel safety
///
/// Dropping it stops no check: a run is shared by all who wait for it.
pub struct ResponseFuture(State);

enum State {
    /// Boxed futures are for answers that must be waited for; most are not.
    Ready(Option<Response<Full<Bytes>>>),
    Waiting(BoxFuture<'static, Response<Full<Bytes>>>),
}

impl ResponseFuture {
    fn ready(response: Response<Full<Bytes>>) -> Self {
        Self(State::Ready(Some(response)))
    }
}

impl Future for ResponseFuture {
    type Output = Result<Response<Full<Bytes>>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            // Polled again after the end, a future may do anything but this: it never ends.
            State::Ready(response) => {
                response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response)))
            }
            State::Waiting(waiting) => waiting.as_mut().poll(cx).map(Ok),
        }
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
