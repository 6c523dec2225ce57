//! Shifts into a report on the load.

use std::collections::BTreeMap;

use super::durations::Lengths;
use super::fairness::Spread;
use super::holidays::Holidays;
use super::report::{Fairness, Load, LoadReport};
use crate::calendar::{Calendar, Day, UnknownTimeZone};
use crate::shift::ShiftRef;
use crate::sum::ratio;

const HOUR: u128 = 3_600_000_000;
const SATURDAY: i64 = 5;

/// Collects shifts and reports on the load.
///
/// Parts may be added and merged in any split and order; the report is the same to the last bit. Memory does not grow
/// with the number of shifts, but with employees, departments, days and different lengths.
#[derive(Clone, Debug)]
pub struct LoadAnalytics {
    calendar: Calendar,
    holidays: Holidays,
    lengths: Lengths,
    by_employee: BTreeMap<Box<str>, Sums>,
    by_department: BTreeMap<Box<str>, Sums>,
    by_role: BTreeMap<Box<str>, Sums>,
    by_day: BTreeMap<Day, Sums>,
    by_hour: [Sums; 24],
    /// Microseconds.
    heat_map: [[u128; 24]; 7],
}

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    shifts: u64,
    microseconds: u128,
    nights: u64,
    weekends: u64,
    holidays: u64,
}

impl Default for LoadAnalytics {
    /// Days and nights are those of Europe/Istanbul, holidays those of Turkey.
    fn default() -> Self {
        Self::with(Calendar::istanbul(), Holidays::turkey())
    }
}

impl LoadAnalytics {
    /// Starts empty, with the days and nights of an IANA time zone and the public holidays given.
    ///
    /// # Errors
    ///
    /// [`UnknownTimeZone`] if there is none of that name.
    pub fn new(time_zone: &str, holidays: Holidays) -> Result<Self, UnknownTimeZone> {
        Ok(Self::with(Calendar::new(time_zone)?, holidays))
    }

    fn with(calendar: Calendar, holidays: Holidays) -> Self {
        Self {
            calendar,
            holidays,
            lengths: Lengths::default(),
            by_employee: BTreeMap::new(),
            by_department: BTreeMap::new(),
            by_role: BTreeMap::new(),
            by_day: BTreeMap::new(),
            by_hour: Default::default(),
            heat_map: Default::default(),
        }
    }

    /// Adds a shift.
    pub fn add<'a>(&mut self, shift: impl Into<ShiftRef<'a>>) {
        let shift = shift.into();
        let local = self.calendar.shift(shift.start(), shift.end());
        let day = local.first_day();
        let length = shift.end().as_microseconds().abs_diff(shift.start().as_microseconds());
        let one = Sums {
            shifts: 1,
            microseconds: u128::from(length),
            nights: u64::from(self.calendar.is_night(local)),
            weekends: u64::from(day.weekday() >= SATURDAY),
            holidays: u64::from(self.holidays.contains_day(day)),
        };
        self.lengths.add(length, 1);
        named(&mut self.by_employee, shift.employee()).add(one);
        named(&mut self.by_department, shift.department()).add(one);
        if let Some(role) = shift.role() {
            named(&mut self.by_role, role).add(one);
        }
        self.by_day.entry(day).or_default().add(one);
        let hour = usize::try_from(local.start_time() / HOUR as i64).unwrap_or_default();
        if let Some(sums) = self.by_hour.get_mut(hour) {
            sums.add(one);
        }
        let heat_map = &mut self.heat_map;
        self.calendar.hours(local, |weekday, hour, microseconds| {
            if let Some(cell) = heat_map.get_mut(weekday).and_then(|day| day.get_mut(hour)) {
                *cell += u128::from(microseconds);
            }
        });
    }

    /// Adds all shifts of another collection. Time zone and holidays of `self` stay.
    pub fn merge(&mut self, other: Self) {
        self.lengths.merge(&other.lengths);
        other.by_employee.into_iter().for_each(|(name, sums)| named(&mut self.by_employee, &name).add(sums));
        other
            .by_department
            .into_iter()
            .for_each(|(name, sums)| named(&mut self.by_department, &name).add(sums));
        other.by_role.into_iter().for_each(|(name, sums)| named(&mut self.by_role, &name).add(sums));
        other.by_day.into_iter().for_each(|(day, sums)| self.by_day.entry(day).or_default().add(sums));
        self.by_hour.iter_mut().zip(other.by_hour).for_each(|(ours, theirs)| ours.add(theirs));
        let cells = self.heat_map.iter_mut().flatten();
        cells.zip(other.heat_map.into_iter().flatten()).for_each(|(ours, theirs)| *ours += theirs);
    }

    /// Makes the report.
    pub fn finish(self) -> LoadReport {
        let (mut by_week, mut by_month) = (BTreeMap::<String, Sums>::new(), BTreeMap::<String, Sums>::new());
        let mut by_weekday = [Sums::default(); 7];
        for (day, sums) in &self.by_day {
            by_week.entry(day.monday().iso_week()).or_default().add(*sums);
            by_month.entry(day.month()).or_default().add(*sums);
            if let Some(weekday) = usize::try_from(day.weekday()).ok().and_then(|at| by_weekday.get_mut(at)) {
                weekday.add(*sums);
            }
        }
        let by_employee = loads(self.by_employee);
        let spread = |of: fn(&Load) -> f64| Spread::of(by_employee.values().map(of).collect());
        LoadReport {
            durations: self.lengths.report(),
            fairness: Fairness {
                hours: spread(|load| load.hours),
                nights: spread(|load| load.night_shifts as f64),
                weekends: spread(|load| load.weekend_shifts as f64),
                holidays: spread(|load| load.holiday_shifts as f64),
            },
            by_employee,
            by_department: loads(self.by_department),
            by_role: loads(self.by_role),
            by_week: loads(by_week),
            by_month: loads(by_month),
            by_weekday: by_weekday.map(Sums::load),
            by_hour: self.by_hour.map(Sums::load),
            heat_map: self.heat_map.map(|day| day.map(|cell| ratio(cell, HOUR))),
        }
    }
}

impl Sums {
    fn add(&mut self, other: Self) {
        self.shifts += other.shifts;
        self.microseconds += other.microseconds;
        self.nights += other.nights;
        self.weekends += other.weekends;
        self.holidays += other.holidays;
    }

    fn load(self) -> Load {
        Load {
            shifts: self.shifts,
            hours: ratio(self.microseconds, HOUR),
            night_shifts: self.nights,
            weekend_shifts: self.weekends,
            holiday_shifts: self.holidays,
        }
    }
}

fn named<'m>(sums: &'m mut BTreeMap<Box<str>, Sums>, name: &str) -> &'m mut Sums {
    sums.entry(name.into()).or_default()
}

fn loads<N: Into<String>>(sums: BTreeMap<N, Sums>) -> BTreeMap<String, Load> {
    sums.into_iter().map(|(name, sums)| (name.into(), sums.load())).collect()
}
