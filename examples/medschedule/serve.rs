//! Connections: how many, how long, and how they end.
//!
//! `axum::serve` waits for ever for a head that never comes to its end, and takes as many connections as come: a few
//! hundred half heads use up all file descriptors. Here every connection has its time, and there is room for so many.

mod stall;

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::stall::Stall;

/// A request's head must be there so long after the connection, or the answer before it.
const HEAD: Duration = Duration::from_secs(5);
/// A client that takes nothing of an answer for so long is gone.
const STALL: Duration = Duration::from_secs(8);
/// Half of the 1,024 file descriptors that a process usually may have: databases, files and the log need some, too.
const CONNECTIONS: usize = 512;
/// Descriptors come back as connections end; asking for them without a pause would use up a processor.
const PAUSE: Duration = Duration::from_millis(250);

/// Serves HTTP/1.1 until `ending`, then until the requests that are running have come to their end.
///
/// Requests hold the peer as `ConnectInfo<SocketAddr>`. A connection is closed if a head takes more than 5 seconds,
/// that is also after 5 idle ones, or if its client takes nothing of an answer for 8. There are 512 connections at
/// most; more wait until the system's own queue is full. If one cannot be accepted, as without a file descriptor left,
/// it waits for the next.
///
/// # Cancel safety
///
/// Dropped, it accepts no more; connections go on by themselves.
pub async fn serve(listener: TcpListener, app: Router, ending: impl Future<Output = ()>) {
    let app = TowerToHyperService::new(app);
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let connections = GracefulShutdown::new();
    let mut ending = pin!(ending);
    loop {
        let (stream, peer, place) = tokio::select! {
            () = &mut ending => break,
            next = next(&listener, &room) => next,
        };
        tokio::spawn(answer(stream, peer, app.clone(), connections.watcher(), place));
    }
    drop(listener);
    connections.shutdown().await;
}

/// Waits for room, then for a connection.
async fn next(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // Nobody closes the semaphore; `None` would be a place without a limit.
    let place = Arc::clone(room).acquire_owned().await.ok();
    let mut told = false;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, place),
            Err(error) if is_of_the_client(&error) => {}
            Err(error) => {
                if !std::mem::replace(&mut told, true) {
                    tracing::warn!(error = %error, "cannot accept connections");
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// A client may be gone before it is accepted.
fn is_of_the_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn answer(
    stream: TcpStream,
    peer: SocketAddr,
    app: TowerToHyperService<Router>,
    watcher: Watcher,
    place: Option<OwnedSemaphorePermit>,
) {
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        app.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(Stall::new(stream, STALL)), service);
    // What fails here is the client's connection; the request, if there was one, has been logged and counted.
    let _ = watcher.watch(connection).await;
    drop(place);
}

#[cfg(test)]
mod tests;
