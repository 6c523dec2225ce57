//! Which sets of checks are accepted.

use std::time::Duration;

use ms_health::{BuildError, Check, HealthCheck, HealthCheckBuilder, Status};

async fn fine() -> Result<(), String> {
    Ok(())
}

fn refused(builder: HealthCheckBuilder) -> BuildError {
    builder.build().expect_err("refused")
}

#[test]
fn names_must_be_unique_and_not_the_reports_own() {
    let twice = HealthCheck::builder().critical("database", fine).check("database", fine);
    assert_eq!(refused(twice), BuildError::Duplicate { name: "database".into() });
    for name in ["status", "system", "starting", "shutting_down"] {
        let reserved = HealthCheck::builder().check(name, fine);
        assert_eq!(refused(reserved), BuildError::Reserved { name: name.into() });
    }
    for name in ["", "a\nb", "\u{0}", &"x".repeat(65)] {
        let invalid = HealthCheck::builder().check(name, fine);
        assert_eq!(refused(invalid), BuildError::InvalidName { name: name.into() });
    }
}

#[test]
fn options_that_could_never_work_are_refused() {
    let add = |check: Check| refused(HealthCheck::builder().add(check));
    let name = || "a".to_owned();
    assert_eq!(
        add(Check::new("a", fine).deadline(Duration::ZERO)),
        BuildError::ZeroDeadline { name: name() }
    );
    assert_eq!(add(Check::new("a", fine).failure_threshold(0)), BuildError::ZeroThreshold { name: name() });
    assert_eq!(add(Check::new("a", fine).success_threshold(0)), BuildError::ZeroThreshold { name: name() });
    assert_eq!(refused(HealthCheck::builder().token("short")), BuildError::ShortToken { minimum: 16 });
    let polled = || HealthCheck::builder().poll_interval(Duration::from_secs(1));
    assert_eq!(refused(polled()), BuildError::NoRuntime);
    assert_eq!(refused(polled().poll_interval(Duration::ZERO)), BuildError::ZeroInterval);
}

#[tokio::test]
async fn the_largest_durations_do_no_harm() {
    let check = Check::new("a", fine).ttl(Duration::MAX).deadline(Duration::MAX);
    let health = HealthCheck::builder().add(check).drain_period(Duration::MAX).build().unwrap();
    assert_eq!(health.report().await.status(), Status::Healthy);
    assert_eq!(health.report().await.status(), Status::Healthy);
    health.begin_shutdown();
    let shutdown = tokio::time::timeout(Duration::from_millis(20), health.shutdown()).await;
    assert!(shutdown.is_err(), "drains for ever");
}

#[tokio::test]
async fn a_service_without_checks_is_healthy() {
    let health = HealthCheck::builder().build().unwrap();
    assert_eq!(serde_json::to_string(&health.report().await).unwrap(), r#"{"status":"healthy"}"#);
}

#[tokio::test]
async fn any_printable_name_gives_valid_json() {
    let name = r#"ana "birincil" \ veritabanı"#;
    let health = HealthCheck::builder().check(name, fine).build().unwrap();
    let json = serde_json::to_value(health.report().await).unwrap();
    assert_eq!(json[name]["status"], "healthy");
}
