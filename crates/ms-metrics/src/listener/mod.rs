//! A listener for the page alone, for services that have no HTTP of their own or keep it apart.
//!
//! `axum::serve` waits for ever for a head that never comes to its end, and takes as many connections as come. Here every
//! connection has its time, there is room for so many, and who does nothing makes room for others.

mod access;
mod connection;
mod peers;

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::access::{Network, Token};
use self::connection::Answering;
use self::peers::{Peers, Place};
use crate::builder::Metrics;
use crate::scrape::MetricsService;

/// Descriptors come back as connections end; asking for them without a pause would use up a processor.
const PAUSE: Duration = Duration::from_millis(250);
const SEND_BUFFER: u32 = 256 << 10;

impl Metrics {
    /// Configures a listener of its own for the page.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let metrics = ms_metrics::Metrics::builder().build()?;
    /// let listener = metrics.listener().address(([127, 0, 0, 1], 0)).bind()?;
    /// println!("http://{}/metrics", listener.address());
    /// let serving = tokio::spawn(listener.serve(std::future::ready(()))); // until the future ends
    /// serving.await?;
    /// # Ok(()) }
    /// ```
    pub fn listener(&self) -> ListenerBuilder {
        ListenerBuilder {
            service: self.service(),
            address: (Ipv4Addr::LOCALHOST, 9464).into(),
            token: None,
            networks: None,
        }
    }
}

/// Configures a [`MetricsListener`]; made by [`Metrics::listener`].
///
/// | option | default |
/// |---|---|
/// | [`address`](Self::address) | `127.0.0.1:9464` |
/// | [`path`](Self::path) | `/metrics` |
/// | [`token`](Self::token) | none |
/// | [`allow`](Self::allow) | everybody |
#[derive(Clone)]
#[must_use = "nothing listens until `bind`"]
pub struct ListenerBuilder {
    service: MetricsService,
    address: SocketAddr,
    token: Option<Result<Token, ()>>,
    networks: Option<Vec<String>>,
}

impl ListenerBuilder {
    /// Sets the address. One that is not on loopback needs a [`token`](Self::token) or a list of those
    /// [allowed](Self::allow).
    pub fn address(mut self, address: impl Into<SocketAddr>) -> Self {
        self.address = address.into();
        self
    }

    /// Sets the path of the page.
    pub fn path(mut self, path: impl Into<Arc<str>>) -> Self {
        self.service = self.service.path(path);
        self
    }

    /// Answers only requests with `Authorization: Bearer` and this token; any other is `401`.
    ///
    /// Its digest is kept, and compared in constant time.
    pub fn token(mut self, token: &str) -> Self {
        self.token = Some(Token::new(token).ok_or(()));
        self
    }

    /// Lets only these addresses connect, `10.0.0.0/8`, `fd00::/8` or single ones; any other is closed at once. Called
    /// again it adds to them.
    pub fn allow(mut self, networks: &[impl AsRef<str>]) -> Self {
        let networks = networks.iter().map(|network| network.as_ref().to_owned());
        self.networks.get_or_insert_default().extend(networks);
        self
    }

    /// Binds the address; whoever connects waits until [`MetricsListener::serve`].
    ///
    /// # Errors
    ///
    /// [`ListenError`]; nothing is bound.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with I/O and time, which takes the socket.
    pub fn bind(self) -> Result<MetricsListener, ListenError> {
        let token = self.token.transpose().map_err(|()| ListenError::Token)?;
        let parsed = |network: &String| {
            network.parse::<Network>().map_err(|()| ListenError::Network { network: network.clone() })
        };
        let networks = self.networks.iter().flatten().map(parsed).collect::<Result<Vec<_>, _>>()?;
        let networks = self.networks.is_some().then_some(networks);
        let address = self.address;
        if !address.ip().to_canonical().is_loopback() && token.is_none() && networks.is_none() {
            return Err(ListenError::Public { address });
        }
        let failed = |source| ListenError::Bind { address, source };
        let listener = listen(address).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let answering = Answering { service: self.service, token };
        Ok(MetricsListener { listener, address, answering, networks })
    }
}

impl fmt::Debug for ListenerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListenerBuilder")
            .field("service", &self.service)
            .field("address", &self.address)
            .field("networks", &self.networks)
            .finish_non_exhaustive()
    }
}

/// Why nothing listens.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// The address is not on loopback, and whoever reaches it could read the page.
    #[error("{address} is not on loopback: it needs a token or a list of allowed addresses")]
    Public {
        /// The address as it was given.
        address: SocketAddr,
    },
    /// The token is empty, or holds what no header can: only visible ASCII characters.
    #[error("the token is empty or not of visible ASCII characters")]
    Token,
    /// It is neither an address nor one with a length of its prefix, or has bits behind that.
    #[error("`{network}` is no network, such as 10.0.0.0/8 or fd00::/8, and no address")]
    Network {
        /// The network as it was given.
        network: String,
    },
    /// The system does not give the address.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address as it was given.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}

/// A bound listener for the page; made by [`ListenerBuilder::bind`].
///
/// | limit | |
/// |---|---|
/// | the head of a request | within 5 s, of 16 KiB; a longer one is `431` |
/// | an answer | taken within 10 s |
/// | connections | 64. Then whoever has sent no request for 20 ms, or taken nothing for 150 ms, makes room, the longest idle first |
/// | the body of a request | never read |
///
/// HTTP/1.1 only.
pub struct MetricsListener {
    listener: TcpListener,
    address: SocketAddr,
    answering: Answering,
    /// Everybody, if nothing.
    networks: Option<Vec<Network>>,
}

impl MetricsListener {
    /// Tells the address, with the port that the system has chosen if it was 0.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves the page until `ending`, and then until the answers under way are taken: 10 seconds at most.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it closes the listener and all connections at once.
    pub async fn serve(self, ending: impl Future<Output = ()>) {
        let peers = Arc::<Peers>::default();
        let (end, ended) = watch::channel(());
        let mut connections = JoinSet::new();
        let mut ending = pin!(ending);
        loop {
            let (stream, place) = tokio::select! {
                () = &mut ending => break,
                next = self.next(&peers) => next,
            };
            let peer = Arc::clone(&place.peer);
            let serving = connection::serve(stream, place, self.answering.clone(), ended.clone());
            Place::is_held_by(&peers, &peer, connections.spawn(serving));
            while connections.try_join_next().is_some() {}
        }
        drop(self.listener);
        // Nobody has to be there any more.
        let _ = end.send(());
        while connections.join_next().await.is_some() {}
    }

    /// Waits for a connection, and for room for it.
    async fn next(&self, peers: &Arc<Peers>) -> (TcpStream, Place) {
        let mut told = false;
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    let networks = self.networks.as_deref();
                    if networks.is_none_or(|known| known.iter().any(|network| network.holds(peer.ip()))) {
                        let _ = stream.set_nodelay(true);
                        return (stream, peers.enter().await);
                    }
                }
                Err(error) if is_of_the_client(&error) => {}
                Err(error) => {
                    if !std::mem::replace(&mut told, true) {
                        tracing::warn!(error = %error, "cannot accept connections for the metrics");
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // An address that was left a moment ago can be had again, as everywhere.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    // Otherwise the system keeps megabytes for each one that does not read.
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;
    socket.listen(1024)
}

/// A client may be gone before it is accepted.
fn is_of_the_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

impl fmt::Debug for MetricsListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsListener")
            .field("address", &self.address)
            .field("networks", &self.networks)
            .finish_non_exhaustive()
    }
}
