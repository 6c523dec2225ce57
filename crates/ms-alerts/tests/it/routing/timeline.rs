//! Random alerts come and go beside a real Alertmanager: who is told of what, in which order.
//!
//! Changes happen at even seconds and flushes at odd ones, so that neither side need be faster than a second.

use std::collections::{BTreeMap, HashSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use fastrand::Rng;
use jiff::Timestamp;
use ms_alerts::{AlertManager, Labels, Notification, Routes, SendFuture, Sink, State, parse_exposition};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::alertmanager::Alertmanager;
use super::decisions;

const ALERTS: usize = 120;
const STEPS: u64 = 5;

/// Of each receiver and group: whether each alert fires, in the order of the notification.
type Told = BTreeMap<(String, String), Vec<Vec<(Labels, bool)>>>;

struct Collecting(mpsc::Sender<Arc<Notification>>);

impl Sink for Collecting {
    fn name(&self) -> &str {
        "collecting"
    }

    fn send(&self, notification: Arc<Notification>) -> SendFuture<'_> {
        self.0.send(notification).unwrap();
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Takes requests until nobody has the other end.
fn receive(server: &TcpListener, bodies: &mpsc::Sender<Value>) {
    for connection in server.incoming() {
        let mut connection = BufReader::new(connection.unwrap());
        let mut length = 0;
        let mut line = String::new();
        while connection.read_line(&mut line).is_ok_and(|read| read > 2) {
            if let Some((name, value)) =
                line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            {
                length = value.trim().parse().unwrap_or_else(|_| panic!("{name}: {value}"));
            }
            line.clear();
        }
        let mut body = vec![0; length];
        connection.read_exact(&mut body).unwrap();
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        connection.get_mut().write_all(answer.as_bytes()).unwrap();
        if length == 0 || bodies.send(serde_json::from_slice(&body).unwrap()).is_err() {
            return;
        }
    }
}

fn theirs(bodies: impl Iterator<Item = Value>) -> Told {
    let mut told = Told::new();
    for body in bodies {
        let alerts = body["alerts"].as_array().unwrap().iter().map(|alert| {
            let pairs = alert["labels"].as_object().unwrap().iter();
            let labels = pairs.map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
            (labels, alert["status"] == "firing")
        });
        let place =
            (body["receiver"].as_str().unwrap().to_owned(), body["groupKey"].as_str().unwrap().to_owned());
        told.entry(place).or_default().push(alerts.collect());
    }
    told
}

fn ours(notifications: impl Iterator<Item = Arc<Notification>>) -> Told {
    let mut told = Told::new();
    for notification in notifications {
        let alerts = notification.alerts().iter();
        let alerts = alerts.map(|alert| (alert.labels.clone(), alert.state == State::Firing)).collect();
        let place = (notification.receiver().to_owned(), notification.group_key().to_owned());
        told.entry(place).or_default().push(alerts);
    }
    told
}

fn samples(alerts: &[Labels], firing: &HashSet<usize>) -> String {
    let line = |(number, labels): (usize, &Labels)| {
        let pairs: Vec<_> = labels
            .iter()
            .filter(|(name, _)| *name != "alertname")
            .map(|(name, value)| format!("{name}=\"{}\"", value.replace('\n', "\\n")))
            .collect();
        format!(
            "m{{alertname_=\"{}\",{}}} {}\n",
            labels.get("alertname").unwrap_or("none"),
            pairs.join(","),
            u8::from(firing.contains(&number))
        )
    };
    alerts.iter().enumerate().map(line).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_timelines_are_told_as_alertmanager_tells_them() {
    let seed = std::env::var("MS_ALERTS_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| fastrand::u64(..));
    let mut rng = Rng::with_seed(seed);
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let (bodies, received) = mpsc::channel();
    std::thread::spawn(move || receive(&server, &bodies));

    let mut config = decisions::file(&mut rng);
    let route = config["route"].as_object_mut().unwrap();
    for (option, value) in [("group_wait", "1s"), ("group_interval", "2s"), ("repeat_interval", "1h")] {
        route.insert(option.to_owned(), json!(value));
    }
    for receiver in config["receivers"].as_array_mut().unwrap() {
        receiver["webhook_configs"] = json!([{"url": format!("http://{address}/")}]);
    }
    let config = config.to_string();
    let alerts: Vec<_> = (0..ALERTS).map(|number| decisions::alert(&mut rng, number)).collect();

    let (sender, collected) = mpsc::channel();
    let routes = Routes::parse("random", &config).unwrap();
    let mut builder = AlertManager::builder().routes(routes);
    for receiver in ["zero", "one", "two", "three"] {
        builder = builder.receiver(receiver, Collecting(sender.clone()));
    }
    // The name of an alert is that of its rule.
    let names: HashSet<_> = alerts.iter().map(|alert| alert.get("alertname").unwrap_or("none")).collect();
    let rules: Vec<_> = names
        .iter()
        .map(|name| json!({"alert": name, "expr": format!("sum without(alertname_) (m{{alertname_={name:?}}}) == 1")}))
        .collect();
    let rules = json!({"groups": [{"name": "g", "rules": rules}]}).to_string();
    let manager = builder.rules_text("rules", &rules).unwrap().build().unwrap();

    let folder = tempfile::tempdir().unwrap();
    let alertmanager = Alertmanager::start(&config, folder.path());
    let mut firing = HashSet::new();
    let start = Instant::now();
    for step in 0..STEPS {
        sleep_until(start + Duration::from_secs(2 * step)).await;
        // In the last step everything ends.
        let touched: Vec<_> = if step + 1 == STEPS {
            firing.iter().copied().collect()
        } else {
            (0..ALERTS).filter(|_| rng.u8(..3) == 0).collect()
        };
        let now = Timestamp::now().to_string();
        let posted: Vec<_> = touched
            .iter()
            .map(|number| {
                let named = alerts[*number].get("alertname").is_none().then_some(("alertname", "none"));
                let labels: Labels = alerts[*number].iter().chain(named).collect();
                if firing.remove(number) {
                    json!({"labels": labels, "endsAt": now})
                } else {
                    firing.insert(*number);
                    json!({"labels": labels, "startsAt": now})
                }
            })
            .collect();
        alertmanager.post_alerts(&json!(posted));
        let text = samples(&alerts, &firing);
        manager.check_samples(&parse_exposition(&text).unwrap()).await;
    }
    sleep_until(start + Duration::from_secs(2 * STEPS)).await;
    drop(alertmanager);
    manager.shutdown(Duration::ZERO).await;
    drop(manager);
    drop(sender);
    // The thread that receives ends with this.
    TcpStream::connect(address).unwrap().write_all(b"\r\n\r\n").unwrap();

    let (ours, theirs) = (ours(collected.iter()), theirs(received.iter()));
    for place in ours.keys().chain(theirs.keys()) {
        let (our, their) = (ours.get(place), theirs.get(place));
        assert!(
            our == their,
            "MS_ALERTS_SEED={seed}\n{config}\n{place:?}\nours   {our:#?}\ntheirs {their:#?}"
        );
    }
    assert!(ours.values().map(Vec::len).sum::<usize>() > 0, "MS_ALERTS_SEED={seed}");
}
