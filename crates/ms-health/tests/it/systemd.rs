//! What arrives on the socket of systemd.

use std::time::Duration;

use ms_health::{HealthCheck, Heartbeat, Systemd};
use tokio::net::UnixDatagram;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

struct Manager {
    socket: UnixDatagram,
    folder: tempfile::TempDir,
}

impl Manager {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { socket: UnixDatagram::bind(folder.path().join("notify")).unwrap(), folder }
    }

    fn asks(&self, watchdog: Option<Duration>) -> Systemd {
        Systemd::new(self.folder.path().join("notify"), watchdog)
    }

    async fn next(&self) -> String {
        let mut message = [0; 100];
        let length = timeout(PATIENCE, self.socket.recv(&mut message)).await.expect("a message").unwrap();
        String::from_utf8(message[..length].to_vec()).unwrap()
    }

    /// Skips the signs of life before it.
    async fn next_but_signs(&self) -> String {
        loop {
            let message = self.next().await;
            if message != "WATCHDOG=1" {
                return message;
            }
        }
    }
}

#[tokio::test]
async fn ready_comes_with_the_gate_and_stopping_with_the_shutdown() {
    let manager = Manager::new();
    let health = HealthCheck::builder().startup_gate().build().unwrap();
    health.notify(&manager.asks(None)).unwrap();
    tokio::task::yield_now().await;
    assert!(manager.socket.try_recv(&mut [0; 9]).is_err(), "nothing before the gate opens");
    health.mark_started();
    assert_eq!(manager.next().await, "READY=1");
    health.begin_shutdown();
    assert_eq!(manager.next().await, "STOPPING=1");
}

#[tokio::test]
async fn signs_of_life_come_while_the_tasks_live_and_through_the_drain() {
    let manager = Manager::new();
    let health = HealthCheck::builder().build().unwrap();
    health.notify(&manager.asks(Some(Duration::from_millis(20)))).unwrap();
    assert_eq!(manager.next_but_signs().await, "READY=1");
    for _ in 0..3 {
        assert_eq!(manager.next().await, "WATCHDOG=1");
    }
    health.begin_shutdown();
    assert_eq!(manager.next_but_signs().await, "STOPPING=1");
    assert_eq!(manager.next().await, "WATCHDOG=1");
}

#[tokio::test(start_paused = true)]
async fn a_silent_task_ends_the_signs_of_life() {
    let manager = Manager::new();
    let beat = Heartbeat::new("scheduler", Duration::from_secs(5));
    let health = HealthCheck::builder().heartbeat(&beat).build().unwrap();
    health.notify(&manager.asks(Some(Duration::from_secs(2)))).unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let mut messages = Vec::new();
    let mut message = [0; 100];
    while let Ok(length) = manager.socket.try_recv(&mut message) {
        messages.push(String::from_utf8(message[..length].to_vec()).unwrap());
    }
    let signs = messages.iter().filter(|message| *message == "WATCHDOG=1").count();
    assert_eq!((signs, messages.len()), (6, 7), "at 0 to 5 s: {messages:?}");
}

#[test]
fn without_a_runtime_nobody_is_told() {
    let health = HealthCheck::builder().build().unwrap();
    assert!(health.notify(&Systemd::new("/nowhere", None)).is_err());
}
