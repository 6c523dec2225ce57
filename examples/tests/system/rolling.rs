//! A rolling restart: two services behind a proxy that follows their readiness, under load, and nobody notices.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::harness::wait::{PATIENCE, until};
use crate::harness::{Client, Service};

/// What is asked at least; more, if both restarts take longer.
const REQUESTS: usize = 20_000;
const CLIENTS: usize = 8;
/// Far longer than the proxy needs to see that readiness has fallen.
const DRAIN: [&str; 2] = ["--drain", "2"];

/// One of the two places behind the proxy.
struct Backend {
    address: Mutex<SocketAddr>,
    ready: AtomicBool,
}

impl Backend {
    fn of(service: &Service) -> Self {
        Self { address: Mutex::new(service.address), ready: AtomicBool::new(false) }
    }

    fn address(&self) -> SocketAddr {
        *self.address.lock().expect("not poisoned")
    }

    fn is_ready(&self) -> bool {
        self.ready.load(Ordering::SeqCst)
    }
}

struct Proxy {
    backends: [Backend; 2],
    next: AtomicUsize,
    ended: AtomicBool,
}

impl Proxy {
    /// Probes one backend until the end; anything but 200 takes it out.
    fn follow(&self, backend: &Backend) {
        while !self.ended.load(Ordering::SeqCst) {
            let answer = Client::new(backend.address()).try_get("/health/ready");
            backend.ready.store(answer.is_ok_and(|answer| answer.status == 200), Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Passes the requests of one client on, one connection each, to the backends that are ready in turn.
    fn serve(&self, client: TcpStream) -> io::Result<()> {
        let mut requests = BufReader::new(client.try_clone()?);
        let mut client = client;
        loop {
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                if requests.read_line(&mut head)? == 0 {
                    return Ok(());
                }
            }
            // Room for the length: one write, since the second of two small ones waits for the receiver.
            let mut answer = vec![0; 4];
            match self.pick() {
                Some(address) => pass_on(address, &head, &mut answer)?,
                None => answer.extend(b"HTTP/1.1 502 Bad Gateway\r\n\r\n"),
            }
            let length = u32::try_from(answer.len() - 4).expect("short");
            answer[..4].copy_from_slice(&length.to_be_bytes());
            client.write_all(&answer)?;
        }
    }

    fn pick(&self) -> Option<SocketAddr> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        (0..2)
            .map(|turn| &self.backends[(first + turn) % 2])
            .find(|backend| backend.is_ready())
            .map(Backend::address)
    }
}

fn pass_on(address: SocketAddr, head: &str, answer: &mut Vec<u8>) -> io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(head.as_bytes())?;
    stream.read_to_end(answer).map(drop)
}

/// Asks through the proxy until there have been enough requests and the restarts are over; how many, and what failed.
fn ask(proxy: SocketAddr, sent: &AtomicUsize, restarted: &AtomicBool) -> Vec<String> {
    let mut stream = TcpStream::connect(proxy).expect("the proxy accepts");
    let mut failed = Vec::new();
    while sent.fetch_add(1, Ordering::SeqCst) < REQUESTS || !restarted.load(Ordering::SeqCst) {
        match exchange(&mut stream) {
            Ok(answer) if answer.starts_with("HTTP/1.1 200 ") && answer.ends_with('}') => {}
            Ok(answer) => failed.push(answer),
            Err(error) => {
                failed.push(error.to_string());
                stream = TcpStream::connect(proxy).expect("the proxy accepts");
            }
        }
    }
    failed
}

fn exchange(stream: &mut TcpStream) -> io::Result<String> {
    stream.write_all(b"GET /api/v1/alerts HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut answer = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[test]
fn a_rolling_restart_fails_not_one_of_twenty_thousand_requests() {
    let mut services = [Service::start(&DRAIN), Service::start(&DRAIN)];
    let backends = [Backend::of(&services[0]), Backend::of(&services[1])];
    let proxy = Arc::new(Proxy { backends, next: AtomicUsize::new(0), ended: AtomicBool::new(false) });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("an address");
    let accepting = Arc::clone(&proxy);
    // Ends with the process.
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let proxy = Arc::clone(&accepting);
            std::thread::spawn(move || proxy.serve(client));
        }
    });
    let (sent, restarted) = (AtomicUsize::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for backend in &proxy.backends {
            scope.spawn(|| proxy.follow(backend));
        }
        until("both are ready", || proxy.backends.iter().all(Backend::is_ready));
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(|| ask(address, &sent, &restarted))).collect();
        for (service, backend) in services.iter_mut().zip(&proxy.backends) {
            let before = sent.load(Ordering::SeqCst);
            until("it has load", || sent.load(Ordering::SeqCst) > before + 100);
            service.stop();
            assert!(!backend.is_ready(), "the proxy noticed in the drain period");
            *service = Service::start_in(service.directory(), &DRAIN);
            *backend.address.lock().expect("not poisoned") = service.address;
            until("the proxy sends to the new one", || backend.is_ready());
        }
        restarted.store(true, Ordering::SeqCst);
        let failed: Vec<_> =
            clients.into_iter().flat_map(|client| client.join().expect("a client")).collect();
        proxy.ended.store(true, Ordering::SeqCst);
        assert_eq!(failed, Vec::<String>::new(), "of {} requests", sent.load(Ordering::SeqCst));
        assert!(sent.load(Ordering::SeqCst) >= REQUESTS);
    });
}
