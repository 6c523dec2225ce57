//! ms-health beside other crates for health, and beside answers that check nothing.

mod constant;
mod peers;

use std::cell::RefCell;
use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::http::{Request, StatusCode};
use ms_health::{Check, HealthCheck, HealthCheckBuilder, PeerAddr};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tower::{Service, ServiceExt};

use crate::claim::{Claim, Pair};
use crate::measure::nanoseconds;

const AREA: &str = "health";
const ROUNDS: usize = 9;
/// Probes that arrive together.
const CROWD: usize = 64;

pub fn claims() -> Vec<Claim> {
    let mut claims = vec![cached_probe(), polled_status(), detailed_probe()];
    claims.extend(constant::claims());
    claims.extend(crowd());
    claims
}

/// A probe of two checks that answer at once: the peer's best case.
fn cached_probe() -> Claim {
    let runtime = runtime();
    let pair = nanoseconds(
        20_000,
        probe(&runtime, ours(Database::instant()), false),
        probe(&runtime, peers::axum_health(Database::instant()), false),
    );
    Claim::new(AREA, "probe, bare status", "ns/request", pair, "axum-health", 0.8)
}

/// The same beside a status that is read from checks that run apart.
fn polled_status() -> Claim {
    let runtime = runtime();
    let pair = nanoseconds(
        20_000,
        probe(&runtime, ours(Database::instant()), false),
        probe(&runtime, peers::health(&runtime), false),
    );
    Claim::new(AREA, "probe, bare status", "ns/request", pair, "health", 1.25)
}

/// A probe from loopback, which is shown both checks, as the peer's probes always are.
fn detailed_probe() -> Claim {
    let runtime = runtime();
    let pair = nanoseconds(
        20_000,
        probe(&runtime, ours(Database::instant()), true),
        probe(&runtime, peers::axum_health(Database::instant()), true),
    );
    Claim::new(AREA, "probe, with details", "ns/request", pair, "axum-health", 1.25)
}

/// Probes that arrive together, at a database that takes 1 ms and serves one caller at a time.
fn crowd() -> [Claim; 2] {
    let runtime = runtime();
    let rounds: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let (our_database, their_database) = (Database::pool_of_one(), Database::pool_of_one());
            let waited = stampede(&runtime, ours(our_database.clone()));
            let their_wait = stampede(&runtime, peers::axum_health(their_database.clone()));
            ((waited, our_database.calls()), (their_wait, their_database.calls()))
        })
        .collect();
    let waits: Vec<_> = rounds.iter().map(|(ours, theirs)| (ours.0, theirs.0)).collect();
    let calls: Vec<_> = rounds.iter().map(|(ours, theirs)| (ours.1, theirs.1)).collect();
    let waited = Pair::of_rounds(&waits);
    let called = Pair::of_rounds(&calls);
    [
        Claim::new(AREA, "64 probes at once, until the last answer", "ms", waited, "axum-health", 0.1),
        Claim::new(AREA, "64 probes at once, load on the database", "calls", called, "axum-health", 0.02),
    ]
}

fn stampede(runtime: &Runtime, app: Router) -> f64 {
    runtime.block_on(async {
        let start = Instant::now();
        let mut probes: JoinSet<StatusCode> = JoinSet::new();
        for _ in 0..CROWD {
            let app = app.clone();
            let request = Request::get("/health").body(Body::empty()).expect("a request");
            probes.spawn(async move { app.oneshot(request).await.expect("infallible").status() });
        }
        let answers = probes.join_all().await;
        assert!(answers.into_iter().all(|status| status == StatusCode::OK), "both say that it is healthy");
        start.elapsed().as_secs_f64() * 1e3
    })
}

/// Something to check that counts how often it is asked.
#[derive(Clone)]
struct Database {
    calls: Arc<AtomicU64>,
    pool: Option<Arc<Semaphore>>,
}

impl Database {
    fn instant() -> Self {
        Self { calls: Arc::default(), pool: None }
    }

    fn pool_of_one() -> Self {
        Self { calls: Arc::default(), pool: Some(Arc::new(Semaphore::new(1))) }
    }

    fn calls(&self) -> f64 {
        self.calls.load(Ordering::Relaxed) as f64
    }

    async fn ping(self) -> Result<(), &'static str> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if let Some(pool) = &self.pool {
            let _connection = pool.acquire().await.map_err(|_| "closed")?;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }
}

fn ours(database: Database) -> Router {
    checks(database).build().expect("valid").router()
}

fn checks(database: Database) -> HealthCheckBuilder {
    let ttl = Duration::from_secs(3600);
    let database = Check::new("database", move || database.clone().ping()).critical();
    let cache = Check::new("cache", || async { Ok::<_, &str>(()) });
    HealthCheck::builder().add(database.ttl(ttl)).add(cache.ttl(ttl)).details_on_loopback(true)
}

/// One probe after the other; the answers of both sides are looked at before they are timed.
fn probe(runtime: &Runtime, app: Router, details: bool) -> impl FnMut() {
    let app = RefCell::new(app);
    let first = runtime.block_on(request(&mut app.borrow_mut(), details));
    assert_eq!(first.0, StatusCode::OK);
    assert!(!details || first.1 > 50, "details were shown");
    move || {
        black_box(runtime.block_on(request(&mut app.borrow_mut(), details)));
    }
}

/// Status and length of the answer.
async fn request(app: &mut Router, details: bool) -> (StatusCode, usize) {
    let mut request = Request::get("/health").body(Body::empty()).expect("a request");
    if details {
        request.extensions_mut().insert(PeerAddr(SocketAddr::from((Ipv4Addr::LOCALHOST, 9))));
    }
    let response = app.call(request).await.expect("infallible");
    let (status, mut length) = (response.status(), 0);
    let mut body = std::pin::pin!(response.into_body());
    while let Some(frame) = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        length += frame.expect("a frame").data_ref().map_or(0, |data| data.len());
    }
    (status, length)
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}
