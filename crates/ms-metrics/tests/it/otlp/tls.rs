//! A receiver with a certificate of an authority of one's own.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use ms_metrics::PushError;

use super::oracles::Receiver;
use crate::page::built;

const LIMIT: Duration = Duration::from_secs(20);

/// Makes `ca.pem`, and with it `cert.pem` and `key.pem` of localhost.
fn certificates(directory: &Path) {
    let openssl = |arguments: &str| {
        let mut openssl = Command::new("openssl");
        openssl.current_dir(directory).args("req -x509 -nodes -days 2 -newkey ec -pkeyopt".split(' '));
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

/// Starts itself again with the authority in `SSL_CERT_FILE`: a process cannot change its own environment while threads
/// run.
#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_is_trusted_if_the_system_knows_its_authority_and_only_then() {
    if env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT").is_some() {
        built().otlp().spawn().unwrap().shutdown(LIMIT).await.unwrap();
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    certificates(directory.path());
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let mut receiver = Receiver::start(&[&path("cert.pem"), &path("key.pem")]);
    let endpoint = format!("https://localhost:{}", receiver.port);
    let push = built().otlp().endpoint(&endpoint).spawn().unwrap();
    let error = push.shutdown(Duration::from_millis(500)).await.unwrap_err();
    assert!(
        matches!(&error, PushError::Connection { reason } if reason.starts_with("TLS failed: invalid peer certificate")),
        "{error:?}"
    );
    let child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "otlp::tls::a_receiver_is_trusted_if_the_system_knows_its_authority_and_only_then"])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        .env("SSL_CERT_FILE", path("ca.pem"))
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    let samples = receiver.next();
    assert!(samples.iter().any(|sample| sample.0 == "active_users_total"), "{samples:?}");
}
