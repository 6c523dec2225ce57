//! Routes decide as Alertmanager does.

mod alertmanager;
mod decisions;
mod timeline;
mod verdicts;

use jiff::Timestamp;
use ms_alerts::{Labels, Routes};

fn routes(text: &str) -> Routes {
    Routes::parse("routes.yml", text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn labels<const N: usize>(pairs: [(&str, &str); N]) -> Labels {
    pairs.into_iter().collect()
}

#[test]
fn options_are_inherited_and_intervals_are_not() {
    let routes = routes(
        "
route:
  receiver: all
  group_by: [alertname]
  group_wait: 0s
  routes:
    - matchers: [team=a]
      receiver: a
      group_interval: 1m
      mute_time_intervals: [january]
      routes:
        - matchers: [severity=page]
          repeat_interval: 1h30m
          group_by: ['...']
receivers: [{name: all}, {name: a}]
time_intervals:
  - name: january
    time_intervals: [{months: ['1']}]
",
    );
    let january: Timestamp = "2026-01-15T12:00:00Z".parse().unwrap();
    let alert = labels([("alertname", "X"), ("team", "a"), ("severity", "page")]);
    let [page] = routes.destinations(&alert)[..] else { panic!("one place") };
    assert_eq!(page.receiver(), "a");
    assert_eq!(page.group(&alert), alert);
    let timing = |place: ms_alerts::Destination<'_>| {
        [place.group_wait(), place.group_interval(), place.repeat_interval()].map(|wait| wait.as_secs())
    };
    assert_eq!(timing(page), [0, 60, 5400]);
    assert!(!page.is_muted_at(january));

    let alert = labels([("alertname", "X"), ("team", "a")]);
    let [team] = routes.destinations(&alert)[..] else { panic!("one place") };
    assert_eq!(team.group(&alert), labels([("alertname", "X")]));
    assert_eq!(timing(team), [0, 60, 4 * 3600]);
    assert!(team.is_muted_at(january) && !team.is_muted_at("2026-02-01T00:00:00Z".parse().unwrap()));
}

#[test]
fn an_active_interval_silences_the_rest_of_the_time() {
    let routes = routes(
        "
route:
  receiver: day
  routes: [{receiver: night, matchers: [a=n], active_time_intervals: [evening, morning]}]
receivers: [{name: day}, {name: night}]
time_intervals:
  - {name: evening, time_intervals: [{times: [{start_time: '20:00', end_time: '24:00'}], location: Europe/Istanbul}]}
  - {name: morning, time_intervals: [{times: [{start_time: '00:00', end_time: '06:00'}], location: Europe/Istanbul}]}
",
    );
    let alert = labels([("a", "n")]);
    let night = routes.destinations(&alert)[0];
    for (hour, muted) in [("16:59", true), ("17:00", false), ("02:59", false), ("03:00", true)] {
        let moment = format!("2026-11-25T{hour}:00Z").parse().unwrap();
        assert_eq!(night.is_muted_at(moment), muted, "{hour} UTC is three hours later there");
    }
}

#[test]
fn errors_name_the_place_of_everything_that_is_wrong() {
    let error = Routes::parse(
        "routes.yml",
        "route:
  receiver: nobody
  group_by: [alertname, a-b, alertname]
  group_interval: 0s
  routes:
    - matchers: ['severity=~\"(\"', 'severity']
      mute_time_intervals: [holidays]
      repeat_interval: soon
receivers:
  - name: duty
  - name: duty
inhibit_rules:
  - source_match_re: {severity: 'x{1001}'}
    equal: ['']
time_intervals:
  - name: nights
    time_intervals:
      - times: [{start_time: '20:00', end_time: '06:00'}]
        weekdays: [frday]
        location: Europe/Ankara
",
    )
    .unwrap_err();
    let expected = [
        "2:13: receiver `nobody`",
        "3:25: \"a-b\" is not a name",
        "3:30: label `alertname` is repeated",
        "4:19: `group_interval` cannot be zero",
        "6:18: regular expression \"(\"",
        "6:35: \"severity\" is no matcher",
        "7:29: time interval `holidays`",
        "8:24: \"soon\" is not a duration",
        "11:11: receiver `duty` is repeated",
        "13:33: regular expression \"x{1001}\"",
        "14:13: \"\" is not a name",
        "18:49: `end_time` must be later",
        "19:20: \"frday\" is no weekday",
        "20:19: \"Europe/Ankara\" is not a time zone",
    ];
    let told = error.to_string();
    let lines: Vec<_> = told.lines().map(|line| line.strip_prefix("routes.yml:").unwrap()).collect();
    assert_eq!(lines.len(), expected.len(), "{told}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(expected), "{line} does not begin with {expected}");
    }
    assert_eq!(error.problems().len(), expected.len());
}

#[test]
fn a_file_that_is_not_there_is_told_with_its_cause() {
    let error = Routes::read("/nowhere/routes.yml").unwrap_err();
    assert_eq!(error.to_string(), "cannot read file of routes /nowhere/routes.yml");
    assert!(std::error::Error::source(&error).is_some() && error.problems().is_empty());
}
