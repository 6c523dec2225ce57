//! Sources that fail, hang and come back, beside others that do not.

#[cfg(feature = "rules")]
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

#[cfg(feature = "rules")]
use ms_alerts::AlertManagerBuilder;
use ms_alerts::{AlertManager, AlertRule, Source, above, exposition};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

#[cfg(feature = "rules")]
const INTERVAL: Duration = Duration::from_secs(15);

/// What it gives can be changed; it panics if there is nothing.
#[cfg(feature = "rules")]
#[derive(Clone, Default)]
struct Scripted(Arc<Mutex<Option<String>>>);

#[cfg(feature = "rules")]
impl Scripted {
    fn of(text: &str) -> Self {
        Self(Arc::new(Mutex::new(Some(text.to_owned()))))
    }

    fn set(&self, text: Option<&str>) {
        *self.0.lock().unwrap() = text.map(str::to_owned);
    }

    fn source(&self) -> Source {
        let texts = Arc::clone(&self.0);
        exposition(move || {
            let text = texts.lock().unwrap().clone();
            text.expect("a bug of somebody's")
        })
    }
}

/// A source that hangs until its sender is dropped, and tells when it is read.
fn hanging() -> (mpsc::UnboundedReceiver<()>, Sender<()>, Source) {
    let (tell, read) = mpsc::unbounded_channel();
    let (release, wait) = channel();
    let wait = Mutex::new(wait);
    let source = exposition(move || {
        tell.send(()).unwrap();
        let _ = wait.lock().unwrap().recv();
        "x 2\n".to_owned()
    });
    (read, release, source)
}

#[tokio::test(start_paused = true)]
async fn sources_are_read_at_once() {
    let ((mut one, first, source), (mut two, second, other)) = (hanging(), hanging());
    let rule = AlertRule::new("x", above(), 1.0);
    let alerts = AlertManager::builder().rule(rule).source(source).source(other).spawn().unwrap();
    one.recv().await.unwrap();
    two.recv().await.unwrap();
    drop((first, second));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(alerts.alerts().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_ends_does_not_wait_for_a_source() {
    let (mut read, release, source) = hanging();
    let alerts = AlertManager::builder().source(source).spawn().unwrap();
    read.recv().await.unwrap();
    let start = Instant::now();
    alerts.shutdown(Duration::from_secs(60)).await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    drop(release);
}

#[cfg(feature = "rules")]
fn rules() -> AlertManagerBuilder {
    let rules = r#"
groups:
  - name: g
    rules:
      - {record: "far:sum", expr: "sum(far)"}
      - {record: "far:twice", expr: "far:sum * 2"}
      - {alert: Far, expr: "far > 5"}
      - {alert: FarRecorded, expr: "far:twice > 5"}
      - {alert: Any, expr: '{job="far", alertname=""} > 5'}
      - {alert: FarAbsent, expr: "absent(far)"}
      - {alert: Near, expr: "near > 5"}
"#;
    AlertManager::builder().rules_text("a.yml", rules).unwrap()
}

#[cfg(feature = "rules")]
#[tokio::test(start_paused = true)]
async fn what_a_source_that_fails_had_resolves_nothing_and_the_rest_is_evaluated() {
    let (far, near) = (Scripted::of("far{job=\"far\"} 9\n"), Scripted::of("near 9\n"));
    let alerts = rules().source(far.source()).source(near.source()).spawn().unwrap();
    let firing = || alerts.alerts().into_iter().map(|alert| alert.rule).collect::<Vec<_>>();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(firing(), ["Far", "FarRecorded", "Any", "Near"], "{:?}", alerts.rules());
    near.set(Some("near 1\n"));
    for gone in [None, Some("far{ nonsense\n")] {
        far.set(gone);
        sleep(INTERVAL).await;
        assert_eq!(firing(), ["Far", "FarRecorded", "Any", "FarAbsent"], "{gone:?}");
        assert!(alerts.rules().iter().all(|rule| rule.error.is_none()), "{:?}", alerts.rules());
    }
    // It is back, and what it says counts.
    far.set(Some("far{job=\"far\"} 1\n"));
    sleep(INTERVAL).await;
    assert_eq!(firing(), [""; 0]);
}

#[cfg(feature = "rules")]
#[tokio::test(start_paused = true)]
async fn series_that_a_source_leaves_out_have_gone_and_resolve() {
    let far = Scripted::of("far{job=\"far\"} 9\n");
    let alerts = rules().source(far.source()).spawn().unwrap();
    sleep(Duration::from_secs(1)).await;
    far.set(Some("other 1\n"));
    sleep(INTERVAL).await;
    assert_eq!(alerts.alerts().into_iter().map(|alert| alert.rule).collect::<Vec<_>>(), ["FarAbsent"]);
    // What it had before it failed is what counts, not what it had once.
    far.set(None);
    sleep(INTERVAL).await;
    assert_eq!(alerts.alerts()[0].rule, "FarAbsent");
}
