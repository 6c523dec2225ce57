//! numpy is the oracle.

use std::io::Write;
use std::process::{Command, Stdio};

use ms_analytics::{PercentileMethod, PerformanceAnalytics, ResponseTimesError};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// The same cases in every run. The usual generator takes most of the time in a debug build.
pub(crate) fn quick_runner() -> TestRunner {
    TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::XorShift))
}

/// One process for all cases: length and numbers of each sample in; mean, p95 and p99 out, all as they lie in memory.
const NUMPY: &str = "
import math, sys, numpy
while length := sys.stdin.buffer.read(8):
    sample = numpy.frombuffer(sys.stdin.buffer.read(8 * int.from_bytes(length, 'little')), dtype='<f8')
    with numpy.errstate(all='ignore'):
        mean = numpy.mean(sample)
        if not numpy.isfinite(mean):
            mean = math.fsum(sample / len(sample))
        out = [mean, *numpy.percentile(sample, [95, 99])]
    sys.stdout.buffer.write(numpy.array(out, dtype='<f8').tobytes())
";

/// Gives a program its input and returns what it wrote, as numbers.
fn python(program: &str, input: Vec<u8>) -> Vec<f64> {
    let mut python = Command::new("python3")
        .args(["-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python3 is needed: apt-get install -y python3 python3-numpy");
    let mut stdin = python.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = python.wait_with_output().unwrap();
    let _ = writer.join().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "numpy is needed (pip install numpy): {complaint}");
    output.stdout.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect()
}

/// A length and as many numbers, as they lie in memory.
fn write(numbers: &[f64], out: &mut Vec<u8>) {
    out.extend((numbers.len() as u64).to_le_bytes());
    numbers.iter().for_each(|number| out.extend(number.to_le_bytes()));
}

#[test]
fn mean_and_percentiles_equal_numpy() {
    let any = any::<f64>().prop_filter("finite", |time| time.is_finite());
    let usual = prop_oneof![0.0..60.0_f64, 1e-6..1e-3_f64, Just(0.1), -1e3..1e3_f64];
    let strategy = prop_oneof![
        40 => prop::collection::vec(usual, 1..100),
        10 => prop::collection::vec(any, 1..40),
        1 => prop::collection::vec(0.0..1.0_f64, 2000..2001),
    ];
    // Far larger ones are found by another way.
    let large = |step: u32| 0.02 * f64::from(step.wrapping_mul(2_654_435_761) | 1).powf(-0.3);
    let mut runner = quick_runner();
    let samples: Vec<Vec<f64>> =
        (0..10_000).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
    let samples: Vec<_> = samples
        .into_iter()
        .chain([20_000, 20_001, 50_007].map(|length| (0..length).map(large).collect::<Vec<f64>>()))
        .collect();
    let mut input = Vec::new();
    samples.iter().for_each(|sample| write(sample, &mut input));
    let theirs = python(NUMPY, input);
    assert_eq!(theirs.len(), 3 * samples.len());
    for (sample, [mean, p95, p99]) in samples.iter().zip(theirs.as_chunks::<3>().0) {
        let (mean, p95, p99) = (*mean, *p95, *p99);
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

/// How many samples a call of numpy takes: it is the calls that take their time.
const AT_ONCE: usize = 25;

/// Samples of one length and percentiles in; what each method gives for each sample out.
const METHODS: &str = "
import sys, numpy
def read():
    length = int.from_bytes(sys.stdin.buffer.read(8), 'little')
    return numpy.frombuffer(sys.stdin.buffer.read(8 * length), dtype='<f8')
methods, at_once = sys.stdin.buffer.readline().decode().split()
while len(at := read()):
    samples = read().reshape(int(at_once), -1)
    for method in methods.split(','):
        out = numpy.percentile(samples, at, axis=1, method=method).T
        sys.stdout.buffer.write(numpy.ascontiguousarray(out, dtype='<f8').tobytes())
";

#[test]
fn all_nine_methods_equal_numpy_to_the_last_bit() {
    let usual = prop_oneof![0.0..60.0_f64, 1e-6..1e-3_f64, Just(0.1), -1e3..1e3_f64];
    let at = prop_oneof![
        0.0..=100.0_f64,
        prop::sample::select(vec![0.0, 5.0, 12.5, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 100.0]),
    ];
    let samples = (1..60_usize).prop_flat_map(move |length| {
        prop::collection::vec(prop::collection::vec(usual.clone(), length), AT_ONCE)
    });
    let strategy = (samples, prop::collection::vec(at, 1..8));
    let mut runner = quick_runner();
    let cases: Vec<_> =
        (0..10_000 / AT_ONCE).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
    let names = PercentileMethod::ALL.map(PercentileMethod::as_str).join(",");
    let mut input = format!("{names} {AT_ONCE}\n").into_bytes();
    for (samples, at) in &cases {
        write(at, &mut input);
        write(&samples.concat(), &mut input);
    }
    let theirs = python(METHODS, input);
    let mut answers = theirs.iter();
    for (samples, at) in &cases {
        for method in PercentileMethod::ALL {
            for sample in samples {
                // Minus zero and zero are one value.
                let ours = PerformanceAnalytics::percentiles(sample, at, method).unwrap();
                let ours: Vec<_> = ours.iter().map(|value| (value + 0.0).to_bits()).collect();
                let theirs: Vec<_> =
                    answers.by_ref().take(at.len()).map(|value| (value + 0.0).to_bits()).collect();
                assert_eq!(ours, theirs, "{method:?} {sample:?} {at:?}");
            }
        }
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
