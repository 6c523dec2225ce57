//! Certificates that a receiver may show.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use ms_alerts::{Sink as _, WebhookError, WebhookSink};

use super::{is_temporary, notification};
use crate::certificates::{Authority, Leaf};

/// Python's HTTP server behind its TLS, until it is dropped.
struct Server {
    child: Child,
    port: String,
}

const SERVER: &str = r#"
import http.server, ssl, sys
class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *_):
        pass
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
if sys.argv[3] == "old":
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
"#;

impl Server {
    fn start(leaf: &Leaf, version: &str) -> Self {
        let mut child = Command::new("python3")
            .args(["-W", "ignore", "-c", SERVER])
            .args([&leaf.certificate, &leaf.key])
            .arg(version)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("python3: {error}; apt-get install -y python3"));
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        assert!(!port.is_empty(), "Python does not serve TLS");
        Self { child, port: port.trim().to_owned() }
    }

    fn sink(&self) -> WebhookSink {
        WebhookSink::internal(&format!("https://localhost:{}/", self.port)).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn a_certificate_that_does_not_prove_the_host_is_refused_and_told() {
    let authority = Authority::new();
    let good = Server::start(&authority.sign("localhost"), "new");
    let trusting = |server: &Server| server.sink().root_certificates(&authority.pem()).unwrap();
    let notification = notification().await;
    trusting(&good).send(notification.clone()).await.unwrap();

    let expired = Server::start(&authority.sign_expired("localhost"), "new");
    let other_host = Server::start(&authority.sign("other.example"), "new");
    let outdated = Server::start(&authority.sign("localhost"), "old");
    for (sink, expected) in [
        (good.sink(), "UnknownIssuer"),
        (trusting(&expired), "expired"),
        (trusting(&other_host), "not valid for name"),
        (trusting(&outdated), "ProtocolVersion"),
    ] {
        let error = sink.send(notification.clone()).await.unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("TLS failed: ") && text.contains(expected), "{expected}: {text}");
        assert!(is_temporary(&error), "certificates are mended: {error:?}");
    }
}

#[test]
fn what_is_no_certificate_is_refused() {
    let sink = || WebhookSink::new("https://example.org").unwrap();
    for pem in ["", "S3CR3T", "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n"] {
        assert_eq!(sink().root_certificates(pem.as_bytes()).unwrap_err(), WebhookError::Certificate);
    }
}
