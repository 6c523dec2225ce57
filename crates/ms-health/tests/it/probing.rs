//! The ready-made probes against the real things: up, stopped, paused, refusing, exhausted.

use std::time::{Duration, Instant};

use ms_health::{
    Check, CheckReport, DiskProbe, HealthCheck, HttpProbe, Probe, Reason, RedisProbe, SqlxProbe, Status,
    TcpProbe,
};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use sqlx::postgres::{PgPool, PgPoolOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::server::{get, serve};
use crate::servers::{Postgres, Redis};

/// Enough for a loaded machine, far from what an operator would wait.
const DEADLINE: Duration = Duration::from_secs(1);

/// A service whose only critical check is this one, and a neighbour that always works.
fn service(probe: impl Probe) -> HealthCheck {
    let check = Check::of("subject", probe).critical().deadline(DEADLINE).ttl(Duration::ZERO);
    HealthCheck::builder().add(check).check("neighbour", || async { Ok::<_, &str>(()) }).build().unwrap()
}

async fn ask(health: &HealthCheck) -> CheckReport {
    let begun = Instant::now();
    let report = health.report().await;
    assert!(begun.elapsed() < DEADLINE + Duration::from_secs(5), "bounded: {:?}", begun.elapsed());
    assert_eq!(report.check("neighbour").unwrap().status(), Status::Healthy);
    assert_eq!(health.liveness().status(), Status::Healthy, "liveness stays");
    let subject = report.check("subject").unwrap().clone();
    assert_eq!(health.readiness().await.status().is_serving(), subject.status().is_serving());
    subject
}

async fn until_healthy(health: &HealthCheck) {
    let recovers = async { while health.report().await.status() != Status::Healthy {} };
    tokio::time::timeout(Duration::from_secs(60), recovers).await.expect("it recovers by itself");
}

fn pool(url: &str) -> PgPool {
    PgPoolOptions::new().max_connections(2).connect_lazy(url).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_stopped_paused_refusing_and_exhausted() {
    let mut server = Postgres::start();
    let pool = pool(&server.url("right-password"));
    let health = service(SqlxProbe::new(pool.clone()));
    until_healthy(&health).await;
    let up = ask(&health).await;
    assert_eq!(up.status(), Status::Healthy, "{up:?}");
    // A connection goes back to the pool a moment after its run; the next may have made the other one meanwhile.
    assert!(matches!(up.readings()[0].value, Some(1.0 | 2.0)), "{up:?}");

    let wrong = service(SqlxProbe::new(self::pool(&server.url("hunter2hunter2"))));
    let refused = ask(&wrong).await;
    assert_eq!((refused.status(), refused.reason()), (Status::Unhealthy, Some(Reason::Failed)));
    let error = refused.error().unwrap();
    assert!(error.contains("password authentication failed") && !error.contains("hunter2"), "{error}");

    let missing = service(SqlxProbe::new(pool.clone()).query("SELECT count(*) FROM gone"));
    assert!(ask(&missing).await.error().unwrap().contains("gone"), "an emptied database is found");

    let held = (pool.acquire().await.unwrap(), pool.acquire().await.unwrap());
    assert_eq!(ask(&health).await.reason(), Some(Reason::Timeout), "no connection is free");
    drop(held);
    until_healthy(&health).await;

    server.signal("STOP");
    for _ in 0..2 {
        assert_eq!(ask(&health).await.reason(), Some(Reason::Timeout));
    }
    server.signal("CONT");
    until_healthy(&health).await;

    server.stop();
    let gone = ask(&health).await;
    assert_eq!(
        (gone.status(), gone.reason()),
        (Status::Unhealthy, Some(Reason::Timeout)),
        "the pool tries on"
    );
    let impatient = PgPoolOptions::new().acquire_timeout(DEADLINE / 2);
    let impatient = impatient.connect_lazy(&server.url("right-password")).unwrap();
    let gone = ask(&service(SqlxProbe::new(impatient))).await;
    assert_eq!((gone.status(), gone.reason()), (Status::Unhealthy, Some(Reason::Failed)), "{gone:?}");
    server.resume();
    until_healthy(&health).await;
    assert_eq!(health.abandoned_runs(), 0);
}

#[tokio::test]
async fn sqlite_through_the_same_probe() {
    let pool = sqlx::SqlitePool::connect("sqlite::memory:").await.unwrap();
    let health = service(SqlxProbe::new(pool.clone()));
    assert_eq!(ask(&health).await.status(), Status::Healthy);
    pool.close().await;
    assert_eq!(ask(&health).await.reason(), Some(Reason::Failed));
}

/// A manager that gives up soon, as a service's should.
async fn manager(url: &str) -> Result<ConnectionManager, redis::RedisError> {
    let config = ConnectionManagerConfig::new().set_number_of_retries(1);
    ConnectionManager::new_with_config(redis::Client::open(url)?, config).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_stopped_paused_and_refusing() {
    let mut server = Redis::start();
    let health = service(RedisProbe::new(manager(&server.url("right-password")).await.unwrap()));
    until_healthy(&health).await;
    let (url, port) = (server.url("hunter2hunter2"), server.port());
    // A manager is not made with a wrong password; a service that makes it lazily finds out in the check.
    let closure = Check::new("subject", move || {
        let url = url.clone();
        async move { redis::cmd("PING").exec_async(&mut manager(&url).await?).await }
    });
    let wrong = HealthCheck::builder().add(closure.critical()).build().unwrap().report().await;
    let wrong = wrong.check("subject").unwrap();
    assert_eq!(wrong.status(), Status::Unhealthy, "{wrong:?}");
    assert!(!format!("{wrong:?}").contains("hunter2"));
    let listening = service(TcpProbe::new(format!("127.0.0.1:{port}")));
    assert_eq!(ask(&listening).await.status(), Status::Healthy);

    server.signal("STOP");
    // The client has a limit of its own, half a second; whichever is shorter ends it.
    assert_eq!(ask(&health).await.status(), Status::Unhealthy);
    assert_eq!(ask(&listening).await.status(), Status::Healthy, "the kernel still accepts for it");
    server.signal("CONT");
    until_healthy(&health).await;

    server.stop();
    assert_eq!(ask(&health).await.status(), Status::Unhealthy);
    let refused = ask(&listening).await;
    assert_eq!(refused.error(), Some("Connection refused (os error 111)"));
    server.resume();
    until_healthy(&health).await;
}

#[tokio::test]
async fn another_service_is_asked_how_it_is() {
    let other = HealthCheck::builder()
        .add(Check::new("database", || async { Ok::<_, &str>(()) }).critical())
        .check("cache", || async { Err("down") })
        .build()
        .unwrap();
    let server = serve(other.router()).await;
    let found =
        async |path: &str| ask(&service(HttpProbe::new(&format!("http://{server}{path}")).unwrap())).await;
    let degraded = found("/health").await;
    assert_eq!(
        (degraded.status(), degraded.error()),
        (Status::Degraded, Some("it answers 200 and degraded"))
    );
    assert_eq!(found("/health/ready").await.status(), Status::Healthy);
    assert_eq!(found("/nothing").await.error(), Some("it answers 404"));
    other.begin_shutdown();
    assert_eq!(found("/health/ready").await.error(), Some("it answers 503 and unhealthy"));
}

#[tokio::test]
async fn a_token_opens_the_other_service_and_is_never_shown() {
    let token = "a-token-of-thirty-two-characters";
    let other = HealthCheck::builder().token(token).critical("database", || async { Ok::<_, &str>(()) });
    let server = serve(other.build().unwrap().router()).await;
    let probe = HttpProbe::new(&format!("http://{server}/health")).unwrap().bearer(token).unwrap();
    assert!(!format!("{probe:?}").contains(token));
    assert_eq!(ask(&service(probe)).await.status(), Status::Healthy);
    assert_eq!(get(server, "/health", "").await.body, r#"{"status":"healthy"}"#);
}

/// Answers one request with these bytes, then holds the connection open.
async fn answering(bytes: Vec<u8>) -> HealthCheck {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = [0; 1024];
        let _ = stream.read(&mut head).await;
        let _ = stream.write_all(&bytes).await;
        std::future::pending::<()>().await;
    });
    service(HttpProbe::new(&format!("http://{address}/health")).unwrap())
}

#[tokio::test]
async fn a_peer_that_says_nothing_nonsense_or_too_much_is_down_in_time() {
    assert_eq!(ask(&answering(Vec::new()).await).await.reason(), Some(Reason::Timeout));
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{\"status\":".to_vec();
    assert_eq!(ask(&answering(half).await).await.reason(), Some(Reason::Timeout));
    assert_eq!(
        ask(&answering(b"SSH-2.0-OpenSSH\r\n\r\n".to_vec()).await).await.reason(),
        Some(Reason::Failed)
    );
    let mut flood = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n".to_vec();
    flood.resize(1_000_045, b' ');
    let found = ask(&answering(flood).await).await;
    assert_eq!((found.status(), found.error()), (Status::Unhealthy, Some("length limit exceeded")));
    let moved = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n".to_vec();
    assert_eq!(ask(&answering(moved).await).await.error(), Some("it answers 302"));
}

#[tokio::test]
async fn a_disk_that_is_full_missing_or_not_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let found = async |probe: DiskProbe| {
        let health = HealthCheck::builder().add(Check::of_blocking("disk", probe).ttl(Duration::ZERO));
        health.build().unwrap().report().await.check("disk").unwrap().clone()
    };
    let fine = found(DiskProbe::new(folder.path()).min_free_bytes(1).write_test()).await;
    assert_eq!(fine.status(), Status::Healthy, "{fine:?}");
    assert!(fine.readings()[0].value.unwrap() > 0.0);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");

    let short = found(DiskProbe::new(folder.path()).min_free_bytes(u64::MAX)).await;
    assert_eq!((short.status(), short.reason()), (Status::Degraded, Some(Reason::Limit)));
    let missing = found(DiskProbe::new(folder.path().join("gone")).write_test()).await;
    assert_eq!(
        (missing.status(), missing.error()),
        (Status::Unhealthy, Some("No such file or directory (os error 2)"))
    );

    // A device on which every write fails for want of room, and a name that somebody else has taken.
    let file = folder.path().join("file");
    std::fs::write(&file, "x").unwrap();
    assert_eq!(found(DiskProbe::new(&file).write_test()).await.status(), Status::Unhealthy);
    let taken = folder.path().join(format!(".ms-health-{}", std::process::id()));
    std::os::unix::fs::symlink(&file, &taken).unwrap();
    assert_eq!(found(DiskProbe::new(folder.path()).write_test()).await.status(), Status::Healthy);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "x", "no link is followed");
}
