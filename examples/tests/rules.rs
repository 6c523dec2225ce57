//! The rules tool beside promtool: verdicts, answers, exit codes.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

fn rules(arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rules"));
    command.args(arguments).current_dir(folder).output().expect("rules runs")
}

fn promtool(arguments: &[&str], folder: &Path) -> Output {
    let output = Command::new("promtool").args(arguments).current_dir(folder).output();
    output.expect("promtool; install it with: apt-get install prometheus")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary directory");
    for (name, content) in files {
        fs::write(folder.path().join(name), content).expect("written");
    }
    folder
}

const GOOD: &str = "groups:\n- name: g\n  rules:\n  - alert: Down\n    expr: up == 0\n    for: 5m\n";
const BAD: [(&str, &str); 6] = [
    ("expr.yml", "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up >\n"),
    ("field.yml", "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up\n    severity: page\n"),
    ("twice.yml", "groups:\n- name: g\n- name: g\n"),
    ("for.yml", "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up\n    for: 5 min\n"),
    ("label.yml", "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up\n    labels: {a-b: c}\n"),
    ("yaml.yml", "groups: [\n"),
];

#[test]
fn check_has_the_verdict_and_exit_code_of_promtool() {
    let folder = folder(&BAD);
    fs::write(folder.path().join("good.yml"), GOOD).expect("written");
    let names = BAD.iter().map(|(name, _)| *name).chain(["good.yml", "missing.yml"]);
    for arguments in names.map(|name| vec![name]).chain([vec![], vec!["good.yml", "expr.yml"]]) {
        let ours = rules(&[&["check"], &arguments[..]].concat(), folder.path());
        let theirs = promtool(&[&["check", "rules"], &arguments[..]].concat(), folder.path());
        assert_eq!(ours.status.code(), theirs.status.code(), "{arguments:?}: {}", text(&ours.stdout));
    }
    let both = rules(&["check", "good.yml", "expr.yml"], folder.path());
    let said = text(&both.stdout);
    assert!(said.contains("Checking good.yml\n  SUCCESS: 1 rules found\n"), "{said}");
    assert!(said.contains("Checking expr.yml\n  FAILED:\nexpr.yml:5:"), "{said}");
    assert!(!said.contains('\x1b'), "no colours where there is no terminal");
}

#[test]
fn check_as_json_names_each_problem() {
    let folder = folder(&[("good.yml", GOOD), BAD[0]]);
    let output = rules(&["check", "--json", "good.yml", "expr.yml"], folder.path());
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report[0], json!({"file": "good.yml", "ok": true, "rules": 1, "problems": []}));
    assert_eq!((&report[1]["ok"], &report[1]["rules"]), (&json!(false), &Value::Null));
    assert!(report[1]["problems"][0].as_str().expect("a text").starts_with("expr.yml:5:"), "{report}");
}

/// Samples of four minutes, of which the last are at 240 s.
const METRICS: &str = "\
hits_total{path=\"/\"} 0 0\nhits_total{path=\"/\"} 60 60000\nhits_total{path=\"/\"} 30 120000\n\
hits_total{path=\"/\"} 90 180000\nhits_total{path=\"/\"} 150 240000\nup{job=\"a\\\"b\"} 1 240000\nup{job=\"c\"} 0 240000\n";

#[test]
fn eval_answers_as_prometheus_does() {
    let folder = folder(&[("metrics.txt", METRICS)]);
    let mut tests = Vec::new();
    for expression in [
        "up",
        "up == 0",
        "sum by(path) (rate(hits_total[3m]))",
        "count(up) + 1",
        "increase(hits_total[4m])",
        "max_over_time(hits_total[2m:30s])",
    ] {
        let arguments = [
            "eval",
            "--metrics",
            "metrics.txt",
            "--expr",
            expression,
            "--at",
            "240",
            "--compat",
            "2.42",
            "--json",
        ];
        let output = rules(&arguments, folder.path());
        assert_eq!(output.status.code(), Some(0), "{expression}: {}", text(&output.stderr));
        let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let rows = answer["result"].as_array().expect("a vector").iter().map(|row| {
            let labels = row["metric"].as_object().expect("labels").iter();
            let labels: Vec<_> = labels.map(|(name, value)| format!("{name}={value}")).collect();
            let value: f64 = row["value"][1].as_str().expect("a number").parse().expect("a number");
            json!({"labels": format!("{{{}}}", labels.join(",")), "value": value})
        });
        let rows: Vec<Value> = rows.collect();
        assert!(!rows.is_empty(), "{expression}");
        tests.push(json!({"expr": expression, "eval_time": "240s", "exp_samples": rows}));
    }
    let file = json!({"tests": [{"interval": "1m", "promql_expr_test": tests, "input_series": [
        {"series": "hits_total{path=\"/\"}", "values": "0 60 30 90 150"},
        {"series": "up{job=\"a\\\"b\"}", "values": "_ _ _ _ 1"},
        {"series": "up{job=\"c\"}", "values": "_ _ _ _ 0"},
    ]}]});
    fs::write(folder.path().join("test.yml"), file.to_string()).expect("written");
    let tested = promtool(&["test", "rules", "test.yml"], folder.path());
    assert!(tested.status.success(), "{}{}", text(&tested.stdout), text(&tested.stderr));
}

#[test]
fn eval_shows_series_as_lines_and_refuses_with_a_reason() {
    let folder = folder(&[("metrics.txt", "up{job=\"a\"} 1\n"), ("broken.txt", "up 1\nup x\n")]);
    let eval = |file: &str, expression: &str, at: &str| {
        rules(&["eval", "--metrics", file, "--expr", expression, "--at", at], folder.path())
    };
    assert_eq!(text(&eval("metrics.txt", "up", "240").stdout), "up{job=\"a\"} => 1 @[240]\n");
    assert_eq!(text(&eval("metrics.txt", "1 / 0", "1970-01-01T00:04:00Z").stdout), "scalar: +Inf @[240]\n");
    for (output, reason) in [
        (eval("metrics.txt", "up >", "240"), "up >: "),
        (eval("metrics.txt", "up", "noon"), "\"noon\" is no time"),
        (eval("broken.txt", "up", "240"), "broken.txt: line 2: invalid number"),
        (eval("missing.txt", "up", "240"), "missing.txt: No such file"),
    ] {
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains(reason), "{}", text(&output.stderr));
    }
}

#[test]
fn replay_tells_what_fired_when_promtool_has_it_fire() {
    const RULES: &str = "groups:\n- name: g\n  rules:\n  - alert: Down\n    expr: up == 0\n    for: 1m\n    labels: {severity: page}\n";
    let values = [1, 1, 0, 0, 0, 0, 0, 0, 1, 1];
    // In no order, and not all at the very moment of an evaluation.
    let line = |(place, value): (usize, &i32)| format!("up{{job=\"a\\\"b\"}} {value} {}\n", place * 15_000);
    let metrics: String = values.iter().enumerate().rev().map(line).collect();
    let folder = folder(&[("rules.yml", RULES), ("metrics.txt", &metrics), ("untimed.txt", "up 1\n")]);
    let output = rules(&["replay", "--rules", "rules.yml", "metrics.txt"], folder.path());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let labels = "{alertname=\"Down\", job=\"a\\\"b\", severity=\"page\"}";
    let expected = format!(
        "1970-01-01T00:01:30Z firing Down {labels} 0\n1970-01-01T00:02:00Z resolved Down {labels} 0\n"
    );
    assert_eq!(text(&output.stdout), expected);

    let firing = json!([{"exp_labels": {"severity": "page", "job": "a\"b"}}]);
    let at =
        |time: &str, alerts: &Value| json!({"eval_time": time, "alertname": "Down", "exp_alerts": alerts});
    let test = json!({"rule_files": ["rules.yml"], "evaluation_interval": "15s", "tests": [{
        "interval": "15s",
        "input_series": [{"series": "up{job=\"a\\\"b\"}", "values": values.map(|value| value.to_string()).join(" ")}],
        "alert_rule_test": [at("75s", &json!([])), at("90s", &firing), at("105s", &firing), at("120s", &json!([]))],
    }]});
    fs::write(folder.path().join("test.yml"), test.to_string()).expect("written");
    let tested = promtool(&["test", "rules", "test.yml"], folder.path());
    assert!(tested.status.success(), "{}{}", text(&tested.stdout), text(&tested.stderr));

    let lines = rules(&["replay", "--json", "--rules", "rules.yml", "metrics.txt"], folder.path());
    let first: Value =
        serde_json::from_str(text(&lines.stdout).lines().next().expect("a line")).expect("JSON");
    assert_eq!((&first["state"], &first["labels"]["job"]), (&json!("firing"), &json!("a\"b")));
    for (arguments, reason) in [
        (["--rules", "rules.yml", "untimed.txt"], "a sample has no time"),
        (["--rules", "untimed.txt", "metrics.txt"], "untimed.txt:1:"),
    ] {
        let output = rules(&[&["replay"], &arguments[..]].concat(), folder.path());
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains(reason), "{}", text(&output.stderr));
    }
}

#[test]
fn slo_writes_rules_that_promtool_takes() {
    let folder = folder(&[]);
    for arguments in [
        &[
            "availability",
            "api",
            "--bad",
            "errors_total",
            "--total",
            "hits_total",
            "--maintenance",
            "sun:2-4",
        ][..],
        &["latency", "fast", "--histogram", "seconds{a=\"b\"}", "--limit", "0.25", "--objective", "0.99"],
    ] {
        let output = rules(&[&["slo"], arguments].concat(), folder.path());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        fs::write(folder.path().join("slo.yml"), &output.stdout).expect("written");
        let checked = promtool(&["check", "rules", "slo.yml"], folder.path());
        assert!(checked.status.success(), "{}{}", text(&output.stdout), text(&checked.stderr));
    }
    for wrong in [
        &["--maintenance", "someday:2-4"][..],
        &["--maintenance", "sun:4-2"],
        &["--objective", "1"],
        &["--days", "3"],
    ] {
        let known = ["slo", "availability", "api", "--bad", "errors_total", "--total", "hits_total"];
        let output = rules(&[&known, wrong].concat(), folder.path());
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{wrong:?}");
        assert!(!output.stderr.is_empty());
    }
}

#[test]
fn test_has_the_verdict_and_exit_code_of_promtool() {
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("medschedule/deploy");
    for compat in ["2.42", "3"] {
        let tested = rules(&["test", "alerts.test.yml", "--compat", compat], &deploy);
        assert_eq!(tested.status.code(), Some(0), "{}", text(&tested.stdout));
        assert!(text(&tested.stdout).contains("SUCCESS: 10 expectations met"), "{}", text(&tested.stdout));
    }
    let theirs = promtool(&["test", "rules", "alerts.test.yml"], &deploy);
    assert!(theirs.status.success(), "{}{}", text(&theirs.stdout), text(&theirs.stderr));

    let failing = "rule_files: [good.yml, none.yml]\ntests:\n- input_series: [{series: 'up{job=\"a\"}', values: '0x9'}]\n  \
                   alert_rule_test:\n  - {eval_time: 5m, alertname: Down, exp_alerts: []}\n";
    let folder = folder(&[
        ("good.yml", GOOD),
        ("fails.yml", failing),
        ("broken.yml", "tests: [\n"),
        ("empty.yml", ""),
    ]);
    for arguments in
        [&["empty.yml"][..], &["fails.yml"], &["broken.yml"], &["missing.yml"], &["empty.yml", "fails.yml"]]
    {
        let ours = rules(&[&["test", "--compat", "2.42"], arguments].concat(), folder.path());
        let theirs = promtool(&[&["test", "rules"], arguments].concat(), folder.path());
        assert_eq!(ours.status.code(), theirs.status.code(), "{arguments:?}: {}", text(&ours.stdout));
    }
    let said = rules(&["test", "fails.yml", "broken.yml"], folder.path());
    let said = text(&said.stdout);
    for words in [
        "WARNING: no rule file is named like none.yml",
        "fails.yml:5: alert `Down` at 5m:\n  there, not expected: {alertname=\"Down\", job=\"a\"}",
        "broken.yml:1:",
    ] {
        assert!(said.contains(words), "{said}");
    }
    let output = rules(&["test", "--json", "empty.yml", "fails.yml"], folder.path());
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&report[0]["ok"], &report[1]["ok"]), (&json!(true), &json!(false)));
    assert_eq!(
        (&report[1]["failures"][0]["kind"], &report[1]["failures"][0]["line"]),
        (&json!("alerts"), &json!(5))
    );
}

#[test]
fn explain_shows_each_part_and_which_rules_find_nothing() {
    const RULES: &str = "groups:\n- name: g\n  rules:\n  - {alert: Down, expr: 'up{job=\"a\"} == 0 and on (job) limit', for: 5m}\n  \
                         - {alert: Blind, expr: nothing > 0}\n";
    let metrics = "up{job=\"a\"} 0\nup{job=\"b\"} 1\nlimit{job=\"b\"} 1\n";
    let folder = folder(&[("rules.yml", RULES), ("metrics.txt", metrics)]);
    let explain = |arguments: &[&str]| rules(&[&["explain"], arguments].concat(), folder.path());
    let output = explain(&["Down", "rules.yml", "--metrics", "metrics.txt"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let expected = "\
Down (group g) does not fire: its condition holds for nothing
up{job=\"a\"} == 0 and on (job) limit => nothing
|   no partner on the right for 1 of 1 element on the left, such as {job=\"a\"}; there one is {job=\"b\"}
|-- up{job=\"a\"} == 0 => up{job=\"a\"} 0
|   |   it holds for 1 of 1 element
|   `-- up{job=\"a\"} => up{job=\"a\"} 0
`-- limit => limit{job=\"b\"} 1

Rules that find no series at all: Blind
";
    assert_eq!(text(&output.stdout), expected);

    // The same samples over HTTP.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/metrics", listener.local_addr().expect("an address"));
    let server = std::thread::spawn(move || {
        for status in ["200 OK", "503 Service Unavailable"] {
            let (mut connection, _) = listener.accept().expect("a connection");
            let mut request = [0; 512];
            let read = std::io::Read::read(&mut connection, &mut request).expect("a request");
            assert!(request[..read].starts_with(b"GET /metrics HTTP/1.0\r\n"));
            let answer = format!("HTTP/1.1 {status}\r\nContent-Type: text/plain\r\n\r\n{metrics}");
            std::io::Write::write_all(&mut connection, answer.as_bytes()).expect("written");
        }
    });
    let output = explain(&["Down", "rules.yml", "--url", &url, "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&report["rules"][0]["holds"], &report["rules"][0]["for"]), (&json!(false), &json!(300.0)));
    assert_eq!(report["without_series"], json!(["Blind"]));
    assert_eq!(report["rules"][0]["explanation"]["parts"][1]["series"], json!(1));
    let eval = rules(&["eval", "--url", &url, "--expr", "up"], folder.path());
    assert!(
        text(&eval.stderr).contains("it answers \"HTTP/1.1 503 Service Unavailable\""),
        "{}",
        text(&eval.stderr)
    );
    server.join().expect("served");
    for (arguments, reason) in [
        (
            &["Up", "rules.yml", "--metrics", "metrics.txt"][..],
            "there is no rule \"Up\"; there is Down, Blind",
        ),
        (&["Down", "none.yml", "--metrics", "metrics.txt"], "none.yml"),
        (&["Down", "rules.yml", "--url", "https://example.org/"], "expected http://HOST[:PORT]/PATH"),
        (&["Down", "rules.yml"], "--metrics"),
    ] {
        let output = explain(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(text(&output.stderr).contains(reason), "{}", text(&output.stderr));
    }
}
