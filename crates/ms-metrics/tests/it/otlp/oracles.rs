//! Others read what we push: Google's protobuf for Python with OpenTelemetry's own schema, and the receiver oteltap.

use std::io::{BufRead as _, BufReader, Lines, Read as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use metrics::Recorder;
use ms_metrics::{Metric, Metrics};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::oracles::{Sample, label_value, parsed_by_python, sample};
use crate::page::{METADATA, key};

const INSTALL: &str = "pip install oteltap==1.0.0 opentelemetry-proto==1.45.2";

/// A receiver in Python, with TLS if it is given a certificate and a key. It prints its port, then for each request the samples that a page would show for the points.
const RECEIVER: &str = "
import http.server, ssl, sys
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import *
text = lambda s: s.encode().hex()
def line(name, point, value, **extra):
    labels = {a.key: a.value.string_value for a in point.attributes} | extra
    assert len(labels) == len(point.attributes) + len(extra), 'a label is there twice'
    joined = ';'.join(k + '=' + text(v) for k, v in sorted(labels.items()))
    return '%s|%s|%r' % (name, joined, float(value))
def samples(metric):
    kind = metric.WhichOneof('data')
    for point in getattr(metric, kind).data_points:
        if kind in ('sum', 'gauge'):
            yield line(metric.name, point, getattr(point, point.WhichOneof('value')))
            continue
        if kind == 'histogram':
            total = 0
            bounds = [*point.explicit_bounds, float('inf')]
            assert len(bounds) == len(point.bucket_counts)
            for bound, count in zip(bounds, point.bucket_counts):
                total += count
                yield line(metric.name + '_bucket', point, total, le=repr(bound))
            assert total == point.count
        else:
            for value in point.quantile_values:
                yield line(metric.name, point, value.value, quantile=repr(value.quantile))
        yield line(metric.name + '_sum', point, point.sum)
        yield line(metric.name + '_count', point, point.count)
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass
    def do_POST(self):
        assert self.path == '/v1/metrics', self.path
        request = ExportMetricsServiceRequest.FromString(self.rfile.read(int(self.headers['content-length'])))
        found = [s for r in request.resource_metrics for scope in r.scope_metrics
                 for m in scope.metrics for s in samples(m)]
        answer = ExportMetricsServiceResponse().SerializeToString()
        self.send_response(200)
        self.send_header('content-length', str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
        print(' '.join(found), flush=True)
server = http.server.HTTPServer(('127.0.0.1', 0), Handler)
if len(sys.argv) > 1:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*sys.argv[1:])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
";

/// Ends with the test, whatever ends that.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn python(arguments: &[&str]) -> Program {
    let mut python = Command::new("python3");
    python.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    Program(python.spawn().expect("python3 is needed: apt-get install -y python3 python3-venv"))
}

/// A running [`RECEIVER`].
pub(super) struct Receiver {
    pub(super) port: u16,
    output: Lines<BufReader<ChildStdout>>,
    _program: Program,
}

impl Receiver {
    pub(super) fn start(certificate_and_key: &[&str]) -> Self {
        let mut program = python(&[&["-c", RECEIVER], certificate_and_key].concat());
        let mut output = BufReader::new(program.0.stdout.take().unwrap()).lines();
        let Some(Ok(port)) = output.next() else {
            let mut complaint = String::new();
            program.0.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
            panic!("{INSTALL}: {complaint}");
        };
        Self { port: port.parse().unwrap(), output, _program: program }
    }

    /// The samples of the next request.
    pub(super) fn next(&mut self) -> Vec<Sample> {
        self.output.next().unwrap().unwrap().split(' ').map(sample).collect()
    }
}

/// Bounds are written in more than one way, and ours about ourselves change with each push.
fn comparable(samples: Vec<Sample>) -> Vec<String> {
    let number = |text: &String| format!("{:?}", text.parse::<f64>().unwrap());
    let line = |(name, mut labels, value): Sample| {
        for bound in ["le", "quantile"] {
            if let Some(text) = labels.get_mut(bound) {
                *text = number(text);
            }
        }
        // prometheus_client reads -0 as 0.
        format!("{name} {labels:?} {:?}", value + 0.0)
    };
    let mut lines: Vec<_> =
        samples.into_iter().filter(|sample| !sample.0.starts_with("ms_metrics_otlp_")).map(line).collect();
    lines.sort();
    lines
}

/// Metrics of every kind, with label values and numbers that formats stumble over.
fn hostile(runner: &mut TestRunner) -> Metrics {
    let metrics =
        Metrics::builder().buckets("t_h", &[-1.0, 0.0, 0.1, 1e6]).departments(&["Acil"]).build().unwrap();
    let recorder = metrics.recorder();
    let value = prop_oneof![any::<f64>(), -1e3..1e3_f64];
    let series = prop::collection::vec((label_value(), label_value(), value, any::<u32>()), 1..30);
    for (a, b, value, count) in series.new_tree(runner).unwrap().current() {
        let key = |name| key(name, &[("a", &a), ("b", &b)]);
        recorder.register_counter(&key("t_total"), &METADATA).increment(count.into());
        recorder.register_gauge(&key("t_g"), &METADATA).set(value);
        recorder.register_histogram(&key("t_h"), &METADATA).record(value);
        recorder.register_histogram(&key("t_s"), &METADATA).record(value);
    }
    metrics
}

#[tokio::test(flavor = "multi_thread")]
async fn google_protobuf_reads_the_numbers_of_the_page() {
    let mut receiver = Receiver::start(&[]);
    let mut runner = TestRunner::deterministic();
    let (mut pages, mut pushed) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        let metrics = hostile(&mut runner);
        let push = metrics.otlp().endpoint(format!("http://127.0.0.1:{}", receiver.port));
        let push = push.gzip(false).spawn().unwrap();
        pages.push(metrics.render());
        push.shutdown(Duration::from_secs(20)).await.unwrap();
        pushed.push(receiver.next());
    }
    for (page, pushed) in parsed_by_python(&pages).into_iter().zip(pushed) {
        assert!(pushed.len() > 20);
        assert_eq!(comparable(pushed), comparable(page));
    }
}

const AWAITED: Metric = Metric::counter("t_awaited_total", "Awaited.").labels(&["ward"]);

#[tokio::test(flavor = "multi_thread")]
async fn oteltap_takes_what_is_pushed() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut tap =
        python(&["-m", "oteltap", "--port", &port.to_string(), "--await-metric", "^t_awaited_total$"]);
    let metrics = Metrics::builder().catalog([AWAITED]).build().unwrap();
    metrics.counter(&AWAITED, &["Acil Servis"]).increment(42);
    // Until it listens the connection is refused, and tried again.
    let push = metrics.otlp().endpoint(format!("http://127.0.0.1:{port}")).gzip(false).spawn().unwrap();
    let pushed = push.shutdown(Duration::from_secs(20)).await;
    let (mut printed, mut complaint) = (String::new(), String::new());
    if pushed.is_err() {
        let _ = tap.0.kill();
    }
    tap.0.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
    tap.0.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
    assert_eq!(pushed, Ok(()), "{INSTALL}: {complaint}");
    let status = tap.0.wait().unwrap();
    assert!(status.success(), "{status} {complaint} {printed}");
    let is_awaited = |line: &&str| line.starts_with('{') && line.contains("t_awaited_total");
    let line = printed.lines().find(is_awaited).expect("the metric");
    assert!(line.contains("Acil Servis") && line.contains("42"), "{line}");
}
