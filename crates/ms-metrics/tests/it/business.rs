//! The trade's own numbers.

use ms_metrics::Metrics;

use crate::page::{built, lines, value};

#[test]
fn users_are_active_while_their_guards_live() {
    let metrics = built();
    let business = metrics.business();
    let first = business.sign_in();
    let others: Vec<_> = (0..3).map(|_| business.clone().sign_in()).collect();
    assert_eq!(value(&metrics, "active_users_total"), Some(4.0));
    drop(first);
    let panicked = std::thread::spawn(move || {
        let _others = others;
        panic!("the session of a thread that panics ends too");
    });
    panicked.join().unwrap_err();
    assert_eq!(value(&metrics, "active_users_total"), Some(0.0));
}

#[test]
fn a_guard_outlives_the_metrics() {
    let session = built().business().sign_in();
    drop(session);
}

#[test]
fn shifts_and_conflicts_add_up() {
    let metrics = built();
    let business = metrics.business();
    business.shifts_scheduled("Acil \"Servis\"\\", 3);
    business.shifts_scheduled("Acil \"Servis\"\\", 4);
    business.shift_conflicts(2);
    assert_eq!(
        lines(&metrics, "scheduled_shifts_total"),
        [r#"scheduled_shifts_total{department="Acil \"Servis\"\\"} 7"#]
    );
    assert_eq!(value(&metrics, "shift_conflicts_total"), Some(2.0));
}

const OVERFLOW: &str =
    "ms_metrics_label_overflow_total{metric=\"scheduled_shifts_total\",label=\"department\"}";

#[test]
fn departments_without_end_are_counted_together() {
    let metrics = Metrics::builder().series_cap(100).build().unwrap();
    let business = metrics.business();
    business.shifts_scheduled("Acil", 0);
    for number in 0..5_000 {
        business.shifts_scheduled(&format!("department {number}"), 1);
        business.shifts_scheduled("Acil", 1);
    }
    let series = lines(&metrics, "scheduled_shifts_total");
    assert_eq!(series.len(), 100);
    assert_eq!(series[0], "scheduled_shifts_total{department=\"Acil\"} 5000");
    assert_eq!(series[99], "scheduled_shifts_total{department=\"__other__\"} 4902");
    assert_eq!(value(&metrics, OVERFLOW), Some(4902.0));
}

#[test]
fn only_declared_departments_have_series_of_their_own() {
    let metrics = Metrics::builder().departments(&["Acil", "Dahiliye"]).build().unwrap();
    let business = metrics.business();
    for (department, shifts) in
        [("Acil", 2), ("acil", 3), ("Cerrahi", 4), ("", 5), ("__other__", 6), ("Acil", 7)]
    {
        business.shifts_scheduled(department, shifts);
    }
    assert_eq!(
        lines(&metrics, "scheduled_shifts_total"),
        [
            "scheduled_shifts_total{department=\"Acil\"} 9",
            "scheduled_shifts_total{department=\"Dahiliye\"} 0",
            "scheduled_shifts_total{department=\"__other__\"} 18",
        ]
    );
    assert_eq!(value(&metrics, OVERFLOW), Some(3.0));
}

#[test]
fn a_department_without_a_name_cannot_be_declared() {
    let metrics = Metrics::builder().departments(&["", "Acil"]).build().unwrap();
    assert_eq!(value(&metrics, OVERFLOW), None);
    metrics.business().shifts_scheduled("", 2);
    assert_eq!(
        lines(&metrics, "scheduled_shifts_total"),
        [
            "scheduled_shifts_total{department=\"Acil\"} 0",
            "scheduled_shifts_total{department=\"__other__\"} 2",
        ]
    );
    assert_eq!(value(&metrics, OVERFLOW), Some(1.0));
}
