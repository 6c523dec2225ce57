//! Rule files that change while they are in use.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ms_alerts::{
    Alert, AlertManager, AlertRule, Notification, RuleFileError, SendFuture, Sink, State, above, exposition,
    parse_exposition,
};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, advance, sleep};

struct Told(mpsc::UnboundedSender<Arc<Notification>>);

impl Sink for Told {
    fn name(&self) -> &str {
        "told"
    }

    fn send(&self, notification: Arc<Notification>) -> SendFuture<'_> {
        self.0.send(notification).unwrap();
        Box::pin(std::future::ready(Ok(())))
    }
}

/// A file of one group; each rule is a name and what stands below it, in one line.
fn write(path: &Path, group: &str, rules: &[(&str, &str)]) {
    let rules = rules.iter().map(|(name, rest)| format!("      - {{alert: {name}, {rest}}}\n"));
    let text = format!("groups:\n  - {group}\n    rules:\n{}", rules.collect::<String>());
    std::fs::write(path, text).unwrap();
}

async fn check(manager: &AlertManager, text: &str) -> Vec<Alert> {
    manager.check_samples(&parse_exposition(text).unwrap()).await
}

fn states(manager: &AlertManager) -> Vec<(String, State)> {
    manager.rules().into_iter().map(|rule| (rule.name, rule.state)).collect()
}

fn known(states: &[(&str, State)]) -> Vec<(String, State)> {
    states.iter().map(|(name, state)| ((*name).to_owned(), *state)).collect()
}

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn a_rule_of_the_same_name_and_labels_keeps_its_state() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.yml");
    let rules = [
        ("Same", r#"expr: x > 1, for: 5m"#),
        ("Twice", r#"expr: x > 1, labels: {team: a}"#),
        ("Twice", r#"expr: y > 1, labels: {team: a}"#),
        ("Other", r#"expr: x > 1, labels: {team: a}"#),
    ];
    write(&file, "name: g", &rules);
    let pattern = folder.path().join("*.yml");
    let builder = AlertManager::builder().rules_files(pattern.to_str().unwrap()).unwrap();
    let manager = builder.rule(AlertRule::new("x", above(), 1.0)).build().unwrap();
    check(&manager, "x 2\ny 0\n").await;

    // Elsewhere in the file, with another expression and with other annotations; but one has other labels.
    let rules = [
        ("New", r#"expr: x > 1"#),
        ("Other", r#"expr: x > 1, labels: {team: b}"#),
        ("Twice", r#"expr: x > 1, labels: {team: a}"#),
        ("Same", r#"expr: x > 0.5, for: 5m, annotations: {summary: new}"#),
        ("Twice", r#"expr: y > 1, labels: {team: a}"#),
    ];
    write(&file, "name: g", &rules);
    write(&folder.path().join("b.yml"), "name: g", &[("Same", "expr: x > 1, for: 5m")]);
    advance(4 * MINUTE).await;
    let gone = manager.reload().unwrap();
    let told: Vec<_> = gone.iter().map(|alert| (&*alert.rule, alert.state)).collect();
    assert_eq!(told, [("Other", State::Resolved)]);
    assert_eq!(gone[0].labels.get("team"), Some("a"));
    assert!(gone[0].resolved_at.is_some());
    use State::{Firing, Inactive, Pending};
    let after = [
        ("x", Firing),
        ("New", Inactive),
        ("Other", Inactive),
        ("Twice", Firing),
        ("Same", Pending),
        ("Twice", Inactive),
        ("Same", Inactive),
    ];
    assert_eq!(states(&manager), known(&after), "shown at once");

    advance(MINUTE).await;
    let fired = check(&manager, "x 2\ny 0\n").await;
    let fired: Vec<_> = fired.iter().map(|alert| (&*alert.rule, alert.annotations.get("summary"))).collect();
    assert_eq!(fired, [("x", None), ("New", None), ("Other", None), ("Same", Some("new"))]);
    // The same rule of another file has waited for a moment only.
    assert_eq!(states(&manager)[6], ("Same".to_owned(), Pending));
}

#[tokio::test(start_paused = true)]
async fn a_bad_set_is_refused_whole_and_the_old_rules_run_on() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("1.yml"), folder.path().join("2.yml"));
    write(&one, "name: g", &[("A", "expr: x > 1, for: 1m")]);
    write(&two, "name: h", &[("B", "expr: x > 1")]);
    let pattern = folder.path().join("*.yml");
    let manager = AlertManager::builder().rules_files(pattern.to_str().unwrap()).unwrap().build().unwrap();
    check(&manager, "x 2\n").await;

    write(&one, "name: g", &[("A", "expr: x > 5"), ("C", "expr: x > 1")]);
    write(&two, "name: h", &[("B", "expr: x >")]);
    let error = manager.reload().unwrap_err();
    assert!(error.to_string().starts_with(&format!("{}:4:", two.display())), "{error}");
    let before = known(&[("A", State::Pending), ("B", State::Firing)]);
    assert_eq!(states(&manager), before);

    std::fs::remove_file(&one).unwrap();
    std::fs::remove_file(&two).unwrap();
    assert!(matches!(manager.reload(), Err(RuleFileError::NoFile { .. })));
    assert_eq!(states(&manager), before);
    advance(MINUTE).await;
    let fired = check(&manager, "x 2\n").await;
    assert_eq!(fired.iter().map(|alert| &*alert.rule).collect::<Vec<_>>(), ["A"]);
}

#[tokio::test(start_paused = true)]
async fn the_sinks_hear_of_the_end_of_rules_that_are_gone_and_of_others_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.yml");
    let rules = [("Gone", "expr: x > 1"), ("Pending", "expr: x > 1, for: 1h"), ("Stays", "expr: x > 1")];
    write(&file, "name: g", &rules);
    let (tell, mut told) = mpsc::unbounded_channel();
    let builder = AlertManager::builder().rules_file(&file).unwrap().sink(Told(tell));
    let manager = builder.build().unwrap();
    check(&manager, "x 2\n").await;
    let mut next = async || {
        let notification = told.recv().await.unwrap();
        (notification.alert().rule.clone(), notification.is_resolved())
    };
    assert_eq!(next().await, ("Gone".to_owned(), false));
    assert_eq!(next().await, ("Stays".to_owned(), false));

    // It stood in the third place, and its firing was announced from there.
    write(&file, "name: g", &rules[2..]);
    manager.reload().unwrap();
    assert_eq!(next().await, ("Gone".to_owned(), true));
    check(&manager, "x 0\n").await;
    assert_eq!(next().await, ("Stays".to_owned(), true));
    assert_eq!(manager.shutdown(MINUTE).await.undelivered, 0);
}

/// Tells of each notification, and takes it when it may.
struct Slow(mpsc::UnboundedSender<Arc<Notification>>, Arc<Semaphore>);

impl Sink for Slow {
    fn name(&self) -> &str {
        "slow"
    }

    fn send(&self, notification: Arc<Notification>) -> SendFuture<'_> {
        self.0.send(notification).unwrap();
        Box::pin(async {
            self.1.acquire().await.unwrap().forget();
            Ok(())
        })
    }
}

#[tokio::test(start_paused = true)]
async fn labels_that_are_only_written_anew_resolve_before_they_fire() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.yml");
    let (tell, mut told) = mpsc::unbounded_channel();
    let may = Arc::new(Semaphore::new(1));
    write(&file, "name: g", &[("A", "expr: x > 1, labels: {severity: page}")]);
    let builder = AlertManager::builder().rules_file(&file).unwrap().sink(Slow(tell, Arc::clone(&may)));
    let manager = builder.build().unwrap();
    check(&manager, "x 2\n").await;
    assert!(!told.recv().await.unwrap().is_resolved());

    for severity in ["'{{ \"page\" }}'", "\"{{ print `page` }}\""] {
        write(&file, "name: g", &[("A", &format!("expr: x > 1, labels: {{severity: {severity}}}"))]);
        assert_eq!(manager.reload().unwrap().len(), 1);
        assert!(told.recv().await.unwrap().is_resolved());
        check(&manager, "x 2\n").await;
        sleep(Duration::from_secs(1)).await;
        assert!(told.try_recv().is_err(), "the end was not accepted yet");
        may.add_permits(1);
        let fired = told.recv().await.unwrap();
        assert!(!fired.is_resolved() && fired.alert().severity() == Some("page"));
        may.add_permits(1);
        sleep(Duration::from_secs(1)).await;
    }
    check(&manager, "x 0\n").await;
    assert!(told.recv().await.unwrap().is_resolved());
}

#[tokio::test(start_paused = true)]
async fn a_group_that_changes_is_evaluated_at_once_and_the_others_when_they_are_due() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("1.yml"), folder.path().join("2.yml"));
    std::fs::write(&one, "groups:\n  - {name: g, interval: 40s}\n").unwrap();
    std::fs::write(&two, "groups:\n  - {name: h, interval: 30s}\n").unwrap();
    let start = Instant::now();
    let (read, mut readings) = mpsc::unbounded_channel();
    let source = exposition(move || {
        read.send(start.elapsed().as_secs()).unwrap();
        String::new()
    });
    let pattern = folder.path().join("*.yml");
    let builder = AlertManager::builder().rules_files(pattern.to_str().unwrap()).unwrap();
    let alerts = builder.interval(Duration::from_secs(1000)).source(source).spawn().unwrap();
    assert_eq!(readings.recv().await, Some(0));
    assert_eq!(readings.recv().await, Some(30));
    std::fs::write(&one, "groups:\n  - {name: g, interval: 7s}\n").unwrap();
    assert_eq!(alerts.reload().await.unwrap(), []);
    let mut times = Vec::new();
    while times.len() < 6 {
        times.push(readings.recv().await.unwrap());
    }
    assert_eq!(times, [30, 37, 44, 51, 58, 60], "30 at once, 60 as before");
}

#[tokio::test(start_paused = true)]
async fn what_new_rules_look_back_at_is_kept_from_then_on_and_what_was_kept_stays() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.yml");
    write(&file, "name: g", &[("A", r#"expr: "max_over_time(x[2m]) > 8""#)]);
    let manager = AlertManager::builder().rules_file(&file).unwrap().build().unwrap();
    check(&manager, "x 9\ny 9\n").await;
    let rules = [
        ("A", r#"expr: "max_over_time(x[5m]) > 8""#),
        ("B", r#"expr: "max_over_time(y[5m]) > 8""#),
        ("C", r#"expr: "max_over_time(y[5m]) > 4""#),
    ];
    write(&file, "name: g", &rules);
    manager.reload().unwrap();
    advance(MINUTE).await;
    check(&manager, "x 1\ny 5\n").await;
    let firing = |manager: &AlertManager| {
        manager.alerts().into_iter().map(|alert| (alert.rule, alert.value)).collect::<Vec<_>>()
    };
    assert_eq!(firing(&manager), [("A".to_owned(), 9.0), ("C".to_owned(), 5.0)]);
    advance(3 * MINUTE).await;
    check(&manager, "x 1\ny 5\n").await;
    assert_eq!(firing(&manager)[0], ("A".to_owned(), 9.0), "four minutes are within the new range");
}

#[tokio::test(start_paused = true)]
async fn series_that_rules_wrote_go_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("1.yml"), folder.path().join("2.yml"));
    let record = "groups:\n  - name: g\n    rules:\n      - {record: 'a:b', expr: x}\n";
    std::fs::write(&one, record).unwrap();
    write(&two, "name: h", &[("Written", "expr: 'a:b > 0'")]);
    let builder = AlertManager::builder().rules_file(&one).unwrap().rules_file(&two).unwrap();
    let manager = builder.build().unwrap();
    check(&manager, "x 2\n").await;
    assert_eq!(manager.alerts().len(), 1);
    std::fs::write(&one, "groups: []\n").unwrap();
    manager.reload().unwrap();
    assert_eq!(manager.alerts().len(), 1, "until the next evaluation");
    advance(Duration::from_secs(15)).await;
    check(&manager, "x 2\n").await;
    assert_eq!(manager.alerts().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn ids_are_the_same_in_another_process() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.yml");
    let moment = "2026-03-02T08:00:00Z".parse().unwrap();
    let mut ids = Vec::new();
    for rules in
        [&[("A", "expr: x > 1"), ("A", "expr: x > 0")][..], &[("B", "expr: x > 9"), ("A", "expr: x > 1")]]
    {
        write(&file, "name: g", rules);
        let (tell, mut told) = mpsc::unbounded_channel();
        let manager = AlertManager::builder().rules_file(&file).unwrap().sink(Told(tell)).build().unwrap();
        manager.check_samples_at(&parse_exposition("x 2\n").unwrap(), moment).await;
        ids.push(told.recv().await.unwrap().id().to_owned());
        if rules[0].0 == "A" {
            assert_ne!(told.recv().await.unwrap().id(), ids[0], "the second rule of the name is another");
        }
    }
    assert_eq!(ids[0], ids[1]);
}
