//! Ten thousand changes through a sink that fails in every way, in virtual time: all are delivered, in order.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use ms_alerts::{
    AlertManager, AlertManagerBuilder, Labels, Notification, Routes, SendError, SendFuture, Sink, State,
    parse_exposition,
};

const ALERTS: usize = 100;
const CHANGES: usize = 10_000;

/// Of each alert: what was heard, in order; the id of each time.
type Heard = HashMap<Labels, Vec<(bool, String)>>;

struct Chaotic {
    rng: Mutex<Rng>,
    heard: Arc<Mutex<Heard>>,
}

impl Chaotic {
    fn hear(&self, notification: &Notification) {
        let mut heard = self.heard.lock().unwrap();
        for alert in notification.alerts() {
            let fires = alert.state == State::Firing;
            let id = format!("{} {:?}", notification.id(), alert.fired_at);
            heard.entry(alert.labels.clone()).or_default().push((fires, id));
        }
    }
}

impl Sink for Chaotic {
    fn name(&self) -> &str {
        "chaotic"
    }

    fn send(&self, notification: Arc<Notification>) -> SendFuture<'_> {
        let (luck, wait) = {
            let mut rng = self.rng.lock().unwrap();
            (rng.u8(..100), Duration::from_millis(rng.u64(1..400)))
        };
        Box::pin(async move {
            tokio::time::sleep(wait).await;
            match luck {
                0..10 => Err(SendError::temporary("connection refused")),
                10..30 => Err(SendError::temporary("HTTP 503")),
                30..40 => Err(SendError::temporary("HTTP 429").retry_after(Duration::from_secs(7))),
                40..45 => std::future::pending().await,
                45..50 => {
                    self.hear(&notification);
                    Err(SendError::temporary("the answer was lost"))
                }
                _ => {
                    self.hear(&notification);
                    Ok(())
                }
            }
        })
    }
}

fn seed() -> u64 {
    let seed = std::env::var("MS_ALERTS_SEED").ok().and_then(|seed| seed.parse().ok());
    seed.unwrap_or_else(|| fastrand::u64(..))
}

async fn deliver(builder: AlertManagerBuilder, all: usize, heard: Arc<Mutex<Heard>>, seed: u64) {
    let rules = "groups: [{name: g, rules: [{alert: Busy, expr: m == 1}]}]";
    let manager = builder.rules_text("rules", rules).unwrap().build().unwrap();
    let mut rng = Rng::with_seed(seed);
    let mut fires = [false; ALERTS];
    let mut expected: HashMap<Labels, Vec<bool>> = HashMap::new();
    let labels =
        |number: usize| Labels::from_iter([("alertname", "Busy".to_owned()), ("n", number.to_string())]);
    let mut changes = 0;
    while changes < all {
        // An alert changes once its last change was heard: newer states take the place of what nobody has heard.
        for number in 0..ALERTS {
            let last = heard
                .lock()
                .unwrap()
                .get(&labels(number))
                .and_then(|heard| heard.last().map(|(fires, _)| *fires));
            if last.unwrap_or(false) == fires[number] && rng.bool() {
                fires[number] = !fires[number];
                expected.entry(labels(number)).or_default().push(fires[number]);
                changes += 1;
            }
        }
        let lines = fires.iter().enumerate();
        let text: String = lines.map(|(n, fires)| format!("m{{n=\"{n}\"}} {}\n", u8::from(*fires))).collect();
        manager.check_samples(&parse_exposition(&text).unwrap()).await;
        tokio::time::sleep(Duration::from_secs(30)).await;
    }
    assert_eq!(manager.shutdown(Duration::from_secs(7200)).await.undelivered, 0, "MS_ALERTS_SEED={seed}");
    let heard = heard.lock().unwrap();
    for (alert, expected) in &expected {
        // A repeat has the id of what it repeats, and stands right behind it.
        let mut distinct = heard[alert].clone();
        distinct.dedup();
        let told: Vec<bool> = distinct.iter().map(|(fires, _)| *fires).collect();
        assert_eq!(told, *expected, "MS_ALERTS_SEED={seed} {alert:?}");
    }
}

fn chaotic(seed: u64) -> (Chaotic, Arc<Mutex<Heard>>) {
    let heard = Arc::default();
    (Chaotic { rng: Mutex::new(Rng::with_seed(seed)), heard: Arc::clone(&heard) }, heard)
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_changes_are_heard_in_order_one_by_one() {
    let seed = seed();
    let (sink, heard) = chaotic(seed);
    deliver(AlertManager::builder().sink(sink), CHANGES, heard, seed).await;
}

#[tokio::test(start_paused = true)]
async fn changes_of_groups_are_heard_in_order_by_a_receiver() {
    let seed = seed();
    let (sink, heard) = chaotic(seed);
    let routes = "
route: {receiver: duty, group_by: ['...'], group_wait: 1s, group_interval: 10s, repeat_interval: 1000h}
receivers: [{name: duty}]
";
    let builder =
        AlertManager::builder().routes(Routes::parse("routes", routes).unwrap()).receiver("duty", sink);
    deliver(builder, CHANGES / 4, heard, seed).await;
}
