//! What systemd wants to be told: ready, stopping, still alive.

use std::ffi::OsString;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::PathBuf;
use std::sync::Weak;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::health::{HealthCheck, Inner};
use crate::shutdown::Phase;
use crate::status::Status;

/// A message that was not taken, as when systemd is behind with reading, is sent again after so long.
const AGAIN: Duration = Duration::from_secs(1);

/// The socket that systemd listens on, and how often it wants a sign of life.
///
/// | message | when |
/// |---|---|
/// | `READY=1` | the startup gate is open |
/// | `STOPPING=1` | the shutdown has begun |
/// | `WATCHDOG=1` | twice in `WatchdogSec`, while liveness is healthy |
#[derive(Debug, Clone)]
pub struct Systemd {
    socket: OsString,
    watchdog: Option<Duration>,
}

impl Systemd {
    /// Reads `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`; `None` where systemd does not ask (`Type=notify`).
    pub fn from_env() -> Option<Self> {
        Self::from_variables(|name| std::env::var_os(name))
    }

    /// Tells this socket; `watchdog` is how long systemd waits for a sign of life.
    pub fn new(socket: impl Into<PathBuf>, watchdog: Option<Duration>) -> Self {
        Self { socket: socket.into().into_os_string(), watchdog }
    }

    fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        let socket = variable("NOTIFY_SOCKET").filter(|socket| !socket.is_empty())?;
        let number = |name| variable(name)?.to_str()?.parse::<u64>().ok();
        // Set for another process of the unit, it is not ours to answer.
        let ours = number("WATCHDOG_PID").is_none_or(|process| process == u64::from(std::process::id()));
        let watchdog = number("WATCHDOG_USEC").filter(|microseconds| ours && *microseconds > 0);
        Some(Self { socket, watchdog: watchdog.map(Duration::from_micros) })
    }

    fn address(&self) -> io::Result<SocketAddr> {
        match self.socket.as_bytes().strip_prefix(b"@") {
            Some(name) => SocketAddr::from_abstract_name(name),
            None => SocketAddr::from_pathname(&self.socket),
        }
    }
}

impl HealthCheck {
    /// Keeps systemd informed from a task on this runtime; a runtime that is stuck sends no sign of life, and the
    /// service is restarted.
    ///
    /// # Errors
    ///
    /// If there is no tokio runtime, the socket cannot be made, or its name is no address. `READY=1` and `STOPPING=1` are
    /// sent again every second until they are taken; the first failure is logged.
    pub fn notify(&self, systemd: &Systemd) -> io::Result<()> {
        let runtime = Handle::try_current().map_err(io::Error::other)?;
        let address = systemd.address()?;
        let socket = UnixDatagram::unbound()?;
        // systemd that does not read must not hold up the runtime.
        socket.set_nonblocking(true)?;
        let channel = Channel { socket, address };
        let health = std::sync::Arc::downgrade(&self.0);
        runtime.spawn(inform(channel, health, self.0.phase.subscribe(), systemd.watchdog));
        Ok(())
    }
}

async fn inform(
    channel: Channel,
    health: Weak<Inner>,
    mut phase: watch::Receiver<Phase>,
    watchdog: Option<Duration>,
) {
    // Half the time systemd waits, as its manual has it.
    let pause = watchdog.map_or(Duration::from_secs(3600), |limit| (limit / 2).max(Duration::from_millis(1)));
    let mut signs = tokio::time::interval(pause);
    signs.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut told, mut failing) = (None, false);
    // Until the end of the process, since a drain may be longer than systemd waits.
    while health.strong_count() > 0 {
        let wanted = message(*phase.borrow_and_update());
        if let Some(message) = wanted
            && wanted != told
        {
            match channel.send(message) {
                Ok(()) => (told, failing) = (wanted, false),
                Err(error) if !failing => {
                    tracing::warn!(notice = message, %error, "systemd was not told; trying again");
                    failing = true;
                }
                Err(_) => {}
            }
        }
        tokio::select! {
            changed = phase.changed() => if changed.is_err() { return },
            _ = signs.tick() => channel.sign(&health, watchdog),
            () = tokio::time::sleep(AGAIN), if wanted != told => {}
        }
    }
}

/// What systemd has to know of a phase.
fn message(phase: Phase) -> Option<&'static str> {
    match phase {
        Phase::Starting => None,
        Phase::Serving => Some("READY=1"),
        Phase::Draining(_) => Some("STOPPING=1"),
    }
}

struct Channel {
    socket: UnixDatagram,
    address: SocketAddr,
}

impl Channel {
    fn send(&self, message: &str) -> io::Result<()> {
        self.socket.send_to_addr(message.as_bytes(), &self.address).map(drop)
    }

    fn sign(&self, health: &Weak<Inner>, watchdog: Option<Duration>) {
        let alive = health
            .upgrade()
            .is_some_and(|inner| HealthCheck(inner).live_status_of(|_| true) == Status::Healthy);
        if alive
            && watchdog.is_some()
            && let Err(error) = self.send("WATCHDOG=1")
        {
            // The next one follows soon.
            tracing::warn!(notice = "WATCHDOG=1", %error, "systemd was not told");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_is_read_as_systemd_sets_it() {
        let read = |set: &[(&str, String)]| {
            Systemd::from_variables(|name| {
                set.iter().find(|(known, _)| *known == name).map(|(_, v)| v.into())
            })
        };
        let socket = || ("NOTIFY_SOCKET", "/run/systemd/notify".to_owned());
        let usec = || ("WATCHDOG_USEC", "30000000".to_owned());
        assert!(read(&[usec()]).is_none() && read(&[("NOTIFY_SOCKET", String::new())]).is_none());
        assert_eq!(read(&[socket()]).unwrap().watchdog, None);
        assert_eq!(read(&[socket(), usec()]).unwrap().watchdog, Some(Duration::from_secs(30)));
        let mine = ("WATCHDOG_PID", std::process::id().to_string());
        assert_eq!(read(&[socket(), usec(), mine]).unwrap().watchdog, Some(Duration::from_secs(30)));
        assert_eq!(read(&[socket(), usec(), ("WATCHDOG_PID", "1".to_owned())]).unwrap().watchdog, None);
        let abstract_name = Systemd::new("@ms-health", None).address().unwrap();
        assert_eq!(abstract_name.as_abstract_name(), Some(&b"ms-health"[..]));
    }
}
