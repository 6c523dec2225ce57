//! A real Prometheus on one core, which scrapes the series from here.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ms_alerts::parse_exposition;
use tempfile::TempDir;

use super::workload::{INTERVAL, RULES, Rules, exposition};
use crate::claim::median;

/// Rounds that are measured, of each kind.
const ROUNDS: u32 = 7;
const PATIENCE: Duration = Duration::from_secs(120);

/// What a round of rules costs, in milliseconds.
#[derive(Debug, Clone)]
pub struct Round {
    /// As the rule group says itself, on the wall.
    pub group: f64,
    /// CPU time of the process, less that of as many rounds without rules.
    pub process: f64,
    pub server: String,
}

pub struct Measured {
    pub rates: Round,
    pub thresholds: Round,
}

/// Takes some three minutes: first the range is filled and scraping alone is measured.
pub fn measure() -> Measured {
    let folder = TempDir::new().expect("a folder");
    let target = serve();
    let server = Server::start(folder.path(), &target);
    server.wait(|page| page.sum("prometheus_target_interval_length_seconds_count") >= 13.0);
    let (_, scraping) = server.rounds();
    let of = |rules: Rules| {
        server.load(folder.path(), rules);
        let (group, process) = server.rounds();
        Round { group, process: process - scraping, server: format!("Prometheus {}", server.version) }
    };
    Measured { rates: of(Rules::Rates), thresholds: of(Rules::Thresholds) }
}

/// Serves one round a request, and gives the address.
fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        for (round, connection) in listener.incoming().flatten().enumerate() {
            let mut connection = connection;
            let _ = connection.read(&mut [0; 4096]);
            let head = "HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n\r\n";
            let _ = write!(connection, "{head}{}", exposition(round as u64));
        }
    });
    address
}

struct Server {
    child: Child,
    address: String,
    version: String,
}

/// What it tells of itself.
struct Page(String);

impl Page {
    fn sum(&self, name: &str) -> f64 {
        parse_exposition(&self.0).expect("valid").named(name).map(|sample| sample.value()).sum()
    }
}

impl Server {
    fn start(folder: &Path, target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        drop(listener);
        let rules = folder.join("rules.yml");
        std::fs::write(&rules, "groups: []\n").expect("written");
        let every = format!("{INTERVAL}s");
        let config = serde_json::json!({
            "global": {"scrape_interval": every, "evaluation_interval": every},
            "rule_files": [rules],
            "scrape_configs": [{"job_name": "bench", "static_configs": [{"targets": [target]}]}],
        });
        let file = folder.join("prometheus.yml");
        std::fs::write(&file, config.to_string()).expect("written");
        let child = Command::new("prometheus")
            .env("GOMAXPROCS", "1")
            .arg("--web.enable-lifecycle")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("prometheus; install it with: apt-get install prometheus");
        let mut server = Self { child, address, version: String::new() };
        let page = server.wait(|page| page.sum("prometheus_ready") > 0.0);
        let samples = parse_exposition(&page.0).expect("valid");
        let build = samples.named("prometheus_build_info").next().expect("its version");
        let version = build.labels().find(|(name, _)| *name == "version").expect("its version").1;
        server.version = version.split('+').next().unwrap_or(version).to_owned();
        server
    }

    /// Loads the rules, and waits until each has found its series.
    fn load(&self, folder: &Path, rules: Rules) {
        std::fs::write(folder.join("rules.yml"), rules.text()).expect("written");
        self.ask("POST", "/-/reload").expect("an answer");
        let end = Instant::now() + PATIENCE;
        let alerts = || self.ask("GET", "/api/v1/alerts").expect("an answer").matches("\"activeAt\"").count();
        while alerts() != RULES {
            assert!(Instant::now() < end, "{} of {RULES} rules found their series", alerts());
            thread::sleep(Duration::from_secs(1));
        }
    }

    /// Gives what the group says, and the CPU time of the process, a round; in milliseconds.
    fn rounds(&self) -> (f64, f64) {
        let mut groups = Vec::new();
        let cpu = || self.page().expect("a page").sum("process_cpu_seconds_total");
        let before = cpu();
        for _ in 0..ROUNDS {
            thread::sleep(Duration::from_secs(INTERVAL));
            let page = self.page().expect("a page");
            groups.push(page.sum("prometheus_rule_group_last_duration_seconds") * 1e3);
        }
        (median(groups.into_iter()), (cpu() - before) * 1e3 / f64::from(ROUNDS))
    }

    fn wait(&self, holds: impl Fn(&Page) -> bool) -> Page {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(page) = self.page().filter(&holds) {
                return page;
            }
            assert!(Instant::now() < end, "Prometheus does not come so far");
            thread::sleep(Duration::from_secs(1));
        }
    }

    fn page(&self) -> Option<Page> {
        self.ask("GET", "/metrics").map(Page)
    }

    fn ask(&self, method: &str, path: &str) -> Option<String> {
        let mut connection = TcpStream::connect(&self.address).ok()?;
        write!(connection, "{method} {path} HTTP/1.0\r\n\r\n").ok()?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).ok()?;
        Some(answer.split_once("\r\n\r\n")?.1.to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
