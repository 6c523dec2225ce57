//! `amtool check-config` and we take the same files.

use std::process::Command;

use ms_alerts::Routes;

use super::alertmanager::INSTALL;

const RECEIVERS: &str = "receivers: [{name: r}, {name: s}]\n";

/// Files beside `receivers`, unless they have their own.
const FILES: &[&str] = &[
    "route: {receiver: r}",
    "route: {receiver: r, group_by: []}",
    "route: {receiver: r, group_by: ['...']}",
    "route: {receiver: r, group_by: ['...', a]}",
    "route: {receiver: r, group_by: [a, a]}",
    "route: {receiver: r, group_by: ['a b']}",
    "route: {receiver: r, group_by: ['']}",
    "route: {receiver: r, group_by: [__name__]}",
    "route: {receiver: q}",
    "route: {receiver: ''}",
    "route: {}",
    "route:",
    "{}",
    "route: {receiver: r, continue: true}",
    "route: {receiver: r, continue: false}",
    "route: {receiver: r, match: {a: b}}",
    "route: {receiver: r, match: {}}",
    "route: {receiver: r, matchers: []}",
    "route: {receiver: r, matchers: ['']}",
    "route: {receiver: r, matchers: [a=b]}",
    "route: {receiver: r, group_wait: 0s}",
    "route: {receiver: r, group_wait: 0}",
    "route: {receiver: r, group_wait: 1}",
    "route: {receiver: r, group_wait: -1s}",
    "route: {receiver: r, group_wait: ''}",
    "route: {receiver: r, group_interval: 0s}",
    "route: {receiver: r, repeat_interval: 0s}",
    "route: {receiver: r, repeat_interval: 1d12h}",
    "route: {receiver: r, repeat_interval: 12h1d}",
    "route: {receiver: r, group_intervall: 1m}",
    "route: {receiver: r, routes: [{}]}",
    "route: {receiver: r, routes: []}",
    "route: {receiver: r, routes: [{receiver: q}]}",
    "route: {receiver: r, routes: [{receiver: ''}]}",
    "route: {receiver: r, routes: [{matchers: [a=b]}, {matchers: ['a=b,c=d']}, {matchers: ['{a=b}']}]}",
    "route: {receiver: r, routes: [{matchers: ['a=\"b\"', 'c=~\"d|e\"', 'f!=', 'g!~\"\"']}]}",
    "route: {receiver: r, routes: [{matchers: [a]}]}",
    "route: {receiver: r, routes: [{matchers: ['a=\"b']}]}",
    "route: {receiver: r, routes: [{matchers: ['a=b\"']}]}",
    "route: {receiver: r, routes: [{matchers: ['a=~\"(\"']}]}",
    "route: {receiver: r, routes: [{matchers: ['a=~\"x{1001}\"']}]}",
    "route: {receiver: r, routes: [{matchers: ['a b=c']}]}",
    "route: {receiver: r, routes: [{matchers: [',a=b']}]}",
    "route: {receiver: r, routes: [{matchers: ['a=b,']}]}",
    "route: {receiver: r, routes: [{matchers: ['a=b,,c=d']}]}",
    "route: {receiver: r, routes: [{matchers: ['a:b=c']}]}",
    "route: {receiver: r, routes: [{matchers: a=b}]}",
    "route: {receiver: r, routes: [{match: {a: b, c: ''}, match_re: {d: e.*}}]}",
    "route: {receiver: r, routes: [{match: {'a b': c}}]}",
    "route: {receiver: r, routes: [{match: {a: 1}}]}",
    "route: {receiver: r, routes: [{match_re: {a: '('}}]}",
    "route: {receiver: r, routes: [{match_re: {'a-b': c}}]}",
    "route: {receiver: r, mute_time_intervals: [x]}\ntime_intervals: [{name: x}]",
    "route: {receiver: r, active_time_intervals: [x]}\ntime_intervals: [{name: x}]",
    "route: {receiver: r, routes: [{mute_time_intervals: [x]}]}\ntime_intervals: [{name: x}]",
    "route: {receiver: r, routes: [{active_time_intervals: [x]}]}\nmute_time_intervals: [{name: x}]",
    "route: {receiver: r, routes: [{active_time_intervals: [y]}]}\nmute_time_intervals: [{name: x}]",
    "route: {receiver: r}\nmute_time_intervals: [{name: x}]\ntime_intervals: [{name: x}]",
    "route: {receiver: r}\ntime_intervals: [{name: x}, {name: x}]",
    "route: {receiver: r}\ntime_intervals: [{name: ''}]",
    "route: {receiver: r}\ntime_intervals: [{time_intervals: []}]",
    "route: {receiver: r}\ninhibit_rules: []",
    "route: {receiver: r}\ninhibit_rules: [{}]",
    "route: {receiver: r}\ninhibit_rules: [{source_matchers: [a=b], target_matchers: [c=d], equal: [e, f]}]",
    "route: {receiver: r}\ninhibit_rules: [{source_match: {a: b}, target_match_re: {c: d.*}}]",
    "route: {receiver: r}\ninhibit_rules: [{source_match: {'a-b': b}}]",
    "route: {receiver: r}\ninhibit_rules: [{equal: ['a-b']}]",
    "route: {receiver: r}\ninhibit_rules: [{target_matchers: [a]}]",
    "route: {receiver: r}\nreceivers: [{name: r}, {name: r}]",
    "route: {receiver: r}\nreceivers: [{name: r}, {name: ''}]",
    "route: {receiver: r}\nreceivers: []",
    "route: {receiver: r}\nunknown: 1",
    "route: {receiver: r}\nglobal: {resolve_timeout: 5m}\ntemplates: ['*.tmpl']",
    "",
    "# nothing",
    "route: [",
];

/// Values of the lists of a time interval.
const INTERVALS: &[&str] = &[
    "times: [{start_time: '08:00', end_time: '17:30'}]",
    "times: [{start_time: '00:00', end_time: '24:00'}]",
    "times: [{start_time: '17:00', end_time: '08:00'}]",
    "times: [{start_time: '08:00', end_time: '08:00'}]",
    "times: [{start_time: '8:00', end_time: '09:00'}]",
    "times: [{start_time: '08:00', end_time: '24:01'}]",
    "times: [{start_time: '08:00'}]",
    "times: []",
    "weekdays: [monday, 'tuesday:friday', Saturday]",
    "weekdays: ['friday:monday']",
    "weekdays: [mon]",
    "weekdays: ['0']",
    "weekdays: ['monday:tuesday:friday']",
    "days_of_month: ['1', '1:5', '-3:-1', '31', '10:-10']",
    "days_of_month: ['0']",
    "days_of_month: ['32']",
    "days_of_month: ['-1:1']",
    "days_of_month: ['-1:-3']",
    "days_of_month: ['25:-10']",
    "days_of_month: ['5:1']",
    "months: [january, '2', 'march:may', '6:July']",
    "months: ['may:march']",
    "months: [jan]",
    "years: ['2026', '2027:2030']",
    "years: ['2030:2026']",
    "years: [soon]",
    "location: Europe/Istanbul",
    "location: UTC",
    "location: Local",
    "location: ''",
    "location: Mars/Olympus",
    "weekday: [monday]",
];

#[test]
fn files_are_taken_and_refused_as_amtool_does() {
    let intervals = INTERVALS.iter().map(|interval| {
        format!("route: {{receiver: r}}\ntime_intervals: [{{name: x, time_intervals: [{{{interval}}}]}}]\n{RECEIVERS}")
    });
    let files = FILES.iter().map(|file| match file.contains("receivers:") {
        true => (*file).to_owned(),
        false => format!("{file}\n{RECEIVERS}"),
    });
    let texts: Vec<_> = files.chain(intervals).collect();
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    for text in &texts {
        let file = folder.path().join("am.yml");
        std::fs::write(&file, text).unwrap();
        let output = Command::new("amtool").arg("check-config").arg(&file).output();
        let output = output.unwrap_or_else(|error| panic!("amtool: {error}; {INSTALL}"));
        let ours = Routes::parse("am.yml", text);
        if output.status.success() != ours.is_ok() {
            let told = String::from_utf8_lossy(&output.stderr);
            wrong
                .push(format!("{text}\nours: {:?}\namtool: {told}", ours.map_err(|error| error.to_string())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n---\n"));
}
