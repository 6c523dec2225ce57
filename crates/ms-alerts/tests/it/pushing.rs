//! Samples that are pushed.

use std::time::Duration;

use ms_alerts::{AlertManager, AlertRule, NoData, PushError, PushSource, State, above};
use tokio::time::sleep;

const INTERVAL: Duration = Duration::from_secs(15);

#[tokio::test(start_paused = true)]
async fn what_is_pushed_is_what_evaluations_see_until_it_is_old() {
    let pushed = PushSource::new().stale_after(Duration::from_secs(60));
    let rule = AlertRule::new("queue", above(), 5.0).no_data(NoData::Resolve, Duration::ZERO);
    let alerts = AlertManager::builder().rule(rule).source(pushed.source()).spawn().unwrap();
    let icu = [("ward", "icu"), ("floor", "")];
    pushed.push("queue", &icu, 9.0).unwrap();
    pushed.push("queue", &[("ward", "er")], 1.0).unwrap();
    sleep(Duration::from_secs(1)).await;
    let shown = alerts.alerts();
    assert_eq!(shown.len(), 1);
    assert_eq!((shown[0].labels.get("ward"), shown[0].value), (Some("icu"), 9.0));

    sleep(INTERVAL).await;
    assert_eq!(alerts.alerts()[0].state, State::Firing, "it is what was pushed last");
    pushed.push("queue", &icu, 7.0).unwrap();
    sleep(INTERVAL).await;
    assert_eq!(alerts.alerts()[0].value, 7.0);
    sleep(3 * INTERVAL).await;
    assert_eq!(alerts.alerts()[0].state, State::Firing, "59 seconds old");
    sleep(INTERVAL).await;
    assert!(alerts.alerts().is_empty());
}

#[test]
fn what_cannot_be_a_series_and_what_has_no_room_is_refused() {
    let pushed = PushSource::new().max_series(2);
    let long = "x".repeat(4096);
    for (name, labels, error) in [
        ("", &[][..], PushError::Name(String::new())),
        ("a-b", &[], PushError::Name("a-b".to_owned())),
        ("a", &[("b-c", "1")], PushError::Label("b-c".to_owned())),
        ("a", &[("a:b", "1")], PushError::Label("a:b".to_owned())),
        ("a", &[("__name__", "b")], PushError::Label("__name__".to_owned())),
        ("a", &[("b", "1"), ("c", "2"), ("b", "1")], PushError::Label("b".to_owned())),
        ("a", &[("b", long.as_str())], PushError::TooLong),
    ] {
        assert_eq!(pushed.push(name, labels, 1.0), Err(error), "{name} {labels:?}");
    }
    pushed.push("a:b", &[], 1.0).unwrap();
    pushed.push("a", &[("b", "1"), ("c", "2")], 1.0).unwrap();
    assert_eq!(pushed.push("a", &[], 1.0), Err(PushError::Full(2)));
    pushed.push("a", &[("c", "2"), ("b", "1")], 2.0).expect("the same series");
    assert!(pushed.remove("a:b", &[]) && !pushed.remove("a:b", &[]));
    pushed.push("a", &[], 1.0).expect("there is room again");
}

#[tokio::test(start_paused = true)]
async fn what_is_old_makes_room() {
    let pushed = PushSource::new().max_series(1);
    pushed.push("a", &[], 1.0).unwrap();
    tokio::time::advance(Duration::from_secs(299)).await;
    assert_eq!(pushed.push("b", &[], 1.0), Err(PushError::Full(1)));
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(pushed.push("b", &[], 1.0), Ok(()));
}
