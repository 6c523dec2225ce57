//! A receiver of OTLP that is not ours: Google's protobuf for Python with OpenTelemetry's own schema.

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

const INSTALL: &str = "pip install opentelemetry-proto==1.45.2";

/// Prints its port, then each request as JSON. It answers as its arguments say, the last one for good: `200`, a status and
/// a `Retry-After` as in `503:1`, `partial:N`, or `hang`.
const RECEIVER: &str = "
import gzip, http.server, json, sys, time
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import *
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import *
answers = sys.argv[1:]
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass
    def do_POST(self):
        logs = {'/v1/logs': True, '/v1/traces': False}[self.path]
        kind, response = (ExportLogsServiceRequest, ExportLogsServiceResponse()) if logs else (ExportTraceServiceRequest, ExportTraceServiceResponse())
        body = self.rfile.read(int(self.headers['content-length']))
        encoding = self.headers['content-encoding']
        request = kind.FromString(gzip.decompress(body) if encoding == 'gzip' else body)
        assert self.headers['content-type'] == 'application/x-protobuf'
        found = {'path': self.path, 'token': self.headers['x-token'], 'encoding': encoding, 'body': MessageToDict(request)}
        print(json.dumps(found), flush=True)
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        status, _, rest = answer.partition(':')
        if status == 'hang':
            time.sleep(600)
        if status == 'partial':
            status = 200
            if logs:
                response.partial_success.rejected_log_records = int(rest)
            else:
                response.partial_success.rejected_spans = int(rest)
            response.partial_success.error_message = 'no'
            rest = ''
        body = response.SerializeToString()
        self.send_response(int(status))
        if rest:
            self.send_header('retry-after', rest)
        self.send_header('content-length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
";

/// A running receiver; it ends with the test, whatever ends that.
pub(crate) struct Receiver {
    pub(crate) endpoint: String,
    output: Lines<BufReader<ChildStdout>>,
    program: Child,
}

impl Receiver {
    pub(crate) fn answering(answers: &[&str]) -> Self {
        let mut python = Command::new("python3");
        python.args(["-c", RECEIVER]).args(answers).stdout(Stdio::piped());
        let mut program = python.spawn().expect("python3 is needed: apt-get install -y python3 python3-venv");
        let mut output = BufReader::new(program.stdout.take().unwrap()).lines();
        let port = output.next().unwrap_or_else(|| panic!("the receiver does not start: {INSTALL}")).unwrap();
        Self { endpoint: format!("http://127.0.0.1:{port}"), output, program }
    }

    /// Waits for the next request.
    pub(crate) fn request(&mut self) -> Value {
        serde_json::from_str(&self.output.next().unwrap().unwrap()).unwrap()
    }

    /// Ends it and gives the requests that nobody has waited for.
    pub(crate) fn rest(mut self) -> Vec<Value> {
        self.program.kill().unwrap();
        let lines = self.output.by_ref();
        lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}
