//! Random expositions, well-formed and broken, beside a real Prometheus that scrapes them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use ms_alerts::parse_exposition_bytes;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

const CASES: usize = 1_000;

/// What stands in a line, in an order that is often wrong.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let name = prop::sample::select(vec!["a", "b:c", "_x", "le", "1a", "ü", "__name__", "a-b", "b\0"]);
    let value = prop::sample::select(vec![
        "1", "-2.5", "+Inf", "NaN", "nan", "+nan", "1e5", "1e999", "0x10", "1_0", ".5", "5.", "e5",
        "infinity", "x", "", "1\0", "1\r",
    ]);
    let quoted = prop::sample::select(vec![
        "\"\"", "\"1\"", "\"ü\"", "\"a b\"", "\"\\\"\"", "\"\\\\\"", "\"\\n\"", "\"\\q\"", "\"x\ny\"",
        "\"\0\"", "\"x\0\"", "\"1\"\0", "\"\\\0\"", "\"\\\n\"", "\"", "1", " \0\"2\"", "\0\"2\"",
    ]);
    let blank = || prop::sample::select(vec!["", "", "", " ", "\t", "  "]);
    let comma = prop::sample::select(vec![",", ",", ",", "", ",,", " , "]);
    let label =
        (blank(), name.clone(), blank(), prop::sample::select(vec!["=", "=", "=", "=", ""]), quoted, comma)
            .prop_map(|(one, name, two, equal, value, comma)| {
                format!("{one}{name}{two}{equal}{value}{comma}")
            });
    let labels = prop::collection::vec(label, 0..3).prop_map(|labels| labels.concat());
    let labels =
        prop_oneof![2 => Just(String::new()), 3 => labels.prop_map(|labels| format!("{{{labels}}}"))];
    let indent = prop::sample::select(vec!["", "", "", "", "", "", " ", "\0"]);
    let rest = prop::sample::select(vec!["", "", "", "", " ", " 1 2", " x", " # {a=\"1\"} 1", "\0", "{"]);
    let sample = (indent, name.clone(), labels, prop::sample::select(vec![" ", " ", "\t", ""]), value, rest)
        .prop_map(|(indent, name, labels, blank, value, rest)| {
            format!("{indent}{name}{labels}{blank}{value}{rest}")
        });
    let hash = prop::sample::select(vec!["# ", "# ", "#", "#\t", " # ", "#\0", "# \0"]);
    let word = prop::sample::select(vec!["HELP", "TYPE", "EOF", "UNIT", "HE\0LP", "TYPE\0", "help", "x\0"]);
    let text = prop::sample::select(vec![
        "counter",
        "gauge",
        "untyped",
        "info",
        "ü",
        "x\\ny",
        "",
        "\0",
        "counter\r",
    ]);
    let comment =
        (hash, word, blank(), name, prop::sample::select(vec![" ", " ", "\t", "", "  ", "\0"]), text)
            .prop_map(|(hash, word, one, name, two, text)| format!("{hash}{word} {one}{name}{two}{text}"));
    prop_oneof![
        8 => sample.prop_map(String::into_bytes),
        3 => comment.prop_map(String::into_bytes),
        1 => prop::sample::select(vec![&b""[..], b" ", b"\r", b"# \xff", b"#\xff", b"# HELP a \xff", b"# HELP a\xff",
            b"a{b=\"\xff\"} 1", b"\xef\xbb\xbfa 1", b"a \xff", b"{\"a\"} 1"]).prop_map(<[u8]>::to_vec),
    ]
}

fn exposition() -> impl Strategy<Value = Vec<u8>> {
    let good = "[a-d]\\{le=\"[0-9]\",x=\"[a-z\\\\ ]{0,3}[a-z]\"\\} [0-9]{1,3}(\\.[0-9])?"
        .prop_map(String::into_bytes);
    let lines = prop::collection::vec(prop_oneof![good, line()], 1..5);
    (lines, any::<bool>()).prop_map(|(lines, ends)| {
        let mut text = lines.join(&b'\n');
        text.extend(ends.then_some(b'\n'));
        text
    })
}

/// Serves each case under its number, and tells of each request.
fn serve(cases: Vec<Vec<u8>>) -> (SocketAddr, Receiver<usize>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let (told, asked) = channel();
    std::thread::spawn(move || {
        // A scrape that fails here is tried again by the server.
        listener.incoming().flatten().for_each(|stream| drop(answer(stream, &cases, &told)));
    });
    (address, asked)
}

fn answer(mut stream: TcpStream, cases: &[Vec<u8>], told: &Sender<usize>) -> std::io::Result<()> {
    let mut head = BufReader::new(stream.try_clone()?).lines();
    let request = head.next().unwrap_or_else(|| Ok(String::new()))?;
    for line in head {
        if line?.is_empty() {
            break;
        }
    }
    let number = request.split(['/', ' ']).find_map(|word| word.parse::<usize>().ok());
    let Some((number, body)) = number.and_then(|number| Some((number, cases.get(number)?))) else {
        return Ok(());
    };
    let length = body.len();
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nConnection: close";
    write!(stream, "{head}\r\nContent-Length: {length}\r\n\r\n")?;
    stream.write_all(body)?;
    // Nobody listens any more once the test has what it wants.
    let _ = told.send(number);
    Ok(())
}

struct Prometheus {
    child: Child,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Prometheus {
    fn start(target: SocketAddr, cases: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let targets: String = (0..cases)
            .map(|case| {
                format!("{{targets: ['{target}'], labels: {{__metrics_path__: /{case}, case: c{case}}}}},")
            })
            .collect();
        let config = format!(
            "global: {{scrape_interval: 2s, scrape_timeout: 2s}}\nscrape_configs: [{{job_name: j, static_configs: [{targets}]}}]"
        );
        fs::write(folder.path().join("prometheus.yml"), config).unwrap();
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", folder.path().join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("prometheus; install it with: apt-get install prometheus");
        Self { child, address, _folder: folder }
    }

    /// Gives what an expression answers, case by case.
    fn query(&self, expression: &str) -> Vec<(usize, BTreeMap<String, String>, f64)> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let body = format!("query={expression}");
        let length = body.len();
        let form = "Content-Type: application/x-www-form-urlencoded";
        write!(stream, "POST /api/v1/query HTTP/1.0\r\n{form}\r\nContent-Length: {length}\r\n\r\n{body}")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let answer: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        let rows = answer["data"]["result"].as_array().unwrap_or_else(|| panic!("{answer}"));
        let rows = rows.iter().map(|row| {
            let labels: BTreeMap<String, String> = serde_json::from_value(row["metric"].clone()).unwrap();
            let case = labels["case"][1..].parse().unwrap();
            (case, labels, row["value"][1].as_str().unwrap().parse().unwrap())
        });
        rows.collect()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Name and labels of each sample, with the value that a server keeps: the first of several.
fn ours(case: usize, samples: &ms_alerts::Samples<'_>) -> BTreeMap<BTreeMap<String, String>, String> {
    let mut all = BTreeMap::new();
    for sample in samples.iter() {
        let target =
            [("__name__", sample.name().to_owned()), ("case", format!("c{case}")), ("job", "j".to_owned())];
        let labels = sample.labels().map(|(name, value)| (name, value.to_owned())).chain(target);
        let labels = labels.map(|(name, value)| (name.to_owned(), value)).collect();
        all.entry(labels).or_insert_with(|| sample.value().to_string());
    }
    all
}

#[test]
fn random_expositions_are_read_as_a_real_server_scrapes_them() {
    let seed: [u8; 32] = std::array::from_fn(|_| fastrand::u8(..));
    let mut runner =
        TestRunner::new_with_rng(Default::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let cases: Vec<_> = (0..CASES).map(|_| exposition().new_tree(&mut runner).unwrap().current()).collect();
    let (address, asked) = serve(cases.clone());
    let server = Prometheus::start(address, CASES);
    // A target is asked again when the first answer is stored.
    let mut requests = vec![0; CASES];
    while requests.iter().any(|count| *count < 2) {
        let case = asked.recv_timeout(Duration::from_secs(60)).expect("prometheus scrapes");
        requests[case] += 1;
    }
    let of_case = |expression| -> BTreeMap<usize, f64> {
        server.query(expression).into_iter().map(|(case, _, value)| (case, value)).collect()
    };
    let (up, counts) = (of_case("up"), of_case("scrape_samples_scraped"));
    let mut theirs: BTreeMap<usize, BTreeMap<_, _>> = BTreeMap::new();
    for (case, mut labels, value) in server.query("{case!=\"\",__name__!~\"up|scrape_.*\"}") {
        labels.remove("instance");
        theirs.entry(case).or_default().insert(labels, value.to_string());
    }
    let mut accepted = 0;
    for (number, case) in cases.iter().enumerate() {
        let shown = format!("\"{}\" of seed {seed:?}", case.escape_ascii());
        let read = parse_exposition_bytes(case);
        assert_eq!(read.is_ok(), up[&number] == 1.0, "{shown}: {read:?}");
        let Ok(samples) = read else { continue };
        assert_eq!(samples.len() as f64, counts[&number], "{shown}: {samples:?}");
        accepted += 1;
        // Where a sample has a time of its own the server may find it too old to keep.
        if samples.iter().all(|sample| sample.timestamp().is_none()) {
            assert_eq!(ours(number, &samples), theirs.remove(&number).unwrap_or_default(), "{shown}");
        }
    }
    assert!(
        (CASES / 10..CASES * 9 / 10).contains(&accepted),
        "{accepted} of {CASES} accepted, seed {seed:?}"
    );
}
