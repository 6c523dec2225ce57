//! A real Prometheus over samples of the past, on a port of its own, until it is dropped.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use ms_alerts::Labels;
use serde_json::Value;

const INSTALL: &str = "apt-get install -y prometheus";

/// An answer by its labels; a number is one without labels.
pub(super) type Answer = BTreeMap<Labels, f64>;

pub(super) struct Prometheus {
    child: Child,
    address: String,
}

impl Prometheus {
    /// Starts it over the samples of an OpenMetrics text.
    pub(super) fn start(samples: &str, folder: &Path) -> Self {
        let (text, config, data) =
            (folder.join("samples.om"), folder.join("prometheus.yml"), folder.join("data"));
        fs::write(&text, samples).unwrap();
        fs::write(&config, "{}").unwrap();
        let made = Command::new("promtool")
            .args(["tsdb", "create-blocks-from", "openmetrics", "--quiet"])
            .args([&text, &data])
            .output()
            .unwrap_or_else(|error| panic!("promtool: {error}; {INSTALL}"));
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let mut child = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", data.display()))
            .arg("--web.listen-address=127.0.0.1:0")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("prometheus: {error}; {INSTALL}"));
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (mut told, mut address, mut is_ready) = (String::new(), None, false);
        for line in lines.by_ref().map_while(Result::ok) {
            told += &line;
            told.push('\n');
            if let Some((_, behind)) = line.split_once("msg=\"Listening on\"") {
                address = behind.split_once("address=").map(|(_, address)| address.trim().to_owned());
            }
            is_ready = is_ready || line.contains("ready to receive web requests");
            if is_ready && address.is_some() {
                break;
            }
        }
        // It must always find a reader for what it tells.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let address = address.unwrap_or_else(|| panic!("Prometheus does not listen:\n{told}"));
        Self { child, address }
    }

    /// Evaluates an expression at a moment, in milliseconds since 1970; gives nothing where the server calls it an error.
    pub(super) fn evaluate(&self, expression: &str, at: i64) -> Result<Answer, String> {
        let query: String = expression.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let body = format!("query={query}&time={}.{:03}", at / 1000, at % 1000);
        let mut connection = TcpStream::connect(&self.address).unwrap();
        write!(
            connection,
            "POST /api/v1/query HTTP/1.0\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let answer: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"));
        if answer["status"] != "success" {
            return Err(answer["error"].as_str().unwrap().to_owned());
        }
        let value = |pair: &Value| pair[1].as_str().unwrap().parse::<f64>().unwrap();
        let result = &answer["data"]["result"];
        Ok(match answer["data"]["resultType"].as_str().unwrap() {
            "scalar" => BTreeMap::from([(Labels::default(), value(result))]),
            "vector" => result
                .as_array()
                .unwrap()
                .iter()
                .map(|element| {
                    let labels = element["metric"].as_object().unwrap().iter();
                    let labels = labels.map(|(name, value)| (name.clone(), value.as_str().unwrap()));
                    (labels.collect(), value(&element["value"]))
                })
                .collect(),
            other => panic!("{expression} gives a {other}"),
        })
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
