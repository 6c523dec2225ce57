//! ms-analytics beside pandas, DuckDB and numpy in a Python of their own, and beside what is written by hand. CPU time, so
//! that Python's threads count.

mod memory;

use std::fs::File;
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::path::Path;

use ms_analytics::{PerformanceAnalytics, Shift, ShiftAnalytics, ShiftReport, read};
use serde_json::Value;

use crate::claim::{Claim, Pair};
use crate::cpu;
use crate::python::Python;

const AREA: &str = "analytics";
const ROUNDS: usize = 5;
const SHIFTS: u32 = 1_000_000;
const VALUES: u32 = 10_000_000;

pub fn claims() -> Vec<Claim> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let roster = directory.path().join("roster.csv");
    let sample = directory.path().join("sample.f64");
    write_roster(&roster, SHIFTS).expect("a roster is written");
    let sample_values = write_sample(&sample).expect("a sample is written");
    let mut python = Python::start(include_str!("peers.py"), &[&roster, &sample], "pandas numpy duckdb");
    vec![
        report_beside_report(&roster, &mut python),
        beside_reading(&roster, &mut python, "the same, beside read_csv alone", "read", "pandas"),
        beside_reading(&roster, &mut python, "the same, beside DuckDB reading it", "duckdb", "duckdb"),
        memory::report(&shifts(&roster)),
        percentiles(&sample_values, &mut python),
        memory::selection(&sample_values),
        memory::record(&sample_values),
    ]
}

/// The whole report against the part of it that pandas does well; nights and split weeks are ours alone.
fn report_beside_report(roster: &Path, python: &mut Python) -> Claim {
    let (_, theirs) = python.ask("report");
    agree(&report(roster), &theirs);
    let pair = rounds(|| cpu::nanoseconds(|| drop(black_box(report(roster)))), || python.ask("report").0);
    Claim::new(AREA, "report of 1M shifts from CSV", "ms CPU", pair, &python.version("pandas"), 0.6)
}

/// The whole report against merely reading the file into a frame or a table.
fn beside_reading(
    roster: &Path,
    python: &mut Python,
    name: &'static str,
    question: &str,
    peer: &str,
) -> Claim {
    let (_, rows) = python.ask(question);
    assert_eq!(rows, SHIFTS, "both read every row");
    let pair = rounds(|| cpu::nanoseconds(|| drop(black_box(report(roster)))), || python.ask(question).0);
    Claim::new(AREA, name, "ms CPU", pair, &python.version(peer), 0.7)
}

fn shifts(roster: &Path) -> Vec<Shift> {
    read::csv(File::open(roster).expect("the roster")).map(|row| row.expect("a valid row")).collect()
}

fn percentiles(sample: &[f64], python: &mut Python) -> Claim {
    let ours = PerformanceAnalytics::analyze_response_times(sample).expect("finite");
    let (_, theirs) = python.ask("percentiles");
    let mean = theirs[0].as_f64().expect("a number");
    assert!((ours.avg_response_time - mean).abs() <= 1e-12 * mean, "the means agree");
    assert_eq!(
        [&ours.p95_response_time, &ours.p99_response_time].map(|ours| Value::from(*ours)),
        [1, 2].map(|at| theirs[at].clone())
    );
    let analyze = || {
        let _ = black_box(PerformanceAnalytics::analyze_response_times(black_box(sample)));
    };
    let pair = rounds(|| cpu::nanoseconds(analyze), || python.ask("percentiles").0);
    Claim::new(AREA, "mean, p95, p99 of 10M values", "ms CPU", pair, &python.version("numpy"), 0.7)
}

fn report(roster: &Path) -> ShiftReport {
    let mut analytics = ShiftAnalytics::default();
    let rows = read::csv(File::open(roster).expect("the roster"));
    rows.each(|row| analytics.add(row.expect("a valid row"))).expect("a readable roster");
    analytics.finish()
}

/// What pandas computes must be what we compute.
fn agree(ours: &ShiftReport, theirs: &Value) {
    let ours = serde_json::to_value(ours).expect("JSON");
    let same = |ours: &Value, key: &str| assert_eq!(*ours, theirs[key], "{key}");
    same(&ours["total_shifts"], "total_shifts");
    same(&ours["shifts_per_department"], "shifts_per_department");
    same(&ours["common_conflicts"]["total_pairs"], "total_pairs");
    same(&ours["common_conflicts"]["by_employee"], "pairs_by_employee");
    same(&ours["rest"]["violations"], "rest_violations");
    same(&ours["weekly_over_48"]["by_start"]["employee_weeks"], "long_weeks");
    let mean = |report: &Value| report["avg_shift_duration"].as_f64().expect("a number");
    assert!((mean(&ours) - mean(theirs)).abs() <= 1e-12 * mean(theirs), "avg_shift_duration");
}

fn rounds(mut ours: impl FnMut() -> f64, mut theirs: impl FnMut() -> f64) -> Pair {
    let millis = |nanos: f64| nanos / 1e6;
    let rounds: Vec<_> = (0..ROUNDS).map(|_| (millis(ours()), millis(theirs()))).collect();
    Pair::of_rounds(&rounds)
}

/// Shifts in 24 departments by start, eighty a person, some of them at once in two places.
pub fn write_roster(path: &Path, shifts: u32) -> std::io::Result<()> {
    const DEPARTMENTS: [&str; 4] = ["Acil Servis", "Çocuk Sağlığı", "Göz", "\"Kulak, Burun ve Boğaz\""];
    const HOURS: [(u32, u32, u32); 4] = [(7, 15, 0), (9, 17, 0), (15, 23, 0), (23, 7, 1)];
    const DAYS: u32 = 27;
    let mut file = BufWriter::new(File::create(path)?);
    let mut random = Random(20_260_302);
    writeln!(file, "id,employee,department,start,end,duration")?;
    for id in 0..shifts {
        let day = u64::from(id) * u64::from(12 * DAYS) / u64::from(shifts);
        let (month, day) = (1 + day as u32 / DAYS, 1 + day as u32 % DAYS);
        let (start, end, nights) = HOURS[random.below(4) as usize];
        let (employee, ward) = (random.below(shifts / 80), random.below(6));
        let department = DEPARTMENTS[random.below(4) as usize];
        let department = match department.strip_suffix('"') {
            Some(quoted) => format!("{quoted} {ward}\""),
            None => format!("{department} {ward}"),
        };
        writeln!(
            file,
            "{id},E{employee:05},{department},2025-{month:02}-{day:02}T{start:02}:00:00+03:00,\
             2025-{month:02}-{:02}T{end:02}:00:00+03:00,8",
            day + nights
        )?;
    }
    file.flush()
}

/// Response times with a long tail, as bytes for numpy.
fn write_sample(path: &Path) -> std::io::Result<Vec<f64>> {
    let mut random = Random(20_260_101);
    let mut time = || {
        let share = f64::from(1 + random.below(1 << 30)) / f64::from(1 << 30);
        0.020 * share.powf(-0.4)
    };
    let sample: Vec<f64> = (0..VALUES).map(|_| time()).collect();
    let mut file = BufWriter::new(File::create(path)?);
    sample.iter().try_for_each(|time| file.write_all(&time.to_le_bytes()))?;
    file.flush()?;
    Ok(sample)
}

/// Knuth's MMIX generator: the data are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (((self.0 >> 32) * u64::from(bound)) >> 32) as u32
    }
}
