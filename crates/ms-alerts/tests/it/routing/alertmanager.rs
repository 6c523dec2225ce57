//! A real Alertmanager, on a port of its own, until it is dropped.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

pub(super) const INSTALL: &str = "apt-get install -y prometheus-alertmanager";

pub(super) struct Alertmanager {
    child: Child,
    address: String,
}

impl Alertmanager {
    pub(super) fn start(config: &str, folder: &Path) -> Self {
        let file = folder.join("alertmanager.yml");
        std::fs::write(&file, config).unwrap();
        let mut child = Command::new("prometheus-alertmanager")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.path={}", folder.display()))
            .args(["--web.listen-address=127.0.0.1:0", "--cluster.listen-address="])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("prometheus-alertmanager: {error}; {INSTALL}"));
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut told = String::new();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
            told += &line;
            told.push('\n');
            let behind = line.split_once("msg=\"Listening on\"")?.1.split_once("address=")?.1;
            Some(behind.split_whitespace().next()?.to_owned())
        });
        // It must always find a reader for what it tells.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let address = address.unwrap_or_else(|| panic!("Alertmanager does not listen:\n{told}\n{config}"));
        Self { child, address }
    }

    fn ask(&self, head: &str, body: &str) -> String {
        let mut connection = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        write!(
            connection,
            "{head} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        let (status, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(status.contains(" 200 "), "{head}: {answer}");
        body.to_owned()
    }

    pub(super) fn post_alerts(&self, alerts: &Value) {
        self.ask("POST /api/v2/alerts", &alerts.to_string());
    }

    pub(super) fn groups(&self) -> Vec<Value> {
        serde_json::from_str(&self.ask("GET /api/v2/alerts/groups", "")).unwrap()
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
