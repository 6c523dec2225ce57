//! PostgreSQL and Redis in place of what is built in, there and gone.

use std::io::Write;
use std::sync::Barrier;
use std::time::Instant;

use serde_json::{Value, json};

use crate::ending::{begin_import, roster as sound_roster};
use crate::harness::http::{read_all, status_of};
use crate::harness::servers::{Postgres, Redis};
use crate::harness::wait::{eventually, until};
use crate::harness::{Client, Service};
use crate::roster::{self, ids, list, shift, total};

fn start(postgres: &Postgres, redis: &Redis) -> Service {
    Service::start(&["--database-url", &postgres.url(), "--redis-url", &redis.url()])
}

#[test]
fn the_api_keeps_its_promises_on_postgresql_and_redis() {
    let (postgres, redis) = (Postgres::start(), Redis::start());
    let service = start(&postgres, &redis);
    assert_eq!(service.get("/health").ok(200)["status"], "healthy");
    roster::check(&service);
    // The roster is the server's: another service finds it, and a change by one shows at the other.
    let other = start(&postgres, &redis);
    assert_eq!(list(&other, "").len() as u64, total(&service));
    let new = shift("A", "B", "2026-04-01T08:00:00Z", "2026-04-01T09:00:00Z");
    let (before, planned) = (total(&service), other.post("/api/v1/shifts", &new).ok(201));
    assert_eq!(total(&service), before + 1);
    assert_eq!(
        service.delete(&format!("/api/v1/shifts/{}", planned["id"].as_str().expect("an id"))).status,
        204
    );
    assert_eq!(total(&other), before);
    for secret in [postgres.url(), redis.url()] {
        assert!(!service.terminal().contains(&secret), "{}", service.terminal());
    }
}

#[test]
fn both_services_may_start_on_an_empty_database_at_once() {
    let (postgres, redis) = (Postgres::start(), Redis::start());
    std::thread::scope(|scope| {
        let starts: Vec<_> = (0..2).map(|_| scope.spawn(|| total(&start(&postgres, &redis)))).collect();
        for started in starts {
            assert_eq!(started.join().expect("it starts"), 0);
        }
    });
}

#[test]
fn of_concurrent_planners_who_refuse_conflicts_one_succeeds() {
    let (postgres, redis) = (Postgres::start(), Redis::start());
    let services = [start(&postgres, &redis), start(&postgres, &redis)];
    let on_postgres: Vec<&Client> = services.iter().map(|service| &**service).collect();
    one_planner_wins(&on_postgres);
    let service = Service::start(&[]);
    one_planner_wins(&[&service]);
}

fn one_planner_wins(services: &[&Client]) {
    const PLANNERS: usize = 6;
    for round in 0..8 {
        let barrier = Barrier::new(PLANNERS);
        let employee = format!("Çalışan {round}");
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let planners: Vec<_> = (0..PLANNERS)
                .map(|planner| {
                    let (barrier, employee) = (&barrier, &employee);
                    scope.spawn(move || {
                        // Each overlaps with each other, none is the same.
                        let start = format!("2026-03-02T08:0{planner}:00+03:00");
                        let new = shift(employee, "Acil Servis", &start, "2026-03-02T16:00:00+03:00");
                        let service = services[planner % services.len()];
                        barrier.wait();
                        service.post("/api/v1/shifts?on_conflict=refuse", &new).status
                    })
                })
                .collect();
            planners.into_iter().map(|planner| planner.join().expect("an answer")).collect()
        });
        let of = |status| statuses.iter().filter(|found| **found == status).count();
        assert_eq!((of(201), of(409)), (1, PLANNERS - 1), "{statuses:?}");
    }
    assert_eq!(services[0].get("/api/v1/reports/shifts").ok(200)["common_conflicts"]["total_pairs"], 0);
}

#[test]
fn without_redis_it_is_degraded_and_still_reports() {
    let (postgres, mut redis) = (Postgres::start(), Redis::start());
    let service = start(&postgres, &redis);
    let new = |hour: u8| {
        let (start, end) = (format!("2026-03-02T{hour:02}:00:00Z"), format!("2026-03-02T{hour:02}:30:00Z"));
        shift("Ayşe", "Acil", &start, &end)
    };
    service.post("/api/v1/shifts", &new(8)).ok(201);
    assert_eq!(total(&service), 1);

    redis.stop();
    let health = status(&service, "degraded");
    assert_eq!(
        (&health["cache"]["status"], &health["database"]["status"]),
        (&json!("unhealthy"), &json!("healthy"))
    );
    assert_eq!(service.get("/health/ready").status, 200);
    let begun = Instant::now();
    assert_eq!(total(&service), 1);
    service.post("/api/v1/shifts", &new(9)).ok(201);
    assert_eq!(total(&service), 2, "never the report of before");
    assert!(begun.elapsed().as_secs() < 15, "a cache that is gone makes it slow: {:?}", begun.elapsed());

    redis.resume();
    status(&service, "healthy");
    service.post("/api/v1/shifts", &new(10)).ok(201);
    assert_eq!(total(&service), 3);
}

#[test]
fn a_redis_that_hangs_makes_nothing_hang() {
    let redis = Redis::start();
    let service = Service::start(&["--redis-url", &redis.url()]);
    let new = shift("Ayşe", "Acil", "2026-03-02T08:00:00Z", "2026-03-02T16:00:00Z");
    assert_eq!(total(&service), 0);

    redis.signal("STOP");
    status(&service, "degraded");
    let begun = Instant::now();
    service.post("/api/v1/shifts", &new).ok(201);
    for _ in 0..10 {
        assert_eq!(total(&service), 1);
    }
    assert!(begun.elapsed().as_secs() < 15, "{:?}", begun.elapsed());
    redis.signal("CONT");
    status(&service, "healthy");
    assert_eq!(total(&service), 1);
}

#[test]
fn it_starts_without_redis() {
    let redis = format!("redis://{}", crate::harness::process::free_address());
    let service = Service::start(&["--redis-url", &redis]);
    assert_eq!(total(&service), 0);
    status(&service, "degraded");
}

#[test]
fn without_postgresql_it_is_unhealthy_until_it_is_back() {
    let (mut postgres, redis) = (Postgres::start(), Redis::start());
    let service = start(&postgres, &redis);
    let new = shift("Ayşe", "Acil", "2026-03-02T08:00:00Z", "2026-03-02T16:00:00Z");
    let kept = service.post("/api/v1/shifts", &new).ok(201);

    postgres.stop();
    until("health notices", || service.get("/health").status == 503);
    assert_eq!(service.get("/health/ready").status, 503);
    assert_eq!(service.get("/health/live").status, 200);
    // Each waits for a connection before it gives up, so all at once.
    let roster =
        "id,employee,department,start,end,duration\n1,A,B,2026-03-02T08:00:00Z,2026-03-02T16:00:00Z,\n";
    let answers = std::thread::scope(|scope| {
        let asked = [
            scope.spawn(|| service.post("/api/v1/shifts", &new)),
            scope.spawn(|| service.get("/api/v1/shifts")),
            scope.spawn(|| service.get("/api/v1/reports/shifts?to=2030-01-01T00:00:00Z")),
            scope.spawn(|| service.import("text/csv", roster)),
        ];
        asked.map(|asked| asked.join().expect("an answer"))
    });
    for answer in answers {
        answer.problem(503);
        assert!(!answer.header("retry-after").is_empty(), "{answer:?}");
        // Where the database is stays inside.
        assert!(!answer.text().contains("127.0.0.1") && !answer.text().contains("postgres"), "{answer:?}");
    }

    postgres.resume();
    status(&service, "healthy");
    assert_eq!(ids(&list(&service, "")), [kept["id"].as_str().expect("an id")]);
    service.post("/api/v1/shifts", &new).ok(201);
}

/// Waits until an import is in the middle of its work.
fn importing(postgres: &Postgres) {
    let held =
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND granted";
    until("the import holds the roster", || postgres.query(held) != "0");
}

#[test]
fn a_power_cut_at_postgresql_in_an_import_leaves_nothing() {
    let mut postgres = Postgres::start();
    let service = Service::start(&["--database-url", &postgres.url()]);
    let (mut stream, rest) = begin_import(&service, &sound_roster(30_000));
    stream.write_all(&rest).expect("it takes the roster");
    importing(&postgres);
    postgres.crash();
    let answer = read_all(&mut stream);
    assert_eq!(status_of(&answer), 503, "{answer}");
    postgres.resume();
    status(&service, "healthy");
    assert_eq!(total(&service), 0);
    assert_eq!(service.import("text/csv", sound_roster(10)).ok(200)["accepted"], 10);
}

#[test]
fn kill_9_in_an_import_into_postgresql_leaves_nothing_and_no_lock() {
    let postgres = Postgres::start();
    let mut service = Service::start(&["--database-url", &postgres.url()]);
    let (mut stream, rest) = begin_import(&service, &sound_roster(30_000));
    stream.write_all(&rest).expect("it takes the roster");
    importing(&postgres);
    service.signal("KILL");
    service.wait();
    let again = Service::start(&["--database-url", &postgres.url()]);
    assert_eq!(again.import("text/csv", sound_roster(10)).ok(200)["accepted"], 10);
    assert_eq!(total(&again), 10);
}

#[test]
fn a_postgresql_that_hangs_is_noticed_in_time() {
    let postgres = Postgres::start();
    let service = Service::start(&["--database-url", &postgres.url()]);
    assert_eq!(service.get("/health").status, 200);
    postgres.signal_all("STOP");
    let begun = Instant::now();
    until("health notices", || service.get("/health").status == 503);
    assert_eq!(service.get("/health/ready").status, 503);
    assert_eq!(service.get("/health/live").status, 200);
    assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
    assert_eq!(service.get("/").status, 200, "the page is for times of trouble");
    postgres.signal_all("CONT");
    status(&service, "healthy");
}

/// Waits until health says so.
fn status(service: &Client, status: &str) -> Value {
    eventually(&format!("health is {status}"), || {
        Some(service.get("/health").json()).filter(|health| health["status"] == status)
    })
}
