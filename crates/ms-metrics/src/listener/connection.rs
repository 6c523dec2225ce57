//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Duration, sleep_until, timeout};
use tower_service::Service;

use super::access::Token;
use super::peers::{Peer, Place};
use crate::scrape::{MetricsBody, MetricsService};

/// A longer head is answered with `431`; and of a page so much is buffered at most beside its pieces.
const BUFFER: usize = 16 << 10;
/// What is thrown away of a request that is answered before it was read to its end.
const MOST_REST: u64 = 256 << 10;
const REST: Duration = Duration::from_secs(1);

/// What every request is answered with.
#[derive(Clone)]
pub(super) struct Answering {
    pub(super) service: MetricsService,
    pub(super) token: Option<Token>,
}

/// Answers requests until the client goes, its time is over, or the listener ends.
pub(super) async fn serve(
    stream: TcpStream,
    place: Place,
    answering: Answering,
    mut ending: watch::Receiver<()>,
) {
    let peer = Arc::clone(&place.peer);
    let service = service_fn({
        let peer = Arc::clone(&peer);
        move |request| Box::pin(answer(answering.clone(), Arc::clone(&peer), request))
    });
    let stream = Watched { stream, peer: Arc::clone(&peer), is_cut: true };
    let mut connection = http1::Builder::new()
        .max_buf_size(BUFFER)
        // A client that has no more to say may still listen.
        .half_close(true)
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(stream), service);
    let mut is_ending = false;
    loop {
        let deadline = peer.deadline();
        tokio::select! {
            // What fails here is the client's connection.
            _ = std::future::poll_fn(|cx| connection.poll_without_shutdown(cx)) => break,
            () = sleep_until(deadline) => {
                if peer.deadline() <= deadline {
                    return;
                }
            }
            _ = ending.changed(), if !is_ending => {
                is_ending = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
    }
    // To close with something unread would take the answer, `431` above all, from the client again.
    let mut watched = connection.into_parts().io.into_inner();
    watched.is_cut = false;
    let rest = async {
        watched.stream.shutdown().await?;
        tokio::io::copy(&mut (&mut watched.stream).take(MOST_REST), &mut tokio::io::sink()).await
    };
    let _ = timeout(REST, rest).await;
    drop(place);
}

async fn answer(
    mut answering: Answering,
    peer: Arc<Peer>,
    request: Request<Incoming>,
) -> Result<Response<WatchedBody>, Infallible> {
    peer.answers();
    let is_welcome = answering.token.is_none_or(|token| token.is_given_by(request.headers()));
    let response = if is_welcome {
        answering.service.call(request).await?
    } else {
        let mut response = Response::new(MetricsBody::empty());
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        response
    };
    Ok(response.map(|body| WatchedBody { body, peer }))
}

/// A body whose end is the end of the answer.
struct WatchedBody {
    body: MetricsBody,
    peer: Arc<Peer>,
}

impl Body for WatchedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for WatchedBody {
    fn drop(&mut self) {
        self.peer.waits_for_head();
    }
}

/// A stream that tells when a write has to wait.
struct Watched {
    stream: TcpStream,
    peer: Arc<Peer>,
    /// Dropped so, it has not come to its end.
    is_cut: bool,
}

impl Drop for Watched {
    fn drop(&mut self) {
        if self.is_cut && self.peer.is_answered() {
            // Otherwise the system keeps what is not taken of the answer, and goes on offering it for minutes.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.peer.write_waits(written.is_pending());
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.peer.write_waits(written.is_pending());
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
