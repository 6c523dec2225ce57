//! Named time intervals.

use std::ops::RangeInclusive;

use jiff::tz::TimeZone;

use super::Loader;
use crate::routing::calendar::{self, Interval};
use crate::routing::yaml::{IntervalNode, IntervalsNode, TimesNode};
use crate::rules_file::yaml::Text;

type Read = fn(&str) -> Result<RangeInclusive<i64>, String>;

impl Loader {
    pub(super) fn named_intervals(&mut self, node: &IntervalsNode) {
        let intervals = node.time_intervals.iter().flatten().map(|node| self.interval(node)).collect();
        let name = &node.name.value;
        if name.is_empty() {
            self.problem(&node.name, "a time interval needs a name");
        } else if self.intervals.insert(name.clone(), intervals).is_some() {
            self.problem(&node.name, format!("time interval `{name}` is repeated"));
        }
    }

    fn interval(&mut self, node: &IntervalNode) -> Interval {
        Interval {
            times: node.times.iter().flatten().filter_map(|times| self.times(times)).collect(),
            weekdays: self.ranges(node.weekdays.as_deref(), calendar::weekdays),
            days_of_month: self.ranges(node.days_of_month.as_deref(), calendar::days_of_month),
            months: self.ranges(node.months.as_deref(), calendar::months),
            years: self.ranges(node.years.as_deref(), calendar::years),
            zone: node.location.as_ref().and_then(|location| self.zone(location)),
        }
    }

    fn times(&mut self, node: &TimesNode) -> Option<(u32, u32)> {
        let start = self.or_problem(&node.start_time, calendar::minute(&node.start_time.value));
        let end = self.or_problem(&node.end_time, calendar::minute(&node.end_time.value));
        let (start, end) = (start?, end?);
        if start >= end {
            self.problem(&node.end_time, "`end_time` must be later than `start_time`; write a night as two");
        }
        Some((start, end))
    }

    fn ranges(&mut self, nodes: Option<&[Text]>, read: Read) -> Vec<RangeInclusive<i64>> {
        let nodes = nodes.unwrap_or_default().iter();
        nodes.filter_map(|node| self.or_problem(node, read(&node.value))).collect()
    }

    fn zone(&mut self, node: &Text) -> Option<TimeZone> {
        let name = node.value.as_str();
        match name {
            "" => Some(TimeZone::UTC),
            "Local" => Some(TimeZone::system()),
            _ => self.or_problem(
                node,
                TimeZone::get(name).map_err(|_| {
                    format!(
                        "{name:?} is not a time zone of this machine; expected one like `Europe/Istanbul`"
                    )
                }),
            ),
        }
    }
}
