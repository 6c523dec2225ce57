use super::*;

#[test]
fn a_target_is_a_target_and_nothing_more() {
    for good in ["ms_health", "ms_health::check", "my-crate", "a.b", "sağlık", "info"] {
        let made = directive(good, LevelFilter::DEBUG).unwrap();
        assert_eq!(made.to_string(), format!("{good}=debug"));
    }
    let long = "a".repeat(257);
    for bad in ["a,b", "a=b", "[span]", "a[s{x=1}]", "a b", " ", "a\n", "*", ".a", &long] {
        assert!(matches!(directive(bad, LevelFilter::DEBUG), Err(LevelError::Target { .. })), "{bad}");
    }
    assert_eq!(directive("", LevelFilter::OFF).unwrap().to_string(), "off");
}

#[test]
fn what_was_asked_for_lasts_behind_what_holds_for_a_time() {
    let levels = Levels::new(EnvFilter::new("info"), false);
    levels.set("a", LevelFilter::WARN).unwrap();
    levels.set_for("a", LevelFilter::TRACE, Duration::from_secs(3600)).unwrap();
    assert_eq!(levels.directives(), "a=trace,info");
    assert!(levels.shared.to_change().unwrap().end(|_| true));
    assert_eq!(
        levels.changes(),
        [LevelChange { target: "a".into(), level: LevelFilter::WARN, remaining: None }]
    );
    levels.set_for("a", LevelFilter::TRACE, Duration::from_secs(3600)).unwrap();
    levels.set("a", LevelFilter::ERROR).unwrap();
    assert!(!levels.shared.to_change().unwrap().end(|_| true), "a later change cancels the timer");
    assert_eq!(levels.directives(), "a=error,info");
    assert!(levels.revert("a"));
    assert!(!levels.revert("a"));
    assert_eq!(levels.directives(), "info");
}

#[test]
fn there_are_only_so_many_changes() {
    let levels = Levels::new(EnvFilter::new("info"), false);
    for number in 0..MOST {
        levels.set(&format!("t{number}"), LevelFilter::WARN).unwrap();
    }
    assert!(matches!(levels.set("one_more", LevelFilter::WARN), Err(LevelError::TooMany { most: MOST })));
    levels.set("t0", LevelFilter::ERROR).unwrap();
    levels.revert_all();
    assert!(levels.changes().is_empty());
}
