//! `HttpProbe` over TLS, against the server of OpenSSL.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ms_health::{Check, CheckReport, HealthCheck, HttpProbe, Reason, Status};

/// Set in the child that trusts the authority: the port of the server.
const PORT: &str = "MS_HEALTH_TEST_PORT";

/// Makes `ca.pem`, and with it `cert.pem` and `key.pem` of localhost.
fn certificates(folder: &Path) {
    let openssl = |arguments: &str| {
        let mut openssl = Command::new("openssl");
        openssl.current_dir(folder).args("req -x509 -nodes -days 2 -newkey ec -pkeyopt".split(' '));
        openssl.arg("ec_paramgen_curve:prime256v1").args(arguments.split(' ')).stderr(Stdio::piped());
        let output = openssl.output().expect("openssl is needed: apt-get install -y openssl");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    openssl("-keyout ca.key -out ca.pem -subj /CN=ward");
    openssl(
        "-CA ca.pem -CAkey ca.key -keyout key.pem -out cert.pem -subj /CN=localhost \
         -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE",
    );
}

/// Answers every path with the file of that name in its folder, on a port of its own choice.
struct Server(Child);

impl Server {
    fn start(folder: &Path) -> (Self, String) {
        let mut openssl = Command::new("openssl");
        openssl.args("s_server -HTTP -accept 127.0.0.1:0 -cert cert.pem -key key.pem".split(' '));
        openssl.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = openssl.spawn().expect("openssl is needed: apt-get install -y openssl");
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let listens =
            lines.find_map(|line| Some(line.unwrap().strip_prefix("ACCEPT 127.0.0.1:")?.to_owned()));
        (Self(server), listens.expect("it says where it listens"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn found(url: &str) -> CheckReport {
    let check = Check::of("pharmacy", HttpProbe::new(url).unwrap()).deadline(Duration::from_secs(20));
    let report = HealthCheck::builder().add(check).build().unwrap().report().await;
    report.check("pharmacy").unwrap().clone()
}

/// Starts itself again with the authority in `SSL_CERT_FILE`: a process cannot change its own environment while threads
/// run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_is_asked_over_tls_if_the_machine_trusts_it_and_only_then() {
    if let Ok(port) = env::var(PORT) {
        let degraded = found(&format!("https://localhost:{port}/health")).await;
        assert_eq!(
            (degraded.status(), degraded.error()),
            (Status::Degraded, Some("it answers 200 and degraded"))
        );
        // The certificate is that of the name, not of the address.
        let other = found(&format!("https://127.0.0.1:{port}/health")).await;
        assert_eq!((other.status(), other.reason()), (Status::Unhealthy, Some(Reason::Failed)));
        assert!(other.error().unwrap().starts_with("invalid peer certificate"), "{other:?}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"status\":\"degraded\"}";
    std::fs::write(folder.path().join("health"), answer).unwrap();
    let (_server, port) = Server::start(folder.path());
    let stranger = found(&format!("https://localhost:{port}/health")).await;
    assert_eq!((stranger.status(), stranger.reason()), (Status::Unhealthy, Some(Reason::Failed)));
    assert!(stranger.error().unwrap().starts_with("invalid peer certificate"), "{stranger:?}");
    let child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "tls::a_service_is_asked_over_tls_if_the_machine_trusts_it_and_only_then"])
        .env(PORT, port)
        .env("SSL_CERT_FILE", folder.path().join("ca.pem"))
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
}

#[tokio::test]
async fn a_peer_that_does_not_speak_tls_is_down() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ =
                tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let plain = found(&format!("https://{address}/health")).await;
    assert_eq!((plain.status(), plain.reason()), (Status::Unhealthy, Some(Reason::Failed)), "{plain:?}");
}
