//! Something to look at: a roster of these days and gentle load, with `--demo`.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::time::Duration;

use fastrand::Rng;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use crate::Failure;
use crate::config::Secret;
use crate::import::{Format, load as import};
use crate::load::{LoadError, Mix, Options, Run, Staff, Target};
use crate::service::Service;
use crate::store::Filter;

const DEPARTMENTS: [&str; 5] = ["Acil Servis", "Ameliyathane", "Kardiyoloji", "Yoğun Bakım", "Çocuk Sağlığı"];
const EMPLOYEES: [&str; 20] = [
    "Ayşe Yılmaz",
    "Mehmet Kaya",
    "Elif Şahin",
    "Mustafa Demir",
    "Zeynep Işık",
    "Emre Çelik",
    "Fatma Yıldız",
    "Burak Öztürk",
    "Gülşen Aydın",
    "Hüseyin Doğan",
    "Nazlı Güneş",
    "İbrahim Çetin",
    "Merve Arslan",
    "Oğuz Tekin",
    "Seda Koç",
    "Kemal Aksoy",
    "Derya Polat",
    "Ali Şimşek",
    "Büşra Kurt",
    "Tolga Erdem",
];
const ZONE: Offset = Offset::constant(3);
const PREFIX: &str = "demo-";
const DAYS: i64 = 14;
/// The day, the evening and the night.
const STARTS: [i64; 3] = [8, 16, 24];
/// One shift in so many is somebody's who is at work already.
const MISTAKES: u32 = 12;
const RATE: f64 = 5.0;
const SESSION: Duration = Duration::from_secs(86_400);

/// Plans shifts from three days ago to ten days ahead, a few of them in conflict.
///
/// # Errors
///
/// If the roster holds shifts of its own, which a demonstration must not be mixed with, or cannot be used.
pub async fn fill(service: &Service) -> Result<(), Failure> {
    let (first, _) = service.store.page(&Filter::default(), None, 1).await?;
    match first.first() {
        None => {
            let roster = roster(Timestamp::now())?;
            import(service, Format::Csv, std::io::Cursor::new(roster)).await?;
        }
        Some(shift) if shift.id.starts_with(PREFIX) => {}
        Some(_) => {
            return Err("--demo: the roster has shifts of its own: give --data-dir an empty directory".into());
        }
    }
    Ok(())
}

/// Asks the service at `address` for things, five times a second and for ever.
///
/// # Errors
///
/// [`LoadError`], if it does not answer.
pub async fn drive(address: SocketAddr, token: Option<&Secret>) -> Result<(), LoadError> {
    let mut address = address;
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    let target = Target::at(&address.to_string(), token.map(Secret::expose));
    let mut options = Options {
        url: None,
        rate: RATE,
        duration: SESSION,
        mix: Mix::default(),
        random_seed: 1,
        connections: NonZeroUsize::MIN.saturating_add(3),
        timeout: Duration::from_secs(10),
        json: false,
        hlog: None,
    };
    loop {
        let employees = EMPLOYEES.map(str::to_owned).into();
        let hour = Timestamp::from_second(Timestamp::now().as_second() / 3600 * 3600).unwrap_or_default();
        let staff = Staff { employees, start: hour, hours: 7 * 24 };
        let run = Run::new(target.clone(), options.clone()).staff(staff);
        run.until(std::future::pending(), |_, _| {}).await?;
        options.random_seed += 1;
    }
}

fn roster(now: Timestamp) -> Result<String, jiff::Error> {
    let mut random = Rng::with_seed(7);
    let mut text = "id,employee,department,start,end\n".to_owned();
    let midnight = ZONE.to_datetime(now).date().to_datetime(jiff::civil::Time::midnight());
    let first = ZONE.to_timestamp(midnight)? - SignedDuration::from_hours(3 * 24);
    for day in 0..DAYS {
        for (shift, hour) in STARTS.into_iter().enumerate() {
            for (place, department) in DEPARTMENTS.into_iter().enumerate() {
                // Four a department take turns: day, evening, night, rest.
                let employee =
                    EMPLOYEES[place * 4 + (shift + 3 * usize::try_from(day).unwrap_or_default()) % 4];
                let start = first + SignedDuration::from_hours(day * 24 + hour);
                // Some stay longer than planned.
                row(&mut text, employee, department, start, 8 + 4 * i64::from(random.u32(0..8) == 0));
                if random.u32(0..MISTAKES) == 0 {
                    // Somebody is planned elsewhere too: while at work, or too soon afterwards.
                    let later = if random.bool() { 4 } else { 16 };
                    let elsewhere = DEPARTMENTS[(place + 1) % DEPARTMENTS.len()];
                    row(&mut text, employee, elsewhere, start + SignedDuration::from_hours(later), 8);
                }
            }
        }
    }
    Ok(text)
}

fn row(text: &mut String, employee: &str, department: &str, start: Timestamp, hours: i64) {
    let number = text.lines().count();
    let end = start + SignedDuration::from_hours(hours);
    let (start, end) = (start.display_with_offset(ZONE), end.display_with_offset(ZONE));
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{PREFIX}{number},{employee},{department},{start},{end}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Cache;
    use crate::store::Store;
    use ms_analytics::ShiftAnalytics;
    use ms_analytics::read::csv;

    #[test]
    fn the_roster_is_one_of_these_days_with_some_mistakes() {
        let now: Timestamp = "2026-03-05T10:00:00+03:00".parse().expect("a time");
        let mut analytics = ShiftAnalytics::default();
        for shift in csv(roster(now).expect("made").as_bytes()) {
            analytics.add(&shift.expect("a shift"));
        }
        let report = analytics.finish();
        assert!((210..260).contains(&report.total_shifts), "{report:?}");
        assert_eq!(report.employees, 20);
        assert_eq!(report.first_start.as_deref(), Some("2026-03-02T08:00:00+03:00"));
        let (conflicts, rests) = (report.common_conflicts.total_pairs, report.rest.violations);
        assert!(
            (5..30).contains(&conflicts) && (3..30).contains(&rests),
            "{conflicts} conflicts, {rests} rests"
        );
    }

    #[tokio::test]
    async fn it_fills_an_empty_roster_once_and_leaves_another_alone() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let store = Store::sqlite(&dir.path().join("db")).await.expect("opens");
        let metrics = ms_metrics::Metrics::builder().build().expect("builds");
        let service = Service::new(store, Cache::memory(), metrics.business(), dir.path());
        fill(&service).await.expect("fills");
        let count = async || service.store.page(&Filter::default(), None, 1000).await.expect("read").0.len();
        let planned = count().await;
        assert!(planned > 200, "{planned}");
        fill(&service).await.expect("is there");
        assert_eq!(count().await, planned);

        let own = "id,employee,department,start,end\n1,A,B,2020-01-01T00:00:00Z,2020-01-01T01:00:00Z\n";
        import(&service, Format::Csv, own.as_bytes()).await.expect("kept");
        let refused = fill(&service).await.expect_err("refused").to_string();
        assert!(refused.contains("--data-dir"), "{refused}");
    }
}
