//! The page of metrics, read by those who know the formats.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};

use axum::Router;
use axum::http::header;
use axum::routing::get;
use http::Method;
use serde_json::{Value, json};

use crate::harness::process::program;
use crate::harness::servers::Prometheus;
use crate::harness::wait::{eventually, until};
use crate::harness::{Client, Service};
use crate::roster::shift;

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

fn read_by(command: &mut Command, page: &str) -> Output {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut reader = piped.spawn().expect("it runs");
    reader.stdin.take().expect("a pipe").write_all(page.as_bytes()).expect("it reads");
    reader.wait_with_output().expect("it ends")
}

/// Each kind of metric has something to show.
fn used() -> Service {
    let service = Service::start(&[]);
    service.post("/api/v1/sessions", &json!({ "user": "a" })).ok(201);
    let new = shift("A", "Acil Servis", "2026-03-02T08:00:00Z", "2026-03-02T16:00:00Z");
    service.post("/api/v1/shifts", &new).ok(201);
    until("everything is read", || {
        let page = service.get("/metrics");
        ["\ntokio_workers ", "\nprocess_threads ", "\ncpu_usage_percent ", "\nuptime_seconds "]
            .iter()
            .all(|metric| page.text().contains(metric))
    });
    service
}

#[test]
fn promtool_remarks_nothing_but_the_name_that_the_origin_gave_a_gauge() {
    let service = used();
    let mut promtool = Command::new(program("promtool", "prometheus"));
    let checked = read_by(promtool.args(["check", "metrics"]), service.get("/metrics").text());
    let told = String::from_utf8_lossy(&checked.stderr);
    let remarks: Vec<_> = told.lines().collect();
    assert_eq!(remarks, ["active_users_total non-counter metrics should not have \"_total\" suffix"]);
}

#[test]
fn pythons_strict_parser_reads_the_openmetrics_page() {
    let service = used();
    let page = service.send(Method::GET, "/metrics", &[("accept", OPENMETRICS)], "");
    assert_eq!(page.header("content-type"), OPENMETRICS);
    let script = "import sys\nfrom prometheus_client.openmetrics.parser import text_string_to_metric_families as parse\n\
        print(' '.join(f.name for f in parse(sys.stdin.buffer.read().decode()) \
        if any(s.exemplar for s in f.samples)))";
    let read = read_by(Command::new(program("python3", "python3")).args(["-c", script]), page.text());
    let complaint = String::from_utf8_lossy(&read.stderr);
    assert!(read.status.success(), "needs `pip install prometheus_client==0.26.0`, or: {complaint}");
    assert_eq!(String::from_utf8_lossy(&read.stdout).trim(), "http_request_duration_seconds");
}

/// Passes the page on as whoever does not ask for OpenMetrics gets it.
fn text_only(service: SocketAddr) -> (SocketAddr, tokio::runtime::Runtime) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let address = listener.local_addr().expect("an address");
    let page = move || async move {
        let asked = tokio::task::spawn_blocking(move || Client::new(service).get("/metrics"));
        let answer = asked.await.expect("an answer");
        ([(header::CONTENT_TYPE, answer.header("content-type").to_owned())], answer.body)
    };
    let app = Router::new().route("/metrics", get(page));
    runtime.spawn(async move { axum::serve(listener, app).await });
    (address, runtime)
}

#[test]
fn prometheus_reads_the_same_from_both_formats_and_names_the_trace_of_a_slow_request() {
    let service = Service::start(&[]);
    let (text, _runtime) = text_only(service.address);
    let directory = tempfile::tempdir().expect("a temporary directory");
    let config = directory.path().join("prometheus.yml");
    let job = |name, target| format!("- job_name: {name}\n  static_configs:\n  - targets: [\"{target}\"]\n");
    let jobs = [job("openmetrics", service.address), job("text", text)].concat();
    std::fs::write(&config, format!("global:\n  scrape_interval: 1s\nscrape_configs:\n{jobs}"))
        .expect("written");
    let prometheus = Prometheus::start_with(&config, &["--enable-feature=exemplar-storage"]);

    let new = shift("A", "Acil Servis", "2026-03-02T08:00:00Z", "2026-03-02T16:00:00Z");
    service.post("/api/v1/shifts", &new).ok(201);
    let traces = eventually("Prometheus has a trace", || {
        let query = "query_exemplars?query=http_request_duration_seconds_bucket&start=0&end=9999999999";
        let found = prometheus.get(query).as_array().expect("a list").clone();
        let of_shift = |series: &&Value| series["seriesLabels"]["endpoint"] == "/api/v1/shifts";
        found.iter().find(of_shift).map(|series| series["exemplars"].clone())
    });
    let trace = traces[0]["labels"]["trace_id"].as_str().expect("an id");
    assert_eq!(trace.len(), 32);
    until("the request is in the log", || {
        let log = std::fs::read_to_string(service.log_file()).unwrap_or_default();
        let mut lines = log.lines().filter(|line| line.contains("route=\"/api/v1/shifts\""));
        lines.any(|line| line.contains(&format!("trace_id=\"{trace}\"")))
    });

    let names = |job: &str| -> BTreeSet<String> {
        let series = prometheus.query(&format!("count by (__name__) ({{job={job:?}}})"));
        series.iter().map(|series| series["metric"]["__name__"].to_string()).collect()
    };
    until("both have all metrics", || {
        let (open, text) = (names("openmetrics"), names("text"));
        open == text && open.contains("\"tokio_workers\"") && open.contains("\"cpu_usage_percent\"")
    });
    until("both have the shift", || {
        let planned = prometheus.query("scheduled_shifts_total{department=\"Acil Servis\"}");
        planned.len() == 2 && planned.iter().all(|series| series["value"][1] == "1")
    });
}

#[test]
fn a_label_with_too_many_values_is_explained_and_none_of_them_named() {
    let service = Service::start(&[]);
    let mut roster = "id,employee,department,start,end,duration\n".to_owned();
    for number in 0..1_100 {
        let times = "2026-03-02T08:00:00+03:00,2026-03-02T16:00:00+03:00,8";
        writeln!(roster, "{number},Gizli {number},Servis {number},{times}").expect("writes");
    }
    assert_eq!(service.import("text/csv", roster).ok(200)["accepted"], 1_100);
    let answer = service.get("/api/v1/explain/metrics");
    assert_eq!(answer.header("content-type"), "application/json");
    let explained = answer.ok(200);
    let metrics = explained["metrics"].as_array().expect("metrics");
    let shifts =
        metrics.iter().find(|metric| metric["name"] == "scheduled_shifts_total").expect("the metric");
    assert_eq!((&shifts["series"], &shifts["overflow"]["label"]), (&json!(1_000), &json!("department")));
    assert_eq!(shifts["overflow"]["registrations"], 101);
    assert!(!answer.text().contains("Servis") && !answer.text().contains("Gizli"), "{}", answer.text());
    let page = service.get("/");
    assert!(
        page.text()
            .contains("<th scope=\"row\"><code>scheduled_shifts_total</code><td><code>department</code>")
    );
}
