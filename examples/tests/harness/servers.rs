//! The real servers that the service works with.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::http::Client;
use super::process::{Process, free_address, missing, program};

/// A PostgreSQL server with an empty database.
pub struct Postgres {
    directory: TempDir,
    programs: PathBuf,
    address: SocketAddr,
    process: Option<Process>,
}

impl Postgres {
    pub fn start() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let programs = postgres_programs();
        let mut server = Self { directory, programs, address: free_address(), process: None };
        if let Some((user, group)) = unprivileged() {
            chown(server.directory.path(), Some(user), Some(group)).expect("root may");
        }
        let mut initdb = server.command("initdb");
        initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        let made = initdb.arg("-D").arg(server.data()).output().expect("initdb runs");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        server.resume();
        server
    }

    pub fn url(&self) -> String {
        format!("postgres://postgres@{}/postgres", self.address)
    }

    /// Ends it at once, as an operator in a hurry does.
    pub fn stop(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.signal("INT");
        process.wait();
    }

    /// Ends it as a power cut does.
    pub fn crash(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.signal("QUIT");
        process.wait();
    }

    /// Lets it hang with all its connections, or go on.
    pub fn signal_all(&self, name: &str) {
        let Some(process) = &self.process else { return };
        let children = Command::new("pgrep").args(["-P", &process.id().to_string()]).output();
        let children = children.expect("pgrep, of procps").stdout;
        process.signal(name);
        for child in String::from_utf8_lossy(&children).lines() {
            // It may have ended by now.
            let _ = Command::new("kill").args(["-s", name, child]).output();
        }
    }

    /// Asks it past the service.
    pub fn query(&self, sql: &str) -> String {
        let answer = self.command("psql").args(["-Atqc", sql, &self.url()]).output().expect("psql runs");
        assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
        String::from_utf8_lossy(&answer.stdout).trim().to_owned()
    }

    /// Starts it again on the same port with the same data.
    pub fn resume(&mut self) {
        let port = self.address.port().to_string();
        let mut postgres = self.command("postgres");
        postgres.arg("-F").args(["-p", &port, "-h", "127.0.0.1"]);
        postgres.arg("-D").arg(self.data()).arg("-k").arg(self.directory.path());
        let mut process = Process::start(&mut postgres, &self.directory.path().join("terminal"));
        process.until_ready("PostgreSQL answers", |_| {
            let mut ask = self.command("pg_isready");
            let answer = ask.args(["-q", "-h", "127.0.0.1", "-p", &port]).status().expect("pg_isready runs");
            answer.success().then_some(())
        });
        self.process = Some(process);
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
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

impl Drop for Postgres {
    fn drop(&mut self) {
        // What hangs would not notice that its parent is gone.
        self.signal_all("CONT");
    }
}

/// Debian keeps the server's programs outside the PATH, by version.
fn postgres_programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let folders = versions.map(|version| version.path().join("bin"));
    let newest = folders.filter(|folder| folder.join("initdb").is_file()).max();
    newest.unwrap_or_else(|| match std::env::var_os("PATH") {
        Some(path) => std::env::split_paths(&path)
            .find(|folder| folder.join("initdb").is_file())
            .unwrap_or_else(|| missing("initdb", "postgresql")),
        None => missing("initdb", "postgresql"),
    })
}

/// The user and group `postgres`, if these tests run as root.
fn unprivileged() -> Option<(u32, u32)> {
    if std::fs::metadata("/proc/self").ok()?.uid() != 0 {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let entry = users.lines().find(|line| line.starts_with("postgres:"));
    let mut fields = entry.unwrap_or_else(|| missing("user postgres", "postgresql")).split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// An empty Redis server that writes nothing to disk.
pub struct Redis {
    directory: TempDir,
    address: SocketAddr,
    process: Option<Process>,
}

impl Redis {
    pub fn start() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut server = Self { directory, address: free_address(), process: None };
        server.resume();
        server
    }

    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    pub fn stop(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.signal("TERM");
        process.wait();
    }

    /// `STOP` lets it hang: connections stay open and nothing answers. `CONT` ends that.
    pub fn signal(&self, name: &str) {
        self.process.as_ref().expect("it runs").signal(name);
    }

    pub fn resume(&mut self) {
        let mut redis = Command::new(program("redis-server", "redis-server"));
        redis.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        redis.arg("--port").arg(self.address.port().to_string()).arg("--dir").arg(self.directory.path());
        let mut process = Process::start(&mut redis, &self.directory.path().join("terminal"));
        process.until_ready("Redis answers", |_| {
            let mut stream = TcpStream::connect(self.address).ok()?;
            stream.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
            stream.write_all(b"PING\r\n").ok()?;
            let mut answer = [0; 5];
            stream.read_exact(&mut answer).ok()?;
            (&answer == b"+PONG").then_some(())
        });
        self.process = Some(process);
    }
}

/// A node exporter.
pub struct NodeExporter {
    pub address: SocketAddr,
    _process: Process,
    _directory: TempDir,
}

impl NodeExporter {
    pub fn start() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let address = free_address();
        let mut exporter = Command::new(program("prometheus-node-exporter", "prometheus-node-exporter"));
        exporter.arg(format!("--web.listen-address={address}"));
        let mut process = Process::start(&mut exporter, &directory.path().join("terminal"));
        let client = Client::new(address);
        process.until_ready("the node exporter answers", |_| client.try_get("/").ok());
        Self { address, _process: process, _directory: directory }
    }
}

/// A Prometheus server.
pub struct Prometheus {
    client: Client,
    _process: Process,
    _directory: TempDir,
}

impl Prometheus {
    /// Starts with a configuration and the rule files it names, which lie beside it.
    pub fn start(config: &Path) -> Self {
        Self::start_with(config, &[])
    }

    pub fn start_with(config: &Path, flags: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let address = free_address();
        let mut prometheus = Command::new(program("prometheus", "prometheus"));
        prometheus.arg("--config.file").arg(config).arg(format!("--web.listen-address={address}"));
        prometheus.arg("--storage.tsdb.path").arg(directory.path().join("data")).args(flags);
        let mut process = Process::start(&mut prometheus, &directory.path().join("terminal"));
        let client = Client::new(address);
        let ready = |answer: &super::Answer| answer.status == 200;
        process.until_ready("Prometheus is ready", |_| client.try_get("/-/ready").ok().filter(ready));
        Self { client, _process: process, _directory: directory }
    }

    /// Evaluates an expression now.
    pub fn query(&self, expression: &str) -> Vec<Value> {
        let expression: String = form_urlencoded::byte_serialize(expression.as_bytes()).collect();
        let answer = self.get(&format!("query?query={expression}"));
        answer["result"].as_array().expect("a vector").clone()
    }

    /// The values of a label of these series.
    pub fn label_values(&self, (series, label): &(String, String)) -> Vec<Value> {
        let series: String = form_urlencoded::byte_serialize(series.as_bytes()).collect();
        self.get(&format!("label/{label}/values?match[]={series}")).as_array().expect("values").clone()
    }

    /// The `data` of an answer of `/api/v1/`.
    pub fn get(&self, path: &str) -> Value {
        let answer = self.client.get(&format!("/api/v1/{path}")).ok(200);
        assert_eq!(answer["status"], "success", "{answer}");
        answer["data"].clone()
    }
}
