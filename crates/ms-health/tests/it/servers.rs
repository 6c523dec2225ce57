//! Real PostgreSQL and Redis servers, which a test may stop, let hang and start again.

use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);

/// Asks again and again until it holds.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).unwrap().port()
}

fn send(signal: &str, process: u32) {
    // It may have ended by now.
    let _ =
        Command::new("kill").args(["-s", signal, &process.to_string()]).output().expect("kill, of procps");
}

/// A server that ends with its test.
struct Server(Option<Child>);

impl Server {
    fn start(command: &mut Command) -> Self {
        let started = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let name = command.get_program().to_owned();
        Self(Some(started.unwrap_or_else(|error| panic!("{name:?} does not start: {error}; run `.ci/test`"))))
    }

    /// To it and its children.
    fn signal(&self, signal: &str) {
        let id = self.0.as_ref().expect("it runs").id();
        let children =
            Command::new("pgrep").args(["-P", &id.to_string()]).output().expect("pgrep, of procps");
        send(signal, id);
        for child in String::from_utf8_lossy(&children.stdout).split_whitespace() {
            send(signal, child.parse().unwrap());
        }
    }

    fn end(&mut self, signal: &str) {
        if let Some(mut child) = self.0.take() {
            send(signal, child.id());
            child.wait().unwrap();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.0.is_some() {
            self.signal("CONT");
            self.end("QUIT");
        }
    }
}

pub(crate) struct Postgres {
    server: Server,
    directory: TempDir,
    programs: PathBuf,
    port: u16,
}

impl Postgres {
    /// With a user `app` whose password is `right-password`.
    pub(crate) fn start() -> Self {
        let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let programs =
            versions.map(|version| version.path().join("bin")).filter(|bin| bin.join("initdb").is_file());
        let programs = programs.max().expect("PostgreSQL: apt-get install -y postgresql, or run `.ci/test`");
        let directory = tempfile::tempdir().unwrap();
        if let Some((user, group)) = unprivileged() {
            chown(directory.path(), Some(user), Some(group)).unwrap();
        }
        std::fs::write(directory.path().join("password"), "right-password").unwrap();
        let mut postgres = Self { server: Server(None), directory, programs, port: free_port() };
        let made = postgres
            .command("initdb")
            .args(["--username=app", "--auth=scram-sha-256", "--pwfile=password", "--no-sync", "-D", "data"])
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        postgres.resume();
        postgres
    }

    pub(crate) fn url(&self, password: &str) -> String {
        format!("postgres://app:{password}@127.0.0.1:{}/postgres", self.port)
    }

    pub(crate) fn resume(&mut self) {
        let port = self.port.to_string();
        let mut command = self.command("postgres");
        self.server =
            Server::start(command.args(["-F", "-D", "data", "-p", &port, "-h", "127.0.0.1", "-k", "."]));
        until("PostgreSQL answers", || {
            let mut ask = self.command("pg_isready");
            ask.args(["-q", "-h", "127.0.0.1", "-p", &port]).status().unwrap().success()
        });
    }

    pub(crate) fn stop(&mut self) {
        self.server.end("INT");
    }

    pub(crate) fn signal(&self, signal: &str) {
        self.server.signal(signal);
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command.current_dir(self.directory.path()).env("LC_ALL", "C");
        // It refuses to run as root.
        if let Some((user, group)) = unprivileged() {
            command.uid(user).gid(group);
        }
        command
    }
}

/// The user and group `postgres`, if this runs as root.
fn unprivileged() -> Option<(u32, u32)> {
    if std::fs::metadata("/proc/self").ok()?.uid() != 0 {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let entry = users.lines().find(|line| line.starts_with("postgres:"));
    let mut fields = entry.expect("a user postgres: apt-get install -y postgresql").split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

pub(crate) struct Redis {
    server: Server,
    directory: TempDir,
    port: u16,
}

impl Redis {
    /// It wants the password `right-password`.
    pub(crate) fn start() -> Self {
        let mut redis =
            Self { server: Server(None), directory: tempfile::tempdir().unwrap(), port: free_port() };
        redis.resume();
        redis
    }

    pub(crate) fn url(&self, password: &str) -> String {
        format!("redis://:{password}@127.0.0.1:{}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn resume(&mut self) {
        let mut redis = Command::new("redis-server");
        redis.args(["--bind", "127.0.0.1", "--save", "", "--requirepass", "right-password", "--port"]);
        redis.arg(self.port.to_string()).arg("--dir").arg(self.directory.path());
        self.server = Server::start(&mut redis);
        until("Redis accepts", || std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok());
    }

    pub(crate) fn stop(&mut self) {
        self.server.end("TERM");
    }

    pub(crate) fn signal(&self, signal: &str) {
        self.server.signal(signal);
    }
}
