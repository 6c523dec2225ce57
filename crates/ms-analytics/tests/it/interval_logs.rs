//! The reference package for Python reads what we write, and we what it writes.

use std::process::Command;

use ms_analytics::hdr::{Histogram, LogAnalytics, LogWriter};
use ms_analytics::read::{Interval, hlog};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

/// Reads the log named first, prints what each interval holds and writes them all to the log named second.
const REFERENCE: &str = "
import json, sys
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader, HistogramLogWriter
new = lambda: HdrHistogram(1, 86_400_000_000_000, 3)
reader, rows = HistogramLogReader(sys.argv[1], new()), []
with open(sys.argv[2], 'w') as file:
    writer = HistogramLogWriter(file)
    writer.output_log_format_version()
    writer.output_legend()
    while (one := reader.get_next_interval_histogram(0, sys.maxsize, True)) is not None:
        at = [one.get_value_at_percentile(at) for at in (0, 50, 90, 99, 99.9, 100)]
        rows.append([one.get_tag(), one.get_start_time_stamp(), one.get_total_count(), one.get_mean_value(),
            one.get_stddev(), *at, one.encode().decode()])
        writer.output_interval_histogram(one)
print(json.dumps(rows))
";

fn log(histograms: &[Histogram]) -> Vec<u8> {
    let mut log = LogWriter::start(Vec::new(), 1_772_400_000.25).unwrap();
    for (histogram, minute) in histograms.iter().zip(0..) {
        let tag = (minute % 2 == 1).then_some("api");
        log.interval(tag, 1_772_400_000.25 + f64::from(minute) * 60.0, 60.0, histogram).unwrap();
    }
    log.into_inner()
}

fn intervals(log: &[u8]) -> Vec<Interval> {
    let mut found = Vec::new();
    hlog(log, |line, row| found.push(row.unwrap_or_else(|fault| panic!("{line}: {fault}")))).unwrap();
    found
}

fn random_histograms() -> Vec<Histogram> {
    let value = (0..63_u32, any::<u64>()).prop_map(|(shift, value)| value >> (1 + shift));
    let values = prop::collection::vec((value, 1..100_000_u64), 0..60);
    let bounds = prop::sample::select(vec![(1, 3_600_000_000, 3), (1, 1 << 50, 2), (1_000, 1 << 40, 3)]);
    let mut runner = TestRunner::deterministic();
    let mut next = || {
        let (values, (lowest, highest, digits)) = (&values, &bounds).new_tree(&mut runner).unwrap().current();
        let mut histogram = Histogram::new(lowest, highest, digits).unwrap();
        values.iter().for_each(|(value, count)| histogram.record_n(value % highest, *count));
        histogram
    };
    (0..10).map(|_| next()).collect()
}

#[test]
fn the_reference_package_reads_and_writes_the_same() {
    let histograms = random_histograms();
    let directory = tempfile::tempdir().unwrap();
    let (ours, theirs) = (directory.path().join("ours.hlog"), directory.path().join("theirs.hlog"));
    std::fs::write(&ours, log(&histograms)).unwrap();
    let output =
        Command::new("python3").args(["-c", REFERENCE]).args([&ours, &theirs]).output().expect("python3");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "hdrhistogram is needed (pip install hdrhistogram): {complaint}");
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(rows.len(), histograms.len());
    let again = intervals(&std::fs::read(&theirs).unwrap());
    for (((histogram, row), again), minute) in histograms.iter().zip(&rows).zip(again).zip(0_i64..) {
        assert_eq!(row[0], if minute % 2 == 1 { json!("api") } else { Value::Null });
        assert_eq!(row[1].as_f64().unwrap() as i64, 1_772_400_000_250 + minute * 60_000);
        assert_eq!(row[2], histogram.count());
        let summary = histogram.summary();
        for (ours, theirs) in [(summary.mean, &row[3]), (summary.stddev, &row[4])] {
            let theirs = theirs.as_f64().unwrap();
            assert!((ours - theirs).abs() <= 1e-12 * theirs.abs(), "{ours} {theirs}");
        }
        for (at, theirs) in [0.0, 50.0, 90.0, 99.0, 99.9, 100.0].into_iter().zip(5..) {
            assert_eq!(row[theirs], histogram.value_at_percentile(at), "{at} of {histogram:?}");
        }
        assert_eq!(&again.histogram, histogram);
    }
}

#[test]
fn a_log_that_is_read_and_written_stays_the_same() {
    let histograms = random_histograms();
    let first = log(&histograms);
    let read: Vec<_> = intervals(&first).into_iter().map(|interval| interval.histogram).collect();
    assert_eq!(read, histograms);
    assert_eq!(log(&read), first);
}

#[test]
fn a_faulty_line_costs_itself_alone() {
    let good = "0.1,1,2,HISTFAAAACJ4nJNpmSzMwMDAzAABMJoRRFybvITB/gNEYH0gEwBhjAWM";
    let text =
        format!("{good}\r\nTag=a,x,1,2,z\n\n0.1,1,2,!\n\u{1}\n0.1\nTag=a\n0.1,1,2,HISTEQAAAA==\n{good}");
    let mut faults = Vec::new();
    let mut used = 0;
    hlog(text.as_bytes(), |line, row| match row {
        Ok(_) => used += 1,
        Err(fault) => faults.push((line, fault.column.unwrap_or_default())),
    })
    .unwrap();
    let expected =
        [(2, "start"), (4, "histogram"), (5, "start"), (6, "length"), (7, "start"), (8, "histogram")];
    assert_eq!(faults, expected.map(|(line, column)| (line, column.to_owned())));
    assert_eq!(used, 2);
}

#[test]
fn tags_that_would_break_their_line_are_refused() {
    let mut log = LogWriter::start(Vec::new(), 0.0).unwrap();
    let empty = Histogram::new(1, 100, 3).unwrap();
    for tag in ["", "a,b", "a b", "a\nb"] {
        assert!(log.interval(Some(tag), 0.0, 1.0, &empty).is_err(), "{tag:?}");
    }
    assert!(intervals(&log.into_inner()).is_empty());
}

#[test]
fn parts_of_a_log_merge_to_the_whole() {
    let all = intervals(&log(&random_histograms()));
    let collect = |part: &[Interval]| {
        let mut analytics = LogAnalytics::default();
        part.iter().for_each(|interval| analytics.add(interval));
        analytics
    };
    let (left, right) = all.split_at(4);
    let mut merged = collect(left);
    merged.merge(collect(right));
    assert_eq!(merged.finish(), collect(&all).finish());
}
