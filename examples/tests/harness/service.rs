//! The service as its users start it.

use std::net::SocketAddr;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::Arc;

use tempfile::TempDir;

use super::http::Client;
use super::process::Process;

/// A running service; asks it like a [`Client`].
pub struct Service {
    client: Client,
    process: Process,
    directory: Arc<TempDir>,
}

impl Service {
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_in(&new_directory(), arguments)
    }

    /// Starts with the data that another service left behind.
    pub fn start_in(directory: &Arc<TempDir>, arguments: &[&str]) -> Self {
        let mut command = command(directory.path());
        command.args(arguments);
        Self::run(&mut command, directory)
    }

    pub fn run(command: &mut Command, directory: &Arc<TempDir>) -> Self {
        let mut process = Process::start(command, &directory.path().join("terminal"));
        let address = process.until_ready("the service says where it listens", listening);
        Self { client: Client::new(address), process, directory: Arc::clone(directory) }
    }

    /// Gives every request the token.
    pub fn with_token(mut self, token: &str) -> Self {
        self.client.token = Some(token.to_owned());
        self
    }

    pub fn directory(&self) -> &Arc<TempDir> {
        &self.directory
    }

    pub fn log_file(&self) -> PathBuf {
        self.directory.path().join("logs/medschedule.log")
    }

    pub fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    pub fn wait(&mut self) -> ExitStatus {
        self.process.wait()
    }

    /// What it has said on the terminal.
    pub fn terminal(&self) -> String {
        self.process.output()
    }

    /// Ends it as systemd and Kubernetes do, and checks that it goes in peace.
    pub fn stop(&mut self) {
        self.signal("TERM");
        let status = self.wait();
        assert_eq!(status.code(), Some(0), "{status}: {}", self.terminal());
    }
}

impl Deref for Service {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// The service on a free port, without any setting of the machine's own.
pub fn command(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_medschedule"));
    command.env_clear().env("TZ", "Europe/Istanbul").current_dir(directory);
    command.env("MEDSCHEDULE_LISTEN", "127.0.0.1:0").env("MEDSCHEDULE_DATA_DIR", directory);
    command
}

pub fn new_directory() -> Arc<TempDir> {
    Arc::new(tempfile::tempdir().expect("a temporary directory"))
}

/// Finds the address on the terminal.
fn listening(output: &str) -> Option<SocketAddr> {
    let (_, rest) = output.split_once("http://")?;
    let end = rest.find(|c: char| c.is_whitespace() || c == '/')?;
    let address: SocketAddr = rest[..end].parse().ok()?;
    // A service on every address is asked on loopback.
    Some(if address.ip().is_unspecified() { ([127, 0, 0, 1], address.port()).into() } else { address })
}
