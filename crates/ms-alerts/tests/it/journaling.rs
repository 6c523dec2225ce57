//! What a restart knows, and what a journal that is of no use costs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ms_alerts::{
    AlertManager, AlertManagerBuilder, AlertRule, Notification, Routes, SendError, SendFuture, Sink, State,
    above, parse_exposition,
};

/// Notes what it accepts: the id, and whether it is an end; and what it is to take up.
#[derive(Clone, Default)]
struct Noting {
    accepted: Arc<Mutex<Vec<(String, bool)>>>,
    resumed: Arc<Mutex<Vec<String>>>,
    name: &'static str,
    is_down: bool,
}

impl Sink for Noting {
    fn name(&self) -> &str {
        if self.name.is_empty() { "noting" } else { self.name }
    }

    fn resume(&self, firing: Vec<ms_alerts::Alert>) {
        self.resumed.lock().unwrap().extend(firing.into_iter().map(|alert| alert.rule));
    }

    fn send(&self, notification: Arc<Notification>) -> SendFuture<'_> {
        let answer = if self.is_down {
            Err(SendError::temporary("down"))
        } else {
            self.accepted.lock().unwrap().push((notification.id().to_owned(), notification.is_resolved()));
            Ok(())
        };
        Box::pin(std::future::ready(answer))
    }
}

impl Noting {
    fn down() -> Self {
        Self { is_down: true, ..Self::default() }
    }

    fn take(&self) -> Vec<(String, bool)> {
        std::mem::take(&mut self.accepted.lock().unwrap())
    }

    fn kinds(&self) -> Vec<bool> {
        self.take().into_iter().map(|(_, is_end)| is_end).collect()
    }
}

const ROUTES: &str = "
route: {receiver: duty, group_by: [alertname], group_wait: 0s, group_interval: 1s}
receivers: [{name: duty}]
";

/// Both ways in which alerts are told.
fn ways() -> [fn(AlertManagerBuilder, Noting) -> AlertManagerBuilder; 2] {
    [
        |builder, sink| builder.sink(sink),
        |builder, sink| builder.routes(Routes::parse("routes.yml", ROUTES).unwrap()).receiver("duty", sink),
    ]
}

fn builder(journal: &Path) -> AlertManagerBuilder {
    let rule = AlertRule::new("Full", above(), 90.0).metric("ward").window(Duration::from_secs(3600));
    AlertManager::builder().rule(rule).journal(journal)
}

async fn check(manager: &AlertManager, value: f64) {
    let text = format!("ward{{ward=\"1\"}} {value}\n");
    manager.check_samples(&parse_exposition(&text).unwrap()).await;
}

async fn end(manager: AlertManager) {
    manager.shutdown(Duration::from_secs(20)).await;
}

fn file() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alerts.journal");
    (folder, path)
}

#[tokio::test]
async fn what_was_told_is_not_told_again_and_its_end_is() {
    for way in ways() {
        let ((_folder, path), sink) = (file(), Noting::default());
        let manager = way(builder(&path), sink.clone()).build().unwrap();
        check(&manager, 95.0).await;
        end(manager).await;
        assert_eq!(sink.kinds(), [false]);

        let manager = way(builder(&path), sink.clone()).build().unwrap();
        assert_eq!(manager.alerts()[0].state, State::Firing, "before it is looked at again");
        check(&manager, 95.0).await;
        end(manager).await;
        assert_eq!(sink.kinds(), [false; 0]);

        let manager = way(builder(&path), sink.clone()).build().unwrap();
        check(&manager, 5.0).await;
        end(manager).await;
        assert_eq!(sink.kinds(), [true]);

        let manager = way(builder(&path), sink.clone()).build().unwrap();
        check(&manager, 5.0).await;
        end(manager).await;
        assert_eq!(sink.kinds(), [false; 0]);
    }
}

#[tokio::test]
async fn a_sink_takes_up_what_it_was_told_and_nothing_else() {
    let ((_folder, path), told) = (file(), Noting::default());
    let refuses = || Noting { name: "refuses", is_down: true, ..Noting::default() };
    let manager = builder(&path).sink(told.clone()).sink(refuses()).build().unwrap();
    check(&manager, 95.0).await;
    assert_eq!(manager.shutdown(Duration::from_millis(200)).await.undelivered, 1);
    drop(manager);

    let (refused, new) = (refuses(), Noting { name: "new", ..Noting::default() });
    let builder = builder(&path).sink(told.clone()).sink(refused.clone()).sink(new.clone());
    let manager = builder.build().unwrap();
    check(&manager, 95.0).await;
    manager.shutdown(Duration::from_millis(200)).await;
    let resumed = |sink: &Noting| sink.resumed.lock().unwrap().clone();
    assert_eq!((resumed(&told), resumed(&refused), resumed(&new)), (vec!["Full".to_owned()], vec![], vec![]));
}

#[tokio::test]
async fn an_alert_whose_rule_moves_ends_as_the_one_that_was_told() {
    let ((folder, path), sink) = (file(), Noting::default());
    let rules = folder.path().join("rules.yml");
    let write = |group: &str| {
        let text = format!("groups: [{{name: {group}, rules: [{{alert: Full, expr: ward > 90}}]}}]");
        fs::write(&rules, text).unwrap();
    };
    let start = || {
        let builder = AlertManager::builder().rules_file(&rules).unwrap();
        builder.journal(&path).sink(sink.clone()).build().unwrap()
    };
    write("one");
    let manager = start();
    check(&manager, 95.0).await;
    write("two");
    manager.reload().unwrap();
    check(&manager, 95.0).await;
    end(manager).await;
    let before = sink.kinds();
    assert_eq!(before.last(), Some(&false), "it fires on: {before:?}");

    // Moved while nobody looked: the end of the one is told before the other, and both as one alert.
    write("three");
    let manager = start();
    check(&manager, 95.0).await;
    end(manager).await;
    let moved = sink.kinds();
    assert_eq!(moved.last(), Some(&false), "it fires on: {moved:?}");

    let manager = start();
    check(&manager, 5.0).await;
    end(manager).await;
    assert_eq!(sink.kinds(), [true]);
}

#[tokio::test]
async fn what_nobody_took_is_told_after_the_restart_though_it_has_ended() {
    for way in ways() {
        let ((_folder, path), sink) = (file(), Noting::default());
        let manager = way(builder(&path), Noting::down()).build().unwrap();
        check(&manager, 95.0).await;
        // Long enough for an attempt; what follows is that of a process which is killed.
        assert_eq!(manager.shutdown(Duration::from_millis(200)).await.undelivered, 1);
        drop(manager);

        let manager = way(builder(&path), sink.clone()).build().unwrap();
        check(&manager, 5.0).await;
        end(manager).await;
        assert_eq!(sink.kinds(), [false, true]);
    }
}

#[tokio::test]
async fn the_end_that_nobody_took_is_told_after_the_restart() {
    for way in ways() {
        let ((_folder, path), sink) = (file(), Noting::default());
        let manager = way(builder(&path), sink.clone()).build().unwrap();
        check(&manager, 95.0).await;
        end(manager).await;
        let manager = way(builder(&path), Noting::down()).build().unwrap();
        check(&manager, 5.0).await;
        assert!(manager.shutdown(Duration::from_millis(200)).await.undelivered >= 1);
        drop(manager);
        let manager = way(builder(&path), sink.clone()).build().unwrap();
        check(&manager, 5.0).await;
        end(manager).await;
        assert_eq!(sink.kinds(), [false, true]);
    }
}

#[tokio::test]
async fn alerts_of_a_rule_that_is_gone_end() {
    let ((_folder, path), sink) = (file(), Noting::default());
    let manager = builder(&path).sink(sink.clone()).build().unwrap();
    check(&manager, 95.0).await;
    end(manager).await;
    let manager = AlertManager::builder().journal(&path).sink(sink.clone()).build().unwrap();
    check(&manager, 95.0).await;
    end(manager).await;
    assert_eq!(sink.kinds(), [false, true]);
}

#[tokio::test]
async fn a_rule_that_is_added_before_the_first_evaluation_takes_its_alerts_up() {
    let ((_folder, path), sink) = (file(), Noting::default());
    let manager = builder(&path).sink(sink.clone()).build().unwrap();
    check(&manager, 95.0).await;
    end(manager).await;
    let manager = AlertManager::builder().journal(&path).sink(sink.clone()).build().unwrap();
    let rule = AlertRule::new("Full", above(), 90.0).metric("ward").window(Duration::from_secs(3600));
    manager.add_rule(rule).unwrap();
    check(&manager, 95.0).await;
    end(manager).await;
    assert_eq!(sink.kinds(), [false]);
}

/// Time is played back, so that an outage takes none.
#[tokio::test]
async fn the_time_for_which_an_alert_was_pending_is_kept_and_that_of_the_outage_is_not_counted() {
    let rules = "groups: [{name: g, rules: [{alert: Full, expr: ward > 90, for: 1m}]}]";
    for (outage, expected) in
        [(60, [State::Pending, State::Firing]), (2 * 3600, [State::Pending, State::Pending])]
    {
        let (_folder, path) = file();
        let build =
            || AlertManager::builder().rules_text("r", rules).unwrap().journal(&path).build().unwrap();
        let now = Timestamp::now();
        let at = |seconds: i64| now + SignedDuration::from_secs(seconds);
        let samples = parse_exposition("ward 95\n").unwrap();
        let manager = build();
        for second in [0, 20, 40] {
            manager.check_samples_at(&samples, at(second - 40 - outage)).await;
        }
        assert_eq!(manager.alerts()[0].state, State::Pending);
        end(manager).await;

        let manager = build();
        for (second, state) in [10, 30].into_iter().zip(expected) {
            manager.check_samples_at(&samples, at(0)).await;
            manager.check_samples_at(&samples, at(second)).await;
            assert_eq!(manager.alerts()[0].state, state, "{outage} s, then {second} s");
        }
    }
}

#[tokio::test]
async fn a_rule_that_looks_back_does_not_resolve_for_want_of_a_past() {
    let rules = "groups: [{name: g, rules: [{alert: Errors, expr: 'increase(errors[5m]) > 5'}]}]";
    let ((_folder, path), sink) = (file(), Noting::default());
    let build = || {
        let builder = AlertManager::builder().rules_text("r", rules).unwrap();
        builder.sink(sink.clone()).journal(&path).build().unwrap()
    };
    let now = Timestamp::now();
    let at = |seconds: i64| now + SignedDuration::from_secs(seconds);
    let errors = |count: i64| format!("errors {count}\n");
    let manager = build();
    for second in [0, 15, 30] {
        manager.check_samples_at(&parse_exposition(&errors(second)).unwrap(), at(second - 60)).await;
    }
    end(manager).await;
    assert_eq!(sink.kinds(), [false]);
    let manager = build();
    // No range has two samples yet, and then the errors go on.
    for second in [0, 15, 30] {
        manager.check_samples_at(&parse_exposition(&errors(60 + second)).unwrap(), at(second)).await;
    }
    manager.check_samples_at(&parse_exposition(&errors(90)).unwrap(), at(290)).await;
    assert_eq!(sink.kinds(), [false; 0]);
    manager.check_samples_at(&parse_exposition(&errors(90)).unwrap(), at(600)).await;
    end(manager).await;
    assert_eq!(sink.kinds(), [true]);
}

#[tokio::test]
async fn a_journal_of_no_use_is_kept_aside_and_stops_nothing() {
    let whole = {
        let (_folder, path) = file();
        let manager = builder(&path).sink(Noting::default()).build().unwrap();
        check(&manager, 95.0).await;
        end(manager).await;
        fs::read(&path).unwrap()
    };
    let cut = &whole[..whole.len() - 3];
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 4;
    let other: Vec<u8> = whole.iter().map(|byte| if *byte == b'1' { b'2' } else { *byte }).collect();
    for content in [cut, &flipped, &other, b"[package]\nname = \"x\"\n", &[0xff; 100]] {
        let ((folder, path), sink) = (file(), Noting::default());
        fs::write(&path, content).unwrap();
        let manager = builder(&path).sink(sink.clone()).build().unwrap();
        check(&manager, 95.0).await;
        check(&manager, 5.0).await;
        end(manager).await;
        // What was told was in the part that is whole, or is told again.
        assert!(sink.kinds().ends_with(&[true]));
        let aside: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|file| file.to_string_lossy().contains(".corrupt-"))
            .collect();
        assert_eq!(aside.len(), 1);
        assert_eq!(fs::read(&aside[0]).unwrap(), content);
        let again = builder(&path).sink(sink.clone()).build().unwrap();
        check(&again, 5.0).await;
        end(again).await;
        assert_eq!(sink.kinds(), [false; 0], "what was written behind it is whole");
    }
}

#[tokio::test]
async fn a_journal_that_cannot_be_written_keeps_no_alert_from_being_sent() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().join("nowhere/alerts.journal"), folder.path().to_owned()] {
        let sink = Noting::default();
        let manager = builder(&path).sink(sink.clone()).build().unwrap();
        check(&manager, 95.0).await;
        end(manager).await;
        assert_eq!(sink.kinds(), [false]);
    }
    // A place that comes into being is used from then on.
    let path = folder.path().join("later/alerts.journal");
    let sink = Noting::default();
    let manager = builder(&path).sink(sink.clone()).build().unwrap();
    fs::create_dir(path.parent().unwrap()).unwrap();
    check(&manager, 95.0).await;
    end(manager).await;
    let manager = builder(&path).sink(sink.clone()).build().unwrap();
    check(&manager, 95.0).await;
    end(manager).await;
    assert_eq!(sink.kinds(), [false]);
}

#[tokio::test]
async fn nobody_else_may_read_the_journal_and_no_address_is_in_it() {
    let ((_folder, path), sink) = (file(), Noting::down());
    let manager =
        ways()[1](builder(&path), sink).external_url("https://user:S3CR3T@ms.example/").build().unwrap();
    check(&manager, 95.0).await;
    manager.shutdown(Duration::from_millis(200)).await;
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("Full") && !text.contains("S3CR3T"), "{text}");
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777,
        0o600
    );
}
