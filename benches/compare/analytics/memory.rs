//! What is in memory already: shifts beside a counting sort written for the purpose, response times beside the standard
//! library's selection and hdrhistogram.

use std::collections::HashMap;
use std::hint::black_box;

use hdrhistogram::Histogram as Peer;
use ms_analytics::hdr::Histogram;
use ms_analytics::{PerformanceAnalytics, Shift, ShiftAnalytics};

use super::{AREA, rounds};
use crate::claim::{Claim, Pair};
use crate::cpu;

const REST: i64 = 11 * 3_600_000_000;

/// A shift as the floor has it: everything is a number already.
#[derive(Clone, Copy)]
struct Coded {
    employee: u32,
    department: u32,
    start: i64,
    end: i64,
    hours: f64,
}

/// The whole report of shifts whose names are texts, beside counts, conflicts and rest of shifts whose names are codes.
pub fn report(shifts: &[Shift]) -> Claim {
    let (mut employees, mut departments) = (HashMap::new(), HashMap::new());
    let coded: Vec<_> = shifts
        .iter()
        .map(|shift| Coded {
            employee: code(&mut employees, shift.employee()),
            department: code(&mut departments, shift.department()),
            start: shift.start().as_microseconds(),
            end: shift.end().as_microseconds(),
            hours: shift.duration_hours(),
        })
        .collect();
    let floor = || counting_sort(&coded, employees.len(), departments.len());
    let ours = || ShiftAnalytics::analyze_shift_patterns(shifts);
    let (report, (pairs, short_rests, mean)) = (ours(), floor());
    assert_eq!((report.common_conflicts.total_pairs, report.rest.violations), (pairs, short_rests));
    let difference = report.avg_shift_duration.expect("a mean") - mean;
    assert!(difference.abs() <= 1e-12 * mean, "the means agree");
    let pair = rounds(
        || cpu::nanoseconds(|| drop(black_box(ours()))),
        || {
            cpu::nanoseconds(|| {
                black_box(floor());
            })
        },
    );
    Claim::new(AREA, "report of 1M shifts in memory", "ms CPU", pair, "counting sort of codes", 2.0)
}

fn code<'s>(codes: &mut HashMap<&'s str, u32>, name: &'s str) -> u32 {
    let next = codes.len() as u32;
    *codes.entry(name).or_insert(next)
}

/// Pairs in conflict, rests that are too short, mean hours.
fn counting_sort(shifts: &[Coded], employees: usize, departments: usize) -> (u64, u64, f64) {
    let (mut begins, mut by_department, mut hours) = (vec![0; employees + 1], vec![0_u64; departments], 0.0);
    for shift in shifts {
        begins[shift.employee as usize + 1] += 1;
        by_department[shift.department as usize] += 1;
        hours += shift.hours;
    }
    for employee in 0..employees {
        begins[employee + 1] += begins[employee];
    }
    let (mut next, mut rows) = (begins.clone(), vec![(0, 0, 0); shifts.len()]);
    for shift in shifts {
        let place = &mut next[shift.employee as usize];
        rows[*place] = (shift.start, shift.end, shift.department);
        *place += 1;
    }
    let (mut pairs, mut short_rests) = (0, 0);
    for bounds in begins.windows(2) {
        let rows = &mut rows[bounds[0]..bounds[1]];
        rows.sort_unstable();
        let mut latest = None;
        for (at, (start, end, _)) in rows.iter().enumerate() {
            short_rests += u64::from(latest.is_some_and(|latest| (0..REST).contains(&(start - latest))));
            latest = latest.max(Some(*end));
            pairs += rows[at + 1..].iter().take_while(|later| later.0 < *end).count() as u64;
        }
    }
    black_box(by_department);
    (pairs, short_rests, hours / shifts.len() as f64)
}

/// Mean and percentiles beside the least that finds them: a sum, and two selections in a copy.
pub fn selection(sample: &[f64]) -> Claim {
    let select = || {
        let mean = sample.iter().sum::<f64>() / sample.len() as f64;
        let mut copy = sample.to_vec();
        let rank = |share: usize| (copy.len() - 1) * share / 100;
        let (low, high) = (rank(95), rank(99));
        let (_, p95, rest) = copy.select_nth_unstable_by(low, f64::total_cmp);
        let p95 = *p95;
        let (_, p99, _) = rest.select_nth_unstable_by(high - low - 1, f64::total_cmp);
        (mean, p95, *p99)
    };
    let ours = || PerformanceAnalytics::analyze_response_times(sample).expect("finite");
    let (report, (_, p95, p99)) = (ours(), select());
    assert!(
        report.p95_response_time >= p95 && report.p99_response_time >= p99,
        "ours lie at the ranks or above"
    );
    let pair = rounds(
        || {
            cpu::nanoseconds(|| {
                black_box(ours());
            })
        },
        || {
            cpu::nanoseconds(|| {
                black_box(select());
            })
        },
    );
    Claim::new(AREA, "the same, beside selection", "ms CPU", pair, "select_nth_unstable", 1.1)
}

/// What recording a time costs.
pub fn record(sample: &[f64]) -> Claim {
    let micros: Vec<_> = sample.iter().map(|seconds| ((seconds * 1e6) as u64).max(1)).collect();
    let mut ours = Histogram::new(1, 3_600_000_000, 3).expect("bounds");
    let mut theirs = Peer::<u64>::new_with_bounds(1, 3_600_000_000, 3).expect("bounds");
    let each = 1.0 / micros.len() as f64;
    let rounds: Vec<_> = (0..super::ROUNDS)
        .map(|_| {
            let ours = cpu::nanoseconds(|| micros.iter().for_each(|time| ours.record(*time)));
            let theirs = cpu::nanoseconds(|| micros.iter().for_each(|time| theirs.saturating_record(*time)));
            (ours * each, theirs * each)
        })
        .collect();
    assert_eq!(ours.value_at_percentile(99.0), theirs.value_at_quantile(0.99), "both count the same");
    Claim::new(AREA, "record a time in a histogram", "CPU ns", Pair::of_rounds(&rounds), "hdrhistogram", 2.0)
}
