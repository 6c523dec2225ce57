//! numpy is the oracle.

use std::io::Write;
use std::process::{Command, Stdio};

use ms_analytics::{PercentileMethod, PerformanceAnalytics, ResponseTimesError};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// One process for all cases: samples in, bits of mean, p95 and p99 out.
const NUMPY: &str = "
import math, sys, numpy
for line in sys.stdin:
    sample = numpy.frombuffer(bytes.fromhex(line.strip()), dtype='<f8')
    with numpy.errstate(all='ignore'):
        mean = numpy.mean(sample)
        if not numpy.isfinite(mean):
            mean = math.fsum(sample / len(sample))
        out = [mean, *numpy.percentile(sample, [95, 99])]
    print(numpy.array(out, dtype='<f8').tobytes().hex())
";

/// Gives a program its input and returns what it printed.
fn python(program: &str, lines: String) -> String {
    let mut python = Command::new("python3")
        .args(["-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python3 is needed: apt-get install -y python3 python3-numpy");
    let mut input = python.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = python.wait_with_output().unwrap();
    let _ = writer.join().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "numpy is needed (pip install numpy): {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

fn numpy(samples: &[Vec<f64>]) -> Vec<[f64; 3]> {
    let lines: String = samples
        .iter()
        .map(|sample| {
            let bytes = sample.iter().flat_map(|time| time.to_le_bytes());
            bytes.map(|byte| format!("{byte:02x}")).chain(["\n".to_owned()]).collect::<String>()
        })
        .collect();
    let text = python(NUMPY, lines);
    let answer = |line: &str| {
        let number = |at: usize| {
            let byte = |index| u8::from_str_radix(&line[2 * (at * 8 + index)..][..2], 16).unwrap();
            f64::from_le_bytes(std::array::from_fn(byte))
        };
        std::array::from_fn(number)
    };
    text.lines().map(answer).collect()
}

#[test]
fn mean_and_percentiles_equal_numpy() {
    let any = any::<f64>().prop_filter("finite", |time| time.is_finite());
    let usual = prop_oneof![0.0..60.0_f64, 1e-6..1e-3_f64, Just(0.1), -1e3..1e3_f64];
    let strategy = prop_oneof![
        4 => prop::collection::vec(usual, 1..400),
        1 => prop::collection::vec(any, 1..40),
        1 => prop::collection::vec(0.0..1.0_f64, 5000..5001),
    ];
    // Far larger ones are found by another way.
    let large = |step: u32| 0.02 * f64::from(step.wrapping_mul(2_654_435_761) | 1).powf(-0.3);
    let mut runner = TestRunner::deterministic();
    let samples: Vec<Vec<f64>> =
        (0..1500).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
    let samples: Vec<_> = samples
        .into_iter()
        .chain([20_000, 20_001, 50_007].map(|length| (0..length).map(large).collect::<Vec<f64>>()))
        .collect();
    let theirs = numpy(&samples);
    assert_eq!(theirs.len(), samples.len());
    for (sample, [mean, p95, p99]) in samples.iter().zip(theirs) {
        let ours = PerformanceAnalytics::analyze_response_times(sample).unwrap();
        // Zeros of either sign are equal to numpy's sort, and NaN (from a spread that overflows) has many bits.
        let same = |ours: f64, theirs: f64| ours == theirs || (ours.is_nan() && theirs.is_nan());
        assert!(same(ours.p95_response_time, p95), "p95 {ours:?} {p95} {sample:?}");
        assert!(same(ours.p99_response_time, p99), "p99 {ours:?} {p99} {sample:?}");
        let off = (ours.avg_response_time - mean).abs();
        assert!(
            same(ours.avg_response_time, mean) || off <= 1e-12 * mean.abs(),
            "mean {ours:?} {mean} {sample:?}"
        );
    }
}

#[test]
fn a_sum_beyond_the_largest_number_has_a_mean() {
    let times = PerformanceAnalytics::analyze_response_times(&[1e308; 10_000]).unwrap();
    assert!((times.avg_response_time / 1e308 - 1.0).abs() <= 1e-12);
    assert_eq!(times.p99_response_time, 1e308);
}

#[test]
fn what_has_no_mean_is_refused() {
    let analyze = PerformanceAnalytics::analyze_response_times;
    assert_eq!(analyze(&[]), Err(ResponseTimesError::Empty));
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(analyze(&[0.1, bad]), Err(ResponseTimesError::NotFinite { index: 1 }));
    }
}

/// Bits of sample and percentiles in, bits of what each method gives out.
const METHODS: &str = "
import sys, numpy
for line in sys.stdin:
    methods, sample, at = line.split()
    sample, at = (numpy.frombuffer(bytes.fromhex(part), dtype='<f8') for part in (sample, at))
    out = numpy.concatenate([numpy.percentile(sample, at, method=method) for method in methods.split(',')])
    print(out.astype('<f8').tobytes().hex())
";

#[test]
fn all_nine_methods_equal_numpy_to_the_last_bit() {
    let usual = prop_oneof![0.0..60.0_f64, 1e-6..1e-3_f64, Just(0.1), -1e3..1e3_f64];
    let at = prop_oneof![
        0.0..=100.0_f64,
        prop::sample::select(vec![0.0, 5.0, 12.5, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 100.0]),
    ];
    let strategy = (prop::collection::vec(usual, 1..60), prop::collection::vec(at, 1..8));
    let mut runner = TestRunner::deterministic();
    let cases: Vec<_> = (0..10_000).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
    let hex = |numbers: &[f64]| {
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes());
        bytes.map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let names = PercentileMethod::ALL.map(PercentileMethod::as_str).join(",");
    let lines: Vec<_> =
        cases.iter().map(|(sample, at)| format!("{names} {} {}", hex(sample), hex(at))).collect();
    let theirs = python(METHODS, lines.join("\n"));
    let mut answers = theirs.lines();
    for (sample, at) in &cases {
        let percentiles = |method| PerformanceAnalytics::percentiles(sample, at, method).unwrap().into_iter();
        // Minus zero and zero are one value.
        let ours: Vec<_> =
            PercentileMethod::ALL.into_iter().flat_map(percentiles).map(|value| value + 0.0).collect();
        assert_eq!(Some(&*hex(&ours)), answers.next(), "{sample:?} {at:?}");
    }
    assert_eq!(answers.next(), None);
}

#[test]
fn percentiles_out_of_range_are_refused() {
    for bad in [-1.0, 100.1, f64::NAN, f64::INFINITY] {
        let answer = PerformanceAnalytics::percentiles(&[0.1], &[50.0, bad], PercentileMethod::Linear);
        assert_eq!(answer, Err(ResponseTimesError::Percentile { index: 1 }));
    }
}
