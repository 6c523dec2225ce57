//! Others read our pages: prometheus_client for Python, promtool.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use metrics::Recorder;
use ms_metrics::Metrics;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::page::{METADATA, built, key};

/// One process for all pages: a page in hexadecimal on each line in, its samples out.
const PARSER: &str = "
import sys
from prometheus_client.parser import text_string_to_metric_families as parse
for line in sys.stdin:
    samples = [s for family in parse(bytes.fromhex(line.strip()).decode()) for s in family.samples]
    text = lambda s: s.encode().hex()
    labels = lambda s: ';'.join(k + '=' + text(v) for k, v in sorted(s.labels.items()))
    print(' '.join('%s|%s|%r' % (s.name, labels(s), s.value) for s in samples))
";

/// Name, labels and value as Python has read them.
pub(crate) type Sample = (String, BTreeMap<String, String>, f64);

pub(crate) fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn unhex(text: &str) -> String {
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    String::from_utf8((0..text.len()).step_by(2).map(byte).collect()).unwrap()
}

pub(crate) fn parsed_by_python(pages: &[String]) -> Vec<Vec<Sample>> {
    let lines = pages.iter().map(|page| hex(page) + "\n").collect();
    let text = python(PARSER, lines);
    text.lines().map(|line| line.split(' ').map(sample).collect()).collect()
}

/// What a script of Python writes for the lines it reads.
pub(crate) fn python(script: &str, lines: String) -> String {
    let mut python = Command::new("python3")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python3 is needed: apt-get install -y python3 python3-venv");
    let mut input = python.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = python.wait_with_output().unwrap();
    let _ = writer.join().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "pip install prometheus_client==0.26.0: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

/// Reads a sample as Python has written it.
pub(crate) fn sample(text: &str) -> Sample {
    let mut parts = text.split('|');
    let mut part = || parts.next().unwrap();
    let (name, labels, value) = (part().to_owned(), part(), part());
    let labels = labels.split(';').filter_map(|label| label.split_once('='));
    let labels = labels.map(|(name, value)| (name.to_owned(), unhex(value))).collect();
    (name, labels, value.parse().unwrap())
}

/// Values made of what formats stumble over, and any others.
pub(crate) fn label_value() -> impl Strategy<Value = String> {
    let troublesome = prop::sample::select(vec![
        "\\", "\n", "\"", "\\n", "\r", "\0", "\u{1b}", "\u{202e}", ",", "}", "{", "=", " ", "#", "a", "ş",
        "\u{2028}", "🏥",
    ]);
    prop_oneof![
        2 => prop::collection::vec(troublesome, 1..9).prop_map(|parts| parts.concat()),
        1 => any::<String>(),
    ]
}

#[test]
fn every_label_value_reads_back_and_no_two_series_become_one() {
    let pairs = prop::collection::vec((label_value(), label_value()), 1..40);
    let mut runner = TestRunner::deterministic();
    let mut pages = Vec::new();
    let mut expected = Vec::new();
    for _ in 0..256 {
        let pairs = pairs.new_tree(&mut runner).unwrap().current();
        let metrics = Metrics::builder().buckets("t_h", &[0.5]).build().unwrap();
        let recorder = metrics.recorder();
        let mut series: BTreeMap<_, f64> = BTreeMap::new();
        for (number, (a, b)) in pairs.iter().enumerate() {
            let number = 1 << (number % 8);
            let key = |name| key(name, &[("a", a), ("b", b)]);
            recorder.register_counter(&key("t_total"), &METADATA).increment(number);
            recorder.register_gauge(&key("t_g"), &METADATA).increment(number as f64);
            recorder.register_histogram(&key("t_h"), &METADATA).record(number as f64);
            recorder.register_histogram(&key("t_s"), &METADATA).record(number as f64);
            let labels = [("a", a), ("b", b)].map(|(name, value)| (name.to_owned(), value.clone()));
            // Empty is absent, and longer ones than 128 bytes are another test.
            let labels: BTreeMap<_, _> = labels.into_iter().filter(|(_, value)| !value.is_empty()).collect();
            *series.entry(labels).or_default() += number as f64;
        }
        if series.keys().flat_map(BTreeMap::values).all(|value| value.len() <= 128) {
            pages.push(metrics.render());
            expected.push(series);
        }
    }
    assert!(pages.len() > 100);
    let read = parsed_by_python(&pages);
    assert_eq!(read.len(), pages.len());
    for (samples, expected) in read.into_iter().zip(expected) {
        for name in ["t_total", "t_g", "t_h_sum", "t_s_sum"] {
            let of_name: Vec<_> = samples.iter().filter(|sample| sample.0 == name).collect();
            let series: BTreeMap<_, _> = of_name.iter().map(|sample| (sample.1.clone(), sample.2)).collect();
            assert_eq!(series.len(), of_name.len(), "two series of {name} became one");
            assert_eq!(series, expected, "{name}");
        }
    }
}

#[test]
fn every_number_reads_back() {
    let metrics = built();
    let numbers = [
        0.1,
        1e-320,
        1.5e300,
        f64::MAX,
        f64::MIN_POSITIVE,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        9_007_199_254_740_993.0,
        1e15 + 0.3,
        123_456_789.123,
    ];
    for (index, number) in numbers.iter().enumerate() {
        let key = key("t_g", &[("n", &index.to_string())]);
        metrics.recorder().register_gauge(&key, &METADATA).set(*number);
    }
    let samples = parsed_by_python(&[metrics.render()]).remove(0);
    let read: Vec<f64> = samples.iter().filter(|sample| sample.0 == "t_g").map(|sample| sample.2).collect();
    assert_eq!(format!("{read:?}"), format!("{numbers:?}"));
}

/// What `promtool check metrics` has to say.
fn found_by_promtool(page: &str) -> Vec<String> {
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool is needed: apt-get install -y prometheus");
    promtool.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let findings =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    findings.lines().map(str::to_owned).collect()
}

#[test]
fn promtool_finds_nothing_but_the_name_that_the_origin_gave() {
    let metrics = Metrics::builder()
        .departments(&["Acil \"Servis\"\\\n"])
        .buckets("t_wait_seconds", &[0.5, 1.0])
        .series_cap(5)
        .build()
        .unwrap();
    let recorder = metrics.recorder();
    for number in 0..10 {
        let value = number.to_string();
        let describe = |name: &'static str| recorder.describe_histogram(name.into(), None, "Test.".into());
        describe("t_wait_seconds");
        describe("t_size_bytes");
        recorder.register_histogram(&key("t_wait_seconds", &[("n", &value)]), &METADATA).record(0.7);
        recorder.register_histogram(&key("t_size_bytes", &[("n", &value)]), &METADATA).record(0.7);
        recorder.register_counter(&key("t_size.bytes", &[]), &METADATA).increment(1);
    }
    let findings = found_by_promtool(&metrics.render());
    assert_eq!(findings, ["active_users_total non-counter metrics should not have \"_total\" suffix"]);
}

#[cfg(all(feature = "system", feature = "process", feature = "runtime"))]
#[tokio::test]
async fn promtool_finds_nothing_in_what_collectors_read() {
    let metrics = Metrics::builder()
        .system()
        .process()
        .runtime(tokio::runtime::Handle::current())
        .collector("team's \"own\"", std::time::Duration::MAX, |_| {
            metrics::describe_gauge!("beds", "Beds that are free.");
            metrics::gauge!("beds").set(3.0);
        })
        .build()
        .unwrap();
    let awaited =
        ["cpu_usage_percent", "filesystem_total_bytes{", "process_threads", "tokio_workers", "beds"];
    crate::page::eventually(|| awaited.iter().all(|name| metrics.render().contains(&format!("\n{name}"))))
        .await;
    let findings = found_by_promtool(&metrics.render());
    assert_eq!(findings, ["active_users_total non-counter metrics should not have \"_total\" suffix"]);
    let strict = "import sys\nfrom prometheus_client.openmetrics.parser import text_string_to_metric_families as parse\nfor family in parse(sys.stdin.read()): print(family.type, family.name)";
    let mut python = Command::new("python3")
        .args(["-c", strict])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is needed");
    python.stdin.take().unwrap().write_all(metrics.render_openmetrics().as_bytes()).unwrap();
    let families = String::from_utf8(python.wait_with_output().unwrap().stdout).unwrap();
    for family in ["counter process_cpu_seconds", "counter network_receive_bytes", "gauge cpu_usage_percent"]
    {
        assert!(families.lines().any(|line| line == family), "pip install prometheus_client: {families}");
    }
}
