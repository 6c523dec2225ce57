//! The machine when it hangs, and when its clock is wrong.

use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ms_metrics::Metrics;

use crate::page::{eventually, value};
use crate::system::{COLLECTORS, threads, told};

/// Runs the calling test again, alone and under `tool`. True inside of that run.
fn is_inside(tool: &[&str], test: &str) -> bool {
    const INSIDE: &str = "MS_METRICS_TEST_INSIDE";
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let [program, arguments @ ..] = tool else { panic!("no tool") };
    let mut command = Command::new(program);
    command.args(arguments).arg(std::env::current_exe().unwrap()).args(["--exact", test, "--nocapture"]);
    let run = command.env(INSIDE, "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1").output();
    let run = run.unwrap_or_else(|error| panic!("apt-get install {program}: {error}"));
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(
        run.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&run.stderr)
    );
    false
}

/// The third `statfs` of each thread takes four seconds: the disk answers once before.
#[tokio::test]
async fn a_hung_statfs_keeps_the_value_and_holds_up_nothing_else() {
    let inject = "inject=statfs:delay_enter=4000000:when=3";
    let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=statfs", "-e", inject];
    if !is_inside(&strace, "system_faults::a_hung_statfs_keeps_the_value_and_holds_up_nothing_else") {
        return;
    }
    let metrics = Metrics::builder().system_interval(Duration::from_millis(200)).build().unwrap();
    eventually(|| told(&metrics, "up", "disk") == Some(1.0)).await;
    eventually(|| told(&metrics, "up", "disk") == Some(0.0)).await;
    let age = told(&metrics, "age_seconds", "disk").unwrap();
    assert!(age > 2.0, "{age}");
    assert!(value(&metrics, "disk_usage_percent").is_some(), "the last value stays");
    assert_eq!(told(&metrics, "up", "memory"), Some(1.0));
    assert!(told(&metrics, "age_seconds", "memory").unwrap() < age);
    assert_eq!(threads(), 3, "none is started in the place of the one that hangs");
    eventually(|| told(&metrics, "up", "disk") == Some(1.0)).await;
    assert!(told(&metrics, "age_seconds", "disk").unwrap() < age);
}

#[tokio::test]
async fn before_1970_no_time_is_negative() {
    let faketime = ["faketime", "-f", "@1960-01-01 00:00:00"];
    if !is_inside(&faketime, "system_faults::before_1970_no_time_is_negative") {
        return;
    }
    assert!(SystemTime::now() < UNIX_EPOCH);
    let builder = Metrics::builder().system();
    #[cfg(feature = "process")]
    let builder = builder.process();
    let metrics = builder.build().unwrap();
    eventually(|| COLLECTORS.iter().all(|collector| told(&metrics, "up", collector) == Some(1.0))).await;
    let times = ["boot_time_seconds", "uptime_seconds"];
    assert!(times.iter().all(|name| value(&metrics, name) >= Some(0.0)), "{}", metrics.render());
    #[cfg(feature = "process")]
    eventually(|| value(&metrics, "process_start_time_seconds") >= Some(0.0)).await;
    assert!(!metrics.render().contains("_seconds -"));
}
