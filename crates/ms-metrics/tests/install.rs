//! The global recorder; a process has one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "tests assert by panicking"
)]

use ms_metrics::{InstallError, Metrics};

#[test]
fn the_first_one_is_installed_and_stays() {
    metrics::counter!("too_early_total").increment(1);
    let wrong = Metrics::builder().buckets("h", &[]).install().unwrap_err();
    assert!(matches!(wrong, InstallError::Build(_)), "{wrong}");

    let metrics = Metrics::builder().buckets("jobs_seconds", &[1.0]).install().unwrap();
    assert!(matches!(Metrics::builder().install(), Err(InstallError::Installed)));

    metrics::describe_counter!("shift_conflicts_total", "Somebody else's.");
    metrics::describe_counter!("jobs_total", "Jobs done.");
    for queue in ["a", "b"] {
        metrics::counter!("jobs_total", "queue" => queue).increment(2);
        metrics::gauge!("depth", "queue" => queue).set(1.5);
        metrics::histogram!("jobs_seconds", "queue" => queue).record(0.25);
    }
    metrics.business().shift_conflicts(1);

    let page = metrics.render();
    for line in [
        "# HELP jobs_total Jobs done.",
        "jobs_total{queue=\"b\"} 2",
        "depth{queue=\"a\"} 1.5",
        "jobs_seconds_bucket{queue=\"a\",le=\"1\"} 1",
        "shift_conflicts_total 1",
    ] {
        assert!(page.lines().any(|seen| seen == line), "{line} in\n{page}");
    }
    assert!(!page.contains("too_early") && !page.contains("Somebody"), "{page}");
}
