//! Rules over a range: what is kept for them, and what they answer when it was not.

use jiff::Timestamp;
use ms_alerts::{AlertManager, AlertManagerBuilder, Compat, parse_exposition};

fn with(expr: &str) -> AlertManagerBuilder {
    let text = format!("groups: [{{name: g, rules: [{{alert: A, expr: '{expr}'}}]}}]");
    AlertManager::builder().rules_text("rules.yml", &text).unwrap()
}

async fn check(manager: &AlertManager, second: i64, exposition: &str) -> Vec<f64> {
    let moment = Timestamp::from_second(1_700_000_000 + second).unwrap();
    manager.check_samples_at(&parse_exposition(exposition).unwrap(), moment).await;
    manager.alerts().iter().map(|alert| alert.value).collect()
}

#[tokio::test]
async fn the_sample_at_the_beginning_of_a_range_counts_in_version_2_alone() {
    for (compat, counts) in [(Compat::V3, [1.0, 1.0, 1.0]), (Compat::V2_42, [1.0, 2.0, 2.0])] {
        let manager = with("count_over_time(a[1m])").compat(compat).build().unwrap();
        for (step, count) in counts.into_iter().enumerate() {
            assert_eq!(check(&manager, step as i64 * 60, "a 1\n").await, [count], "{compat:?}");
        }
    }
}

#[tokio::test]
async fn a_rule_whose_samples_found_no_room_fails_and_keeps_its_alerts() {
    let manager = with("increase(a[1m]) > 0").history_series(1).build().unwrap();
    check(&manager, 0, "a 1\n").await;
    assert_eq!(check(&manager, 15, "a 5\n").await.len(), 1);
    assert_eq!(check(&manager, 30, "a 5\na{b=\"c\"} 1\n").await.len(), 1);
    assert_eq!(manager.rules()[0].error.as_deref(), Some("samples are missing, for the history was full"));
    check(&manager, 91, "a 5\n").await;
    assert_eq!(manager.rules()[0].error, None);
}

#[tokio::test]
async fn a_counter_that_starts_again_is_no_loss() {
    let manager = with("increase(a[10m]) > 5").build().unwrap();
    for (second, text) in [(0, "a 90\n"), (15, "a 100\n"), (30, "a 2\n")] {
        check(&manager, second, text).await;
    }
    // 12 between the first and the last of 30 s, and half an interval more before the first.
    let found = check(&manager, 30, "a 2\n").await;
    assert!(found.len() == 1 && (found[0] - 15.0).abs() < 1e-9, "{found:?}");
}

#[tokio::test]
async fn a_fixed_moment_costs_no_more_than_its_range_and_stands() {
    // A day of samples would not fit.
    let manager = with("max_over_time(a[2m] @ 1700000120) or (a offset -1m @ 1700000000) * 100");
    let manager = manager.history_bytes(1_500).build().unwrap();
    let mut found = Vec::new();
    for minute in 0..1440 {
        found = check(&manager, minute * 60, &format!("a {minute}\n")).await;
        assert_eq!(manager.rules()[0].error, None, "minute {minute}");
    }
    assert_eq!(found, [2.0]);
}

#[tokio::test]
async fn what_was_before_the_start_is_not_known_and_no_answer() {
    let now = Timestamp::now().as_second();
    for (expr, is_known) in [
        (format!("count_over_time(a[5m] @ {})", now - 60), false),
        (format!("count_over_time((a @ {} offset 1h)[5m:1m])", now + 600), false),
        (format!("absent(a @ {})", now + 7200), true),
        ("count_over_time(a[5m] @ end())".to_owned(), true),
    ] {
        let manager = with(&expr).build().unwrap();
        manager.check_samples(&parse_exposition("a 1\n").unwrap()).await;
        let error = manager.rules()[0].error.clone().unwrap_or_default();
        assert_eq!(error.is_empty(), is_known, "{expr}: {error}");
        assert!(is_known || error.contains("before the first evaluation"), "{expr}: {error}");
        assert_eq!(manager.alerts().is_empty(), !is_known, "{expr}");
    }
}
