//! Shifts of one employee that are in each other's way.

use ms_analytics::LONGEST_SHIFT;
use sqlx::{AnyConnection, Row};

use super::StoredShift;

/// What overlaps with a shift.
#[derive(Clone, Debug, Default)]
pub struct Overlaps {
    /// The first hundred, in the order of their starts.
    pub shifts: Vec<StoredShift>,
    /// How many there are.
    pub total: u64,
}

pub(super) async fn find(
    connection: &mut AnyConnection,
    shift: &StoredShift,
) -> Result<Overlaps, sqlx::Error> {
    // What began longer ago than a shift can last is over: the index then finds the few rows that matter.
    let longest = i64::try_from(LONGEST_SHIFT.as_micros()).unwrap_or(i64::MAX);
    let sql = "SELECT id, employee, department, start_text, end_text, start_us, end_us, duration, \
         COUNT(*) OVER () AS total FROM shifts \
         WHERE employee = $1 AND start_us < $2 AND start_us >= $3 AND end_us > $4 \
         ORDER BY start_us, seq LIMIT 100";
    let rows = sqlx::query(sql)
        .bind(shift.employee.clone())
        .bind(shift.end_us)
        .bind(shift.start_us.saturating_sub(longest))
        .bind(shift.start_us)
        .fetch_all(connection)
        .await?;
    let total: i64 = rows.first().map_or(Ok(0), |row| row.try_get("total"))?;
    let shifts = rows.iter().map(StoredShift::from_row).collect::<Result<_, _>>()?;
    Ok(Overlaps { shifts, total: total.unsigned_abs() })
}

/// Counts the pairs of half-open intervals that overlap, however many there are, in the time that sorting takes.
///
/// Of the intervals that start no later than a given one, those that have not ended when it starts overlap with it.
pub(super) fn pairs(intervals: impl Iterator<Item = (i64, i64)>) -> u64 {
    let (mut starts, mut ends): (Vec<_>, Vec<_>) = intervals.unzip();
    starts.sort_unstable();
    ends.sort_unstable();
    let mut ended = ends.iter().peekable();
    let (mut over, mut pairs) = (0, 0);
    for (earlier, start) in (0_u64..).zip(&starts) {
        while ended.next_if(|end| *end <= start).is_some() {
            over += 1;
        }
        pairs += earlier - over;
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_those_of_a_double_loop() {
        let mut state = 7_u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            i64::try_from((state >> 33) % below).expect("small")
        };
        for _ in 0..200 {
            let count = random(12);
            let intervals: Vec<(i64, i64)> = (0..count)
                .map(|_| {
                    let start = random(20);
                    (start, start + 1 + random(6))
                })
                .collect();
            let mut expected = 0;
            for (position, a) in intervals.iter().enumerate() {
                expected += intervals.iter().take(position).filter(|b| a.0 < b.1 && b.0 < a.1).count();
            }
            assert_eq!(pairs(intervals.iter().copied()), expected as u64, "{intervals:?}");
        }
    }
}
