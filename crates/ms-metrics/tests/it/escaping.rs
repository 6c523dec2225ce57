//! Label values come back from the reference parser as they were given, and no two series become one.
//!
//! It tries 100,000 values; the million of the promise with
//! `MS_METRICS_LABEL_VALUES=1000000 cargo nextest run -p ms-metrics --all-features values_come_back`.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::process::{Child, Command, Stdio};

use metrics::Recorder;
use ms_metrics::Metrics;

use crate::page::{METADATA, key};

/// Pages in hexadecimal on a line each in; of each a line of `value=number`, the value in hexadecimal, out.
const PARSER: &str = "
import sys
from prometheus_client.parser import text_string_to_metric_families as parse
for line in sys.stdin:
    samples = [s for f in parse(bytes.fromhex(line.strip()).decode()) for s in f.samples if s.name == 't_total']
    print(' '.join('%s=%d' % (s.labels['v'].encode().hex(), s.value) for s in samples), flush=True)
";

const SERIES: usize = 10_000;

/// What formats stumble over: quotes, escapes, ends of lines, controls, letters that turn the direction, wide ones.
const LETTERS: [&str; 32] = [
    "\\",
    "\\",
    "\"",
    "\"",
    "\n",
    "\n",
    "\r",
    "\0",
    "\u{1b}",
    "\u{7f}",
    "\u{85}",
    "\u{202e}",
    "\u{2066}",
    "\u{2028}",
    "\u{feff}",
    "\t",
    " ",
    ",",
    "=",
    "{",
    "}",
    "#",
    "n",
    "a",
    "0",
    "+",
    "/",
    "ş",
    "İ",
    "🏥",
    "\u{10ffff}",
    "\u{80}",
];

/// A generator of numbers that look random, the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    /// Between 1 and 128 bytes; most are short, so that they come near each other.
    fn value(&mut self) -> String {
        let longest = [4, 16, 128][self.below(3)];
        let length = 1 + self.below(longest);
        let mut value = LETTERS[self.below(LETTERS.len())].to_owned();
        loop {
            let letter = LETTERS[self.below(LETTERS.len())];
            if value.len() + letter.len() > length.max(4) {
                return value;
            }
            value.push_str(letter);
        }
    }
}

struct Python {
    child: Child,
    answers: BufReader<std::process::ChildStdout>,
}

impl Python {
    fn start() -> Self {
        let mut child = Command::new("python3")
            .args(["-c", PARSER])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is needed: apt-get install -y python3 python3-venv");
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, answers }
    }

    fn give(&mut self, page: &str) {
        let mut input = BufWriter::new(self.child.stdin.as_mut().unwrap());
        page.bytes().for_each(|byte| write!(input, "{byte:02x}").unwrap());
        input.write_all(b"\n").unwrap();
        input.flush().unwrap();
    }

    fn answer(&mut self) -> HashMap<String, u64> {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        assert!(line.ends_with('\n'), "pip install prometheus_client==0.26.0");
        let mut read = HashMap::new();
        for sample in line.split_ascii_whitespace() {
            let (value, number) = sample.split_once('=').unwrap();
            assert_eq!(
                read.insert(unhex(value), number.parse().unwrap()),
                None,
                "two series are one: {value}"
            );
        }
        read
    }
}

fn unhex(text: &str) -> String {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    String::from_utf8(text.as_bytes().chunks(2).map(byte).collect()).unwrap()
}

#[test]
fn values_come_back_from_the_reference_parser() {
    let wanted = std::env::var("MS_METRICS_LABEL_VALUES").map_or(100_000, |number| number.parse().unwrap());
    let mut dice = Dice(42);
    let mut pythons = [Python::start(), Python::start()];
    let mut tried = 0;
    while tried < wanted {
        let pages = [(); 2].map(|()| {
            let metrics = Metrics::builder().series_cap(SERIES + 1).build().unwrap();
            let recorder = metrics.recorder();
            let mut given = HashMap::new();
            for _ in 0..SERIES {
                let value = dice.value();
                recorder.register_counter(&key("t_total", &[("v", &value)]), &METADATA).increment(1);
                *given.entry(value).or_insert(0_u64) += 1;
            }
            (metrics.render(), given)
        });
        for (python, (page, _)) in pythons.iter_mut().zip(&pages) {
            python.give(page);
        }
        for (python, (_, given)) in pythons.iter_mut().zip(pages) {
            let read = python.answer();
            tried += SERIES;
            assert!(
                read == given,
                "{:?}",
                given.iter().find(|(value, number)| read.get(*value) != Some(number))
            );
        }
    }
}
