//! Mail that a real server takes, and servers that misbehave.

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ms_alerts::{AlertManager, AlertRule, EmailError, EmailSink, Notification, SendError, Sink, above};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::certificates::{Authority, Leaf};

const PASSWORD: &str = "p4ssw0rd ş";

/// Python's aiosmtpd, until it is dropped.
struct Server {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    port: u16,
}

impl Server {
    fn start(leaf: &Leaf, mode: &str, codes: &[&str]) -> Self {
        let mut child = Command::new("python3")
            .args(["-W", "ignore", "-c", include_str!("email/server.py")])
            .args([&leaf.certificate, &leaf.key])
            .arg(mode)
            .args(codes)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("python3: {error}; apt-get install -y python3"));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines
            .next()
            .and_then(Result::ok)
            .unwrap_or_else(|| panic!("the mail server does not start; pip install aiosmtpd==1.4.6"));
        Self { child, lines, port: port.parse().unwrap() }
    }

    fn message(&mut self) -> Value {
        serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn sink(port: u16) -> EmailSink {
    let to = ["Nöbet <duty@example.org>", "second@example.org"];
    EmailSink::internal("localhost", "Alerts <alerts@example.org>", to).unwrap().port(port)
}

fn header<'m>(message: &'m Value, name: &str) -> &'m str {
    let headers = message["headers"].as_array().unwrap();
    let mut found = headers.iter().filter(|header| header[0] == name);
    let only = found.next().unwrap_or_else(|| panic!("no {name}: {message}"));
    assert!(found.next().is_none(), "{name} stands twice: {message}");
    only[1].as_str().unwrap()
}

/// A change of a rule with this text, as a sink is given it.
async fn notification(name: &str, summary: &str) -> Arc<Notification> {
    struct Catch(std::sync::Mutex<Option<tokio::sync::oneshot::Sender<Arc<Notification>>>>);
    impl Sink for Catch {
        fn name(&self) -> &str {
            "catch"
        }
        fn send(&self, notification: Arc<Notification>) -> ms_alerts::SendFuture<'_> {
            let sender = self.0.lock().unwrap().take();
            sender.unwrap().send(notification).unwrap();
            Box::pin(std::future::ready(Ok(())))
        }
    }
    let (sender, caught) = tokio::sync::oneshot::channel();
    let rule = AlertRule::new(name, above(), 90.0).metric("cpu").annotation("summary", summary);
    let sink = Catch(std::sync::Mutex::new(Some(sender)));
    let manager =
        AlertManager::builder().rule(rule).sink(sink).external_url("https://here/?a=1&b").build().unwrap();
    manager.check_alerts(&[("cpu", 95.5)]).await;
    caught.await.unwrap()
}

fn is_temporary(error: &SendError) -> bool {
    format!("{error:?}").contains("Backoff")
}

#[tokio::test]
async fn mail_is_sent_behind_starttls_with_a_password() {
    let authority = Authority::new();
    let mut server = Server::start(&authority.sign("localhost"), "starttls", &[]);
    let sink = sink(server.port)
        .root_certificates(&authority.pem())
        .unwrap()
        .credentials("alerts", PASSWORD)
        .unwrap()
        .hello("medschedule.example.org")
        .unwrap();
    assert!(!format!("{sink:?}").contains(PASSWORD));
    let told = notification("Kuyruk", "şu an {{ $value }}\nikinci satır").await;
    sink.send(Arc::clone(&told)).await.unwrap();
    let message = server.message();
    assert_eq!((&message["tls"], &message["user"]), (&json!(true), &json!("alerts")));
    assert_eq!(message["hello"], "medschedule.example.org");
    assert_eq!(message["from"], "alerts@example.org");
    assert_eq!(message["to"], json!(["duty@example.org", "second@example.org"]));
    assert_eq!(header(&message, "From"), "Alerts <alerts@example.org>");
    assert_eq!(header(&message, "To"), "Nöbet <duty@example.org>, second@example.org");
    assert_eq!(header(&message, "Subject"), "[FIRING:1] Kuyruk");
    assert_eq!(header(&message, "Message-ID"), format!("<{}@example.org>", told.id()));
    assert_eq!(header(&message, "Auto-Submitted"), "auto-generated");
    assert_eq!(message["defects"], json!([]));
    let (text, html) = (message["text"].as_str().unwrap(), message["html"].as_str().unwrap());
    assert!(
        text.contains("Firing: Kuyruk") && text.contains("summary: şu an 95.5\n    ikinci satır"),
        "{text}"
    );
    assert!(html.contains("<td>şu an 95.5<br>ikinci satır</td>"), "{html}");
    assert!(html.contains("<a href=\"https://here/?a=1&amp;b\">"), "{html}");
}

#[tokio::test]
async fn mail_is_sent_over_implicit_tls_and_without_any_where_asked_for() {
    let authority = Authority::new();
    let leaf = authority.sign("localhost");
    let told = notification("Queue", "x").await;
    let mut implicit = Server::start(&leaf, "implicit", &[]);
    let secure = sink(implicit.port).implicit_tls().root_certificates(&authority.pem()).unwrap();
    secure.credentials("alerts", PASSWORD).unwrap().send(Arc::clone(&told)).await.unwrap();
    let message = implicit.message();
    assert_eq!((&message["user"], header(&message, "Subject")), (&json!("alerts"), "[FIRING:1] Queue"));

    let mut plain = Server::start(&leaf, "plain", &[]);
    // Nobody is given the mail in plain text behind one's back.
    let error = sink(plain.port).send(Arc::clone(&told)).await.unwrap_err();
    assert!(is_temporary(&error) && error.to_string() == "the mail server offers no STARTTLS", "{error:?}");
    sink(plain.port).without_tls().unwrap().send(told).await.unwrap();
    assert_eq!(plain.message()["tls"], false);
}

#[tokio::test]
async fn no_alert_forges_a_header_or_a_page() {
    let authority = Authority::new();
    let mut server = Server::start(&authority.sign("localhost"), "starttls", &[]);
    let hostile = "<script>alert(1)</script>\r\nBcc: evil@example.org\r\n\r\n\0\u{1b}[31m.\r\n.\r\nQUIT \u{2028}\u{85}&quot;";
    for template in
        ["{{ .CommonAnnotations.summary }}", "x\r\nBcc: own@example.org {{ .CommonAnnotations.summary }}"]
    {
        let sink = sink(server.port).root_certificates(&authority.pem()).unwrap().subject(template).unwrap();
        sink.send(notification("<b>Queue</b>", hostile).await).await.unwrap();
        let message = server.message();
        let names: Vec<_> =
            message["headers"].as_array().unwrap().iter().map(|header| header[0].as_str().unwrap()).collect();
        assert!(!names.contains(&"Bcc"), "{names:?}");
        assert_eq!((&message["to"].as_array().unwrap().len(), &message["defects"]), (&2, &json!([])));
        let subject = header(&message, "Subject");
        assert!(
            subject.contains("<script>alert(1)</script>") && !subject.contains(char::is_control),
            "{subject:?}"
        );
        let (text, html) = (message["text"].as_str().unwrap(), message["html"].as_str().unwrap());
        assert!(!html.contains("<script") && !html.contains("<b>"), "{html}");
        assert!(html.contains("&lt;script&gt;") && html.contains("&amp;quot;"), "{html}");
        assert!(text.contains("QUIT") && !text.contains(['\0', '\u{1b}']), "{text:?}");
    }
}

#[tokio::test]
async fn a_long_text_is_cut_and_no_line_is_too_long() {
    let authority = Authority::new();
    let mut server = Server::start(&authority.sign("localhost"), "starttls", &[]);
    let sink = sink(server.port).root_certificates(&authority.pem()).unwrap();
    let sink = sink.subject("{{ .CommonAnnotations.summary }}").unwrap();
    sink.send(notification("Queue", &"ğ".repeat(500_000)).await).await.unwrap();
    let message = server.message();
    assert_eq!(header(&message, "Subject"), format!("{}…", "ğ".repeat(249)));
    assert!(message["text"].as_str().unwrap().contains(&format!("{}…\n", "ğ".repeat(3999))));
    assert!(message["longest"].as_u64().unwrap() <= 998, "RFC 5321: {}", message["longest"]);
}

#[tokio::test]
async fn each_code_has_its_consequence_and_a_wrong_password_is_not_told() {
    let authority = Authority::new();
    let server = Server::start(&authority.sign("localhost"), "starttls", &["451", "452", "550", "554"]);
    let told = notification("Queue", "x").await;
    let trusting = || sink(server.port).root_certificates(&authority.pem()).unwrap();
    for (code, temporary) in [("451", true), ("452", true), ("550", false), ("554", false)] {
        let error = trusting().send(Arc::clone(&told)).await.unwrap_err();
        assert_eq!((error.to_string(), is_temporary(&error)), (format!("SMTP {code}"), temporary));
    }
    let error = trusting().credentials("alerts", "S3CR3T").unwrap().send(told).await.unwrap_err();
    assert_eq!((error.to_string(), is_temporary(&error)), ("SMTP 535".to_owned(), false));
}

#[tokio::test]
async fn a_certificate_that_does_not_prove_the_host_is_refused_and_told() {
    let authority = Authority::new();
    let told = notification("Queue", "x").await;
    let cases = [
        (authority.sign("localhost"), false, "UnknownIssuer"),
        (authority.sign_expired("localhost"), true, "expired"),
        (authority.sign("other.example"), true, "not valid for name"),
    ];
    for (leaf, trusted, expected) in cases {
        for mode in ["starttls", "implicit"] {
            let server = Server::start(&leaf, mode, &[]);
            let sink = if mode == "implicit" { sink(server.port).implicit_tls() } else { sink(server.port) };
            let sink = if trusted { sink.root_certificates(&authority.pem()).unwrap() } else { sink };
            let error = sink.send(Arc::clone(&told)).await.unwrap_err();
            let text = error.to_string();
            assert!(text.starts_with("TLS failed: ") && text.contains(expected), "{mode} {expected}: {text}");
            assert!(is_temporary(&error));
        }
    }
}

/// A server that answers each connection with the same bytes and then does nothing more.
async fn raw(answer: &'static str, closes: bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((mut connection, _)) = listener.accept().await {
            let _ = connection.write_all(answer.as_bytes()).await;
            if !closes {
                let _ = connection.read(&mut [0; 4096]).await;
                kept.push(connection);
            }
        }
    });
    port
}

#[tokio::test]
async fn nobody_there_nonsense_and_a_connection_that_ends_are_tried_again() {
    let told = notification("Queue", "x").await;
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    for port in [
        gone,
        raw("", true).await,
        raw("HTTP/1.1 400 Bad Request\r\n\r\n", true).await,
        raw("220", true).await,
    ] {
        let error = sink(port).send(Arc::clone(&told)).await.unwrap_err();
        assert!(is_temporary(&error), "{error:?}");
        assert!(!error.to_string().contains("HTTP"), "what the server says is not repeated: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_costs_twenty_seconds() {
    let port = raw("220-still\r\n", false).await;
    let start = tokio::time::Instant::now();
    let error = sink(port).send(notification("Queue", "x").await).await.unwrap_err();
    assert!(is_temporary(&error) && error.to_string() == "no answer in time", "{error:?}");
    assert!(start.elapsed() <= Duration::from_secs(21), "{:?}", start.elapsed());
}

#[tokio::test]
async fn nothing_internal_is_called_however_it_is_written() {
    let trap = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = trap.local_addr().unwrap().port();
    let told = notification("Queue", "x").await;
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.1.",
        "0",
        "0.0.0.0",
        "::1",
        "[::1]",
        "::ffff:127.0.0.1",
        "::ffff:7f00:1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "fe80::1",
        "fd00:ec2::254",
        "169.254.169.254",
        "0xa9fea9fe",
        "2852039166",
        "::ffff:a9fe:a9fe",
        "168.63.129.16",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "127.0.0.1:25",
        "a@127.0.0.1",
        "127.0.0.1/x",
        "127.0.0.1\r\nx",
        "",
    ] {
        match EmailSink::new(host, "a@example.org", ["b@example.org"]) {
            Err(EmailError::Address | EmailError::Host) => {}
            Err(other) => panic!("{host}: {other}"),
            Ok(sink) => {
                let error = sink.port(port).send(Arc::clone(&told)).await.unwrap_err();
                let forbidden = error.to_string() == "every address of the host is internal or reserved";
                // Not every machine knows what looks like a name.
                assert!(forbidden || error.to_string().starts_with("connection failed: "), "{host}: {error}");
            }
        }
    }
    let connected = tokio::time::timeout(Duration::from_millis(50), trap.accept()).await;
    assert!(connected.is_err(), "nobody has connected");
}

#[test]
fn what_cannot_be_is_refused_without_showing_it() {
    let made = |from: &str, to: &str| EmailSink::new("smtp.example.org", from, [to]);
    let (from, to) = ("S3CR3T@example.org", "duty@example.org");
    for (error, expected) in [
        (made("S3CR3T", to).unwrap_err(), EmailError::From),
        (made("a@b\r\nBcc: S3CR3T@c", to).unwrap_err(), EmailError::From),
        (made(from, "S3CR3T").unwrap_err(), EmailError::To { place: 1 }),
        (made(from, "S3CR3T\r\n <a@b.c>").unwrap_err(), EmailError::To { place: 1 }),
        (EmailSink::new("smtp.example.org", from, [""; 0]).unwrap_err(), EmailError::NobodyToTell),
        (made(from, to).unwrap().credentials("a\n", "S3CR3T").unwrap_err(), EmailError::Credentials),
        (
            made(from, to).unwrap().credentials("a", "S3CR3T").unwrap().without_tls().unwrap_err(),
            EmailError::PlaintextCredentials,
        ),
        (
            made(from, to).unwrap().without_tls().unwrap().credentials("a", "S3CR3T").unwrap_err(),
            EmailError::PlaintextCredentials,
        ),
        (made(from, to).unwrap().root_certificates(b"S3CR3T").unwrap_err(), EmailError::Certificate),
        (made(from, to).unwrap().hello("S3CR3T\r\nQUIT").unwrap_err(), EmailError::Host),
    ] {
        assert_eq!(error, expected);
        assert!(!format!("{error} {error:?}").contains("S3CR3T"), "{error:?}");
    }
}
