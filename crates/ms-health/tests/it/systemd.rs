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

/// systemd is behind with reading, and the kernel takes no more for it.
#[tokio::test(start_paused = true)]
async fn what_systemd_could_not_take_is_told_again() {
    let manager = Manager::new();
    let busy = std::os::unix::net::UnixDatagram::unbound().unwrap();
    busy.set_nonblocking(true).unwrap();
    let fill = || {
        let mut sent = 0;
        while busy.send_to(b"BUSY=1", manager.folder.path().join("notify")).is_ok() {
            sent += 1;
        }
        assert!(sent > 0, "there was room");
    };
    let read = || {
        let mut message = [0; 100];
        let mut messages = Vec::new();
        while let Ok(length) = manager.socket.try_recv(&mut message) {
            messages.push(String::from_utf8(message[..length].to_vec()).unwrap());
        }
        messages.retain(|message| message != "BUSY=1");
        messages
    };
    fill();
    let health = HealthCheck::builder().build().unwrap();
    health.notify(&manager.asks(None)).unwrap();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(read(), [] as [&str; 0]);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(read(), ["READY=1"], "once it was taken it is not repeated");
    fill();
    health.begin_shutdown();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(read(), [] as [&str; 0]);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(read(), ["STOPPING=1"]);
}

#[test]
fn without_a_runtime_nobody_is_told() {
    let health = HealthCheck::builder().build().unwrap();
    assert!(health.notify(&Systemd::new("/nowhere", None)).is_err());
}
