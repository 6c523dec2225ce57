//! A real Prometheus scrapes our pages in each format.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::Request;
use metrics::Recorder;
use ms_metrics::Metrics;
use serde_json::Value;
use tempfile::TempDir;
use tower::Layer as _;

use crate::page::{METADATA, key};

const PATIENCE: Duration = Duration::from_secs(60);

/// A server that ends with its test.
pub(crate) struct Prometheus {
    child: Child,
    address: SocketAddr,
    _directory: TempDir,
}

impl Prometheus {
    /// Starts one that scrapes each job's address every second.
    pub(crate) fn start(jobs: &[(&str, SocketAddr)], features: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = directory.path().join("prometheus.yml");
        let mut text = "global: { scrape_interval: 1s }\nscrape_configs:\n".to_owned();
        for (job, address) in jobs {
            text += &format!("- job_name: {job}\n  static_configs: [targets: ['{address}']]\n");
        }
        std::fs::write(&config, text).unwrap();
        let mut child = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", directory.path().join("data").display()))
            .args(["--web.listen-address=127.0.0.1:0", &format!("--enable-feature={features}")])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("apt-get install -y prometheus: {error}"));
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let address = log.find_map(|line| {
            let (_, address) = line.split_once("msg=\"Listening on\" address=")?;
            address.split_whitespace().next()?.parse().ok()
        });
        // It stops when nobody reads what it writes.
        std::thread::spawn(move || log.for_each(drop));
        Self { child, address: address.expect("it tells its address"), _directory: directory }
    }

    /// The data of an answer; nothing while it is starting.
    fn ask(&self, path: &str) -> Option<Value> {
        let mut socket = TcpStream::connect(self.address).ok()?;
        let request = format!("GET /api/v1/{path} HTTP/1.0\r\nHost: x\r\n\r\n");
        socket.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).ok()?;
        let (_, body) = answer.split_once("\r\n\r\n")?;
        Some(serde_json::from_str::<Value>(body).ok()?["data"].clone())
    }

    pub(crate) fn query(&self, expression: &str) -> Vec<Value> {
        let expression: String = expression.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let data = self.ask(&format!("query?query={expression}"));
        data.and_then(|data| data["result"].as_array().cloned()).unwrap_or_default()
    }

    /// Waits for the value of an expression.
    fn value(&self, expression: &str, expected: &str) {
        until(expression, || {
            let found = self.query(expression);
            found.len() == 1 && found[0]["value"][1] == expected
        });
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "it never came: {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// Serves the page in a thread of its own, as if each client sent this `Accept`.
pub(crate) fn serve(metrics: &Metrics, accept: Option<&'static str>) -> SocketAddr {
    let set = tower::util::MapRequestLayer::new(move |mut request: Request<axum::body::Body>| {
        if let Some(accept) = accept {
            request.headers_mut().insert("accept", accept.parse().unwrap());
        }
        request
    });
    let app = Router::new().fallback_service(set.layer(metrics.router::<()>().with_state(())));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            axum::serve(tokio::net::TcpListener::from_std(listener).unwrap(), app).await.unwrap();
        });
    });
    address
}

#[test]
fn both_formats_are_read_alike_and_the_trace_is_found() {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    let metrics =
        Metrics::builder().buckets("t_seconds", &[0.5, 1.0]).buckets("t_low", &[-1.0, 1.0]).build().unwrap();
    let recorder = metrics.recorder();
    let label = &[("a", "\\\"\n#,ş")][..];
    recorder.register_counter(&key("t_total", label), &METADATA).increment(3);
    recorder.register_counter(&key("t_unknown", label), &METADATA).increment(4);
    recorder.register_gauge(&key("t_g", label), &METADATA).set(f64::NEG_INFINITY);
    recorder.register_histogram(&key("t_s", label), &METADATA).record(7.0);
    recorder.register_histogram(&key("t_low", label), &METADATA).record(-0.5);
    recorder.traced_histogram(&key("t_seconds", label)).record(0.7, TRACE);
    let jobs = [("text", serve(&metrics, Some("text/plain"))), ("openmetrics", serve(&metrics, None))];
    let prometheus = Prometheus::start(&jobs, "exemplar-storage");

    for job in ["text", "openmetrics"] {
        for (name, bound, value) in [
            ("t_total", "", "3"),
            ("t_unknown", "", "4"),
            ("t_g", "", "-Inf"),
            ("t_s", "quantile=~'1|1.0'", "7"),
            ("t_s_sum", "", "7"),
            ("t_low_sum", "", "-0.5"),
            ("t_seconds_bucket", "le=~'1|1.0'", "1"),
            ("t_seconds_count", "", "1"),
            ("active_users_total", "", "0"),
        ] {
            prometheus.value(&format!("{name}{{job='{job}',{bound}}}"), value);
        }
        let labels = prometheus.query(&format!("t_total{{job=\"{job}\"}}"));
        assert_eq!(labels[0]["metric"]["a"], "\\\"\n#,ş");
    }
    // A mistake in a page would show here.
    let targets = prometheus.ask("targets?state=active").unwrap();
    let errors: Vec<_> =
        targets["activeTargets"].as_array().unwrap().iter().map(|it| &it["lastError"]).collect();
    assert_eq!(errors, ["", ""]);
    let kinds = prometheus.ask("targets/metadata?match_target=%7Bjob%3D%22openmetrics%22%7D").unwrap();
    let kind = |name: &str| {
        let metadata = kinds.as_array().unwrap().iter().find(|it| it["metric"] == name);
        metadata.map(|metadata| metadata["type"].as_str().unwrap().to_owned())
    };
    assert_eq!(kind("t"), Some("counter".to_owned()));
    assert_eq!(kind("t_unknown"), Some("unknown".to_owned()));
    assert_eq!(kind("active_users_total"), Some("gauge".to_owned()));

    until("the exemplar", || {
        let found = prometheus.ask("query_exemplars?query=t_seconds_bucket&start=0&end=9999999999");
        found.is_some_and(|found| {
            found[0]["exemplars"][0]["labels"]["trace_id"] == TRACE
                && found[0]["exemplars"][0]["value"] == "0.7"
                && found[0]["seriesLabels"]["job"] == "openmetrics"
        })
    });
}

#[cfg(feature = "native-histograms")]
#[test]
fn native_histograms_give_exact_quantiles() {
    use ms_metrics::NativeBuckets;
    let metrics = Metrics::builder()
        .native_histogram("t_native_seconds", NativeBuckets::default())
        .native_histogram("t_signed", NativeBuckets::default().factor(2.0))
        .native_histogram("t_empty", NativeBuckets::default())
        .buckets("t_signed", &[-1.0, 1.0])
        .buckets("t_seconds", &[0.5, 1.0])
        .build()
        .unwrap();
    let recorder = metrics.recorder();
    let label = &[("a", "\\\"\n#,ş")][..];
    let native = recorder.traced_histogram(&key("t_native_seconds", label));
    (1..=1000).for_each(|value| native.record(f64::from(value) / 1000.0, "4bf92f3577b34da6a3ce929d0e0e4736"));
    let signed = recorder.register_histogram(&key("t_signed", label), &METADATA);
    [-8.0, -4.0, 0.0, 4.0, 8.0, 1e9].into_iter().for_each(|value| signed.record(value));
    let _empty = recorder.register_histogram(&key("t_empty", label), &METADATA);
    recorder.register_histogram(&key("t_seconds", label), &METADATA).record(0.7);
    recorder.register_histogram(&key("t_s", label), &METADATA).record(7.0);
    recorder.register_counter(&key("t_total", label), &METADATA).increment(3);
    recorder.register_gauge(&key("t_g", label), &METADATA).set(f64::NEG_INFINITY);
    let prometheus =
        Prometheus::start(&[("native", serve(&metrics, None))], "native-histograms,exemplar-storage");

    for (expression, value) in [
        ("t_total", "3"),
        ("t_g", "-Inf"),
        ("t_s{quantile=~'1|1.0'}", "7"),
        ("t_seconds_bucket{le=~'1|1.0'}", "1"),
        ("histogram_count(t_native_seconds)", "1000"),
        ("histogram_sum(t_native_seconds)", "500.5"),
        ("histogram_count(t_signed)", "6"),
        ("histogram_sum(t_signed)", "1000000000"),
        ("histogram_count(t_empty)", "0"),
        ("active_users_total", "0"),
    ] {
        prometheus.value(expression, value);
    }
    assert_eq!(prometheus.query("t_native_seconds")[0]["metric"]["a"], "\\\"\n#,ş");
    assert_eq!(prometheus.query("t_native_seconds_bucket").len(), 0, "it is read as a native one");
    let number = |expression: &str| {
        let value = &prometheus.query(expression)[0]["value"][1];
        value.as_str().unwrap().parse::<f64>().unwrap()
    };
    for (share, exact) in [(0.01, 0.01), (0.5, 0.5), (0.9, 0.9), (0.99, 0.99)] {
        let found = number(&format!("histogram_quantile({share},t_native_seconds)"));
        assert!((found / exact - 1.0).abs() < 0.05, "{share}: {found}");
    }
    // Each value in its bucket: of powers of two it is the bound that is further from 0.
    for (upper, share) in [(-4.0, 1.0), (-2.0, 2.0), (1.0, 3.0), (4.0, 4.0), (8.0, 5.0)] {
        let found = number(&format!("histogram_fraction(-Inf,{upper},t_signed)"));
        assert!((found - share / 6.0).abs() < 1e-9, "{upper}: {found}");
    }
    let targets = prometheus.ask("targets?state=active").unwrap();
    assert_eq!(targets["activeTargets"][0]["lastError"], "");
}

#[test]
#[cfg(all(feature = "native-histograms", feature = "grafana"))]
fn the_dashboard_shows_native_histograms() {
    use ms_metrics::grafana::Dashboard;
    use ms_metrics::{Metric, NativeBuckets};
    const JOBS: Metric = Metric::histogram("t_job_seconds", "Jobs.").labels(&["a"]);
    let metrics = Metrics::builder()
        .catalog([JOBS])
        .native_histogram(JOBS.name, NativeBuckets::default())
        .build()
        .unwrap();
    let histogram = metrics.histogram(&JOBS, &["x"]);
    let prometheus = Prometheus::start(&[("native", serve(&metrics, None))], "native-histograms");
    let dashboard = Dashboard::new("A").native_histogram(JOBS.name).to_json(metrics.catalog());
    let dashboard: Value = serde_json::from_str(&dashboard).unwrap();
    let asked = dashboard["panels"].as_array().unwrap().iter().filter_map(|panel| {
        let expression = panel["targets"][0]["expr"].as_str()?;
        expression.contains(JOBS.name).then(|| {
            [("$__rate_interval", "1m"), ("$job", "native"), ("$instance", ".*")]
                .into_iter()
                .fold(expression.to_owned(), |text, (name, value)| text.replace(name, value))
        })
    });
    let asked: Vec<_> = asked.collect();
    assert_eq!(asked.len(), 2, "quantiles and the heatmap");
    for expression in asked {
        until(&expression, || {
            // A rate takes growth between two scrapes.
            histogram.record(0.25);
            let found = prometheus.query(&expression);
            let Some([series]) = found.first_chunk() else { return false };
            let median = series["value"][1].as_str().and_then(|value| value.parse::<f64>().ok());
            let buckets = series["histogram"][1]["buckets"].as_array();
            median.is_some_and(|median| (0.2..0.3).contains(&median))
                || buckets.is_some_and(|found| found.len() == 1)
        });
    }
}
