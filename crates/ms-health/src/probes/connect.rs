//! A connection to a name, whose resolver may hang.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};

use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::crew::Lease;

/// Connects to `host:port`.
///
/// The system's resolver blocks its thread for as long as a name server says nothing. tokio asks it on a thread of its
/// pool, one more for each run, and a runtime waits at its end for all of them; here it is a thread that is counted as a
/// part of the run.
pub(super) async fn connect(address: &str) -> io::Result<TcpStream> {
    if let Ok(known) = address.parse::<SocketAddr>() {
        return TcpStream::connect(known).await;
    }
    let address = address.to_owned();
    let found = in_thread(move || address.to_socket_addrs().map(Vec::from_iter)).await?;
    TcpStream::connect(&*found).await
}

async fn in_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (answer, answered) = oneshot::channel();
    let lease = Lease::share();
    let work = move || {
        let found = work();
        drop(lease);
        // Past the deadline nobody is waiting any more.
        let _ = answer.send(found);
    };
    std::thread::Builder::new().name("health resolver".to_owned()).spawn(work)?;
    answered.await.map_err(|_| io::Error::other("the resolver panicked"))?
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::{Arc, Mutex, mpsc};
    use std::time::Duration;

    use super::*;
    use crate::{Check, HealthCheck, Reason, Status};

    #[tokio::test]
    async fn names_and_addresses_are_connected_to() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        for host in ["127.0.0.1", "localhost"] {
            assert_eq!(connect(&format!("{host}:{port}")).await.unwrap().peer_addr().unwrap().port(), port);
        }
        for wrong in ["localhost", "localhost:99999", ""] {
            assert!(connect(wrong).await.is_err(), "{wrong}");
        }
    }

    /// A resolver that says nothing until the test lets it.
    #[test]
    fn a_resolver_that_hangs_is_counted_never_doubled_and_keeps_no_runtime_from_ending() {
        let asked = Arc::new(AtomicU32::new(0));
        let (release, held) = mpsc::channel::<()>();
        let (counted, held) = (Arc::clone(&asked), Arc::new(Mutex::new(held)));
        let check = Check::new("mail", move || {
            let (counted, held) = (Arc::clone(&counted), Arc::clone(&held));
            in_thread(move || {
                counted.fetch_add(1, Ordering::Relaxed);
                let _ = held.lock().unwrap().recv();
                Ok(())
            })
        });
        // A short deadline's answers are soon too old for a machine that is busy with something else.
        let check = check.max_age(Duration::from_secs(60));
        let check = check.deadline(Duration::from_millis(20)).ttl(Duration::ZERO);
        let health = HealthCheck::builder().add(check).build().unwrap();
        let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let first = runtime();
        for _ in 0..3 {
            let report = first.block_on(health.report());
            assert_eq!(report.check("mail").unwrap().reason(), Some(Reason::Timeout));
        }
        drop(first);
        assert_eq!((asked.load(Ordering::Relaxed), health.abandoned_runs()), (1, 1));
        drop(release);
        let recovers = async { while health.report().await.status() != Status::Healthy {} };
        let second = runtime();
        second.block_on(async { tokio::time::timeout(Duration::from_secs(30), recovers).await }).unwrap();
        assert_eq!(health.abandoned_runs(), 0);
    }
}
