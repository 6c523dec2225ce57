//! The analyze tool as its users see it: output, messages, exit codes.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tempfile::TempDir;

const HEADER: &str = "id,employee,department,start,end,duration\n";
const ROSTER: &str = "id,employee,department,start,end,duration\n\
    1,Ayşe,Acil,2026-03-02T08:00:00+03:00,2026-03-02T16:00:00+03:00,8\n\
    2,Ayşe,Yoğun Bakım,2026-03-02T12:00:00+03:00,2026-03-02T20:00:00+03:00,8\n";

fn analyze(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_analyze"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("analyze starts");
    // It may have ended already, on a wrong option for instance.
    let _ = child.stdin.take().expect("piped").write_all(input);
    child.wait_with_output().expect("analyze ends")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&output.stderr)))
}

fn file(directory: &TempDir, name: &str, content: &[u8]) -> PathBuf {
    let path = directory.path().join(name);
    std::fs::write(&path, content).expect("written");
    path
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(content).expect("packed");
    packed.finish().expect("packed")
}

fn name(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn a_table_is_the_default() {
    let output = analyze(&["shifts", "-"], ROSTER.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report = text(&output.stdout);
    for line in ["Shifts           2", "Conflicts        1 pairs, 4.00 h", "Acil|Yoğun Bakım             1"]
    {
        assert!(report.contains(line), "{line}: {report}");
    }
    assert!(output.stderr.is_empty());
}

#[test]
fn refused_rows_are_told_of_and_the_rest_is_reported() {
    let output =
        analyze(&["shifts", "-", "--json"], format!("{ROSTER}3,Ayşe,Acil,dün,bugün,\n4\n").as_bytes());
    assert_eq!(output.status.code(), Some(1));
    let messages: Vec<_> = text(&output.stderr).lines().collect();
    assert!(messages[0].starts_with("-:4: start: not a timestamp"), "{messages:?}");
    assert!(messages[1].starts_with("-:5: employee: missing"), "{messages:?}");
    assert_eq!(messages[2..], ["rows used: 2, refused: 2"]);
    let report = json_of(&output);
    assert_eq!(report["total_shifts"], 2);
    assert_eq!(report["common_conflicts"]["by_employee"], json!({"Ayşe": 1}));
}

#[test]
fn without_a_report_standard_output_is_empty() {
    let cases: [(&[&str], &str, &str); 6] = [
        (&["shifts", "-", "--json"], "a;b\n1;2\n", "-:1: header not recognised"),
        (&["shifts", "-"], "", "-:1: no header"),
        (&["shifts", "/nonexistent/roster.csv"], "", "/nonexistent/roster.csv: No such file"),
        (&["shifts"], "", "required"),
        (
            &["shifts", "-", "--time-zone", "Europe/Nowhere"],
            ROSTER,
            "`Europe/Nowhere` is not a known time zone",
        ),
        (&["latency", "-", "--column", "seconds"], "a,b\n1,2\n", "-:1: seconds: column missing"),
    ];
    for (arguments, input, message) in cases {
        let output = analyze(arguments, input.as_bytes());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(text(&output.stderr).contains(message), "{arguments:?}: {}", text(&output.stderr));
    }
}

#[test]
fn several_files_of_every_kind_make_one_report() {
    let directory = TempDir::new().expect("a directory");
    let rows = r#"{"id":1,"employee":"B","department":"D","start":"2026-03-02T08:00:00Z","end":"2026-03-02T16:00:00Z"}"#;
    let plain = file(&directory, "a.csv", ROSTER.as_bytes());
    let packed = file(&directory, "b.csv.gz", &gzip(ROSTER.as_bytes()));
    let lines = file(&directory, "c.ndjson", rows.as_bytes());
    let nameless = file(&directory, "d", &gzip(rows.as_bytes()));
    let output = analyze(
        &["shifts", name(&plain), name(&packed), name(&lines), "-", name(&nameless), "--json"],
        rows.as_bytes(),
    );
    let report = json_of(&output);
    assert_eq!(report["shifts_per_department"], json!({"Acil": 2, "Yoğun Bakım": 2, "D": 3}));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn options_change_what_is_counted() {
    let row = "1,E,D,2026-03-02T20:00:00Z,2026-03-05T04:00:00Z,\n";
    let roster = format!("{HEADER}{row}2,E,D,2026-03-12T20:00:00Z,2026-03-13T04:00:00Z,8\n");
    let strict = analyze(&["shifts", "-", "--json"], roster.as_bytes());
    assert!(text(&strict.stderr).starts_with("-:2: duration: longer than 48 h"));
    assert_eq!(json_of(&strict)["total_shifts"], 1);
    let long = analyze(&["shifts", "-", "--json", "--longest-shift", "72"], roster.as_bytes());
    assert_eq!((json_of(&long)["total_shifts"].clone(), long.status.code()), (json!(2), Some(0)));
    let tokyo = analyze(&["shifts", "-", "--json", "--time-zone", "Asia/Tokyo"], roster.as_bytes());
    assert_eq!((&json_of(&strict)["night_shifts"], &json_of(&tokyo)["night_shifts"]), (&json!(1), &json!(0)));
}

#[test]
fn latency_reads_a_column_of_seconds() {
    let csv = b"path,seconds\n/a,0.1\n/b,0.2\n/c,-1\n/d,NaN\n/e,0.3\n";
    let output = analyze(&["latency", "-", "--column", "seconds", "--json"], csv);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stderr),
        "-:4: seconds: negative\n-:5: seconds: not a finite number\nrows used: 3, refused: 2\n"
    );
    let times = json_of(&output);
    assert_eq!(times["p95_response_time"], 0.29);
    assert_eq!((&times["count"], &times["max"]), (&json!(3), &json!(0.3)));
    let table = analyze(&["latency", "-"], b"0.5\n");
    assert_eq!(text(&table.stdout).lines().nth(1), Some("Mean                0.500000 s"));
    let empty = analyze(&["latency", "-", "--json"], b"seconds\n");
    assert_eq!((json_of(&empty)["avg_response_time"].clone(), empty.status.code()), (Value::Null, Some(0)));
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_analyze"))
        .args(["shifts", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("analyze starts");
    drop(child.stdout.take());
    child.stdin.take().expect("piped").write_all(ROSTER.as_bytes()).expect("read");
    let output = child.wait_with_output().expect("analyze ends");
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
}

#[test]
fn latency_reads_access_logs() {
    let log = "::1 - - [02/Mar/2026:08:00:00 +0300] \"GET / HTTP/1.1\" 200 6 \"-\" \"curl\" 0.250\n\
        {\"fields\":{\"duration_ms\":750.0}}\nno time\n";
    let output = analyze(&["latency", "-", "--format", "access-log", "--json"], log.as_bytes());
    assert_eq!(text(&output.stderr), "-:3: time: no response time\nrows used: 2, refused: 1\n");
    let figures = json_of(&output);
    assert_eq!((&figures["count"], &figures["avg_response_time"]), (&json!(2), &json!(0.5)));
    assert_eq!(figures["hdr"]["max_value"], 750_079);
}

#[test]
fn compare_sets_two_periods_side_by_side() {
    let directory = tempfile::tempdir().expect("a directory");
    let before = file(&directory, "before.csv", b"latency_s\n0.1\n0.2\n0.3\n");
    let after = file(&directory, "after.csv.gz", &gzip(b"latency_s\n0.2\n0.4\n0.6\n"));
    let output = analyze(&["compare", name(&before), name(&after), "--json"], b"");
    let comparison = json_of(&output);
    assert_eq!((output.status.code(), &comparison["before"]["count"]), (Some(0), &json!(3)));
    assert_eq!(comparison["quantiles"][0]["ratio"], 2.0);
    let table = analyze(&["compare", name(&before), name(&after)], b"");
    assert!(text(&table.stdout).contains("Values  3 before, 3 after"), "{}", text(&table.stdout));
    let nothing = analyze(&["compare", name(&before), "-"], b"");
    assert_eq!(nothing.status.code(), Some(2));
    assert!(text(&nothing.stderr).contains("nothing to compare"), "{}", text(&nothing.stderr));
}

#[test]
fn interval_logs_are_known_by_their_name() {
    let directory = tempfile::tempdir().expect("a directory");
    let line = "0.1,1,2,HISTFAAAACJ4nJNpmSzMwMDAzAABMJoRRFybvITB/gNEYH0gEwBhjAWM\n";
    let log = file(&directory, "a.hlog", format!("{line}Tag=b,{line}x\n").as_bytes());
    let output = analyze(&["latency", name(&log), "--json"], b"");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let report = json_of(&output);
    assert_eq!((&report["intervals"], &report["merged"]["total_count"]), (&json!(2), &json!(2)));
    assert_eq!(report["merged_by_tag"]["b"]["max_value"], 17_807);
    let table = analyze(&["latency", name(&log)], b"");
    assert!(text(&table.stdout).contains("without tag"), "{}", text(&table.stdout));
    let compared = analyze(&["compare", name(&log), name(&log), "--json"], b"");
    assert_eq!(json_of(&compared)["quantiles"][0]["ratio"], 1.0);
}

const NIGHTS: &str = "id,employee,department,start,end\n\
    n1,Ayşe,Acil,2026-03-02T20:00:00+03:00,2026-03-03T08:00:00+03:00\n\
    n2,Ayşe,Acil,2026-03-03T20:00:00+03:00,2026-03-04T08:00:00+03:00\n";

#[test]
fn rules_are_checked_and_explained() {
    let plain = json_of(&analyze(&["shifts", "-", "--json"], NIGHTS.as_bytes()));
    assert_eq!(plain.get("rules"), None);
    let output = analyze(&["shifts", "-", "--json", "--rules", "tr-657"], NIGHTS.as_bytes());
    let report = json_of(&output);
    assert_eq!(report["rules"]["rules"][1]["by_employee"], json!({"Ayşe": 1}), "{report}");
    let explained = analyze(&["shifts", "-", "--rules", "tr-657", "--explain"], NIGHTS.as_bytes());
    let lines: Vec<_> = text(&explained.stdout).lines().collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].starts_with("Ayşe: day-after-night-duty") && lines[0].ends_with("shifts n1, n2"),
        "{lines:?}"
    );
    for preset in ["eu-2003-88", "tr-4857"] {
        let table = analyze(&["shifts", "-", "--rules", preset], NIGHTS.as_bytes());
        assert!(text(&table.stdout).contains("not legal advice"), "{}", text(&table.stdout));
    }
}

#[test]
fn rules_of_ones_own_come_from_a_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let rules = r#"{"name":"ward 7","rules":[{"id":"rest","check":{"rest":{"min_hours":13}}}]}"#;
    let rules = file(&directory, "ward.json", rules.as_bytes());
    let output = analyze(&["shifts", "-", "--json", "--rules", name(&rules)], NIGHTS.as_bytes());
    assert_eq!(json_of(&output)["rules"]["rules"][0]["violations"], 1);
    let wrong = file(&directory, "wrong.json", br#"{"name":"x","rules":[{"id":"a","check":{"sleep":{}}}]}"#);
    for (argument, message) in [(name(&wrong), "unknown variant `sleep`"), ("missing.json", "nor a file")] {
        let output = analyze(&["shifts", "-", "--rules", argument], NIGHTS.as_bytes());
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(message), "{}", text(&output.stderr));
    }
}

#[test]
fn load_conflicts_and_coverage_are_told_when_asked_for() {
    let directory = tempfile::tempdir().expect("a directory");
    let staffing = br#"[{"department":"Acil","from":"08:00","until":"20:00","at_least":1}]"#;
    let staffing = file(&directory, "staffing.json", staffing);
    let asked = ["shifts", "-", "--load", "--conflicts", "5", "--staffing", name(&staffing)];
    let report = json_of(&analyze(&[&asked[..], &["--json"]].concat(), ROSTER.as_bytes()));
    assert_eq!(report["load"]["by_employee"]["Ayşe"]["hours"], 16.0);
    assert_eq!(report["conflicts"][0]["shifts"], json!(["1", "2"]));
    assert_eq!(
        (&report["coverage"]["windows"], &report["coverage"]["short_hours"]),
        (&json!(1), &json!(4.0))
    );
    let table = analyze(&asked, ROSTER.as_bytes());
    let table = text(&table.stdout);
    for line in
        ["Spread over employees", "Conflict of", "Coverage: 1 windows, 1 with too few (4.00 h missing)"]
    {
        assert!(table.contains(line), "{line}: {table}");
    }
    let plain = json_of(&analyze(&["shifts", "-", "--json"], ROSTER.as_bytes()));
    assert!(["load", "conflicts", "coverage"].iter().all(|key| plain.get(key).is_none()), "{plain}");
}

#[test]
fn dialects_are_chosen_by_option() {
    let roster = "id;employee;department;start;end;duration\n1;A;D;2015-11-08T00:00;2015-11-08T03:30;3,5\n";
    let strict = analyze(&["shifts", "-"], roster.as_bytes());
    assert_eq!(strict.status.code(), Some(2));
    assert!(text(&strict.stderr).contains("`--delimiter ';'`"), "{}", text(&strict.stderr));
    let dialect = ["shifts", "-", "--json", "--delimiter", ";", "--decimal", ","];
    let zone = ["--local-times", "Europe/Istanbul"];
    for (more, code) in [(&["--ambiguous", "earlier"][..], 0), (&["--ambiguous", "later"], 1), (&[], 1)] {
        let output = analyze(&[&dialect[..], &zone, more].concat(), roster.as_bytes());
        assert_eq!(output.status.code(), Some(code), "{more:?}: {}", text(&output.stderr));
        assert_eq!(json_of(&output)["total_shifts"], 1 - code);
    }
}

#[test]
fn a_page_is_written_beside_the_report() {
    let directory = tempfile::tempdir().expect("a directory");
    let out = directory.path().join("page.html");
    let asked = ["shifts", "-", "--json", "--html", name(&out), "--language", "tr", "--rules", "tr-4857"];
    let output = analyze(&asked, ROSTER.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let page = std::fs::read_to_string(&out).expect("a page");
    assert!(page.contains("lang=\"tr\"") && page.contains("Ayşe") && page.contains("<svg"), "{page}");
    let times = file(&directory, "times.csv", b"0.1\n0.2\n");
    let output = analyze(&["compare", name(&times), name(&times), "--html", name(&out)], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(std::fs::read_to_string(&out).expect("a page").contains("Response times"));
    let nowhere = analyze(&["latency", name(&times), "--html", "/nowhere/page.html"], b"");
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(text(&nowhere.stderr).starts_with("/nowhere/page.html: "), "{}", text(&nowhere.stderr));
}

#[test]
fn a_row_an_employee_is_safe_for_spreadsheets_and_markdown() {
    let roster = ROSTER.replace("Ayşe", "=Ayşe|B");
    let csv = analyze(&["shifts", "-", "--csv"], roster.as_bytes());
    let lines: Vec<_> = text(&csv.stdout).lines().collect();
    assert_eq!(lines[1], "'=Ayşe|B,2,16.00,0,0,0,1,0,0", "{}", text(&csv.stderr));
    let markdown = analyze(&["shifts", "-", "--markdown"], roster.as_bytes());
    assert!(text(&markdown.stdout).ends_with("| =Ayşe\\|B | 2 | 16.00 | 0 | 0 | 0 | 1 | 0 | 0 |\n"));
    let both = analyze(&["shifts", "-", "--csv", "--json"], roster.as_bytes());
    assert_eq!(both.status.code(), Some(2));
}

#[test]
fn json_lines_hold_a_column_of_seconds_too() {
    let directory = tempfile::tempdir().expect("a directory");
    let lines = b"{\"path\":\"/a\",\"seconds\":0.1}\n{\"path\":\"/b\",\"seconds\":-1}\n{\"path\":\"/c\"}\n{\"seconds\":0.3}\n";
    let times = file(&directory, "times.jsonl.gz", &gzip(lines));
    let output = analyze(&["latency", name(&times), "--column", "seconds", "--json"], b"");
    let places: Vec<_> =
        text(&output.stderr).lines().filter_map(|line| line.strip_prefix(name(&times))).collect();
    assert_eq!(places, [":2: seconds: negative", ":3: seconds: missing"]);
    assert_eq!((&json_of(&output)["count"], &json_of(&output)["max"]), (&json!(2), &json!(0.3)));
    let log = file(&directory, "jvm.hlog", b"#[Histogram log format version 1.3]\n");
    let mixed = analyze(&["latency", name(&log), name(&times)], b"");
    assert_eq!(mixed.status.code(), Some(2));
    assert!(text(&mixed.stderr).contains("is no interval log, as others of the files are"));
}

/// The tool on a terminal of its own, which `script` gives it.
#[test]
fn a_terminal_shows_how_far_reading_is_until_the_report_is_written() {
    use std::io::Read;
    use std::time::{Duration, Instant};

    let directory = tempfile::tempdir().expect("a directory");
    let (pipe, shown) = (directory.path().join("roster"), directory.path().join("shown"));
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    let command = format!("'{}' shifts '{}' --json", env!("CARGO_BIN_EXE_analyze"), name(&pipe));
    let mut child = Command::new("script")
        .args(["-qefc", &command, name(&shown)])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script is needed: apt-get install -y bsdutils");
    let mut roster = std::fs::OpenOptions::new().write(true).open(&pipe).expect("a pipe");
    roster.write_all(HEADER.as_bytes()).expect("the tool reads");
    let (mut screen, mut rows) = (child.stdout.take().expect("piped"), 0);
    let (told, seen) = std::sync::mpsc::channel();
    let watcher = std::thread::spawn(move || {
        let (mut all, mut part) = (Vec::new(), [0; 256]);
        loop {
            match screen.read(&mut part) {
                Ok(0) | Err(_) => return String::from_utf8_lossy(&all).into_owned(),
                Ok(length) => all.extend_from_slice(&part[..length]),
            }
            if String::from_utf8_lossy(&all).contains("kB/s") {
                let _ = told.send(());
            }
        }
    });
    let deadline = Instant::now() + Duration::from_secs(30);
    while seen.recv_timeout(Duration::from_millis(20)).is_err() {
        assert!(Instant::now() < deadline, "nothing was shown");
        rows += 1;
        writeln!(roster, "{rows},E,D,2026-03-02T08:00:00Z,2026-03-02T16:00:00Z,8").expect("the tool reads");
    }
    drop(roster);
    assert!(child.wait().expect("script ends").success());
    let all = watcher.join().expect("the screen was read");
    // The line is taken away, and the report stands alone.
    let (_, report) = all.rsplit_once("\r\x1b[2K").expect("cleared");
    assert_eq!(serde_json::from_str::<Value>(report).expect("JSON")["total_shifts"], rows);
}

#[cfg(not(feature = "parquet"))]
#[test]
fn a_build_without_parquet_says_how_to_get_it() {
    let output = analyze(&["shifts", "-"], b"PAR1");
    assert_eq!(text(&output.stderr), "-: Parquet is read by a build with `--features parquet`\n");
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_is_read_from_files_pipes_and_gzip() {
    const WRITE: &str = "import sys, duckdb
rows = duckdb.sql('''select * from (values (1, 'Ayşe', 'Acil', timestamptz '2026-03-02 08:00:00+03', timestamptz '2026-03-02 16:00:00+03'),
  (2, 'Ayşe', 'Yoğun Bakım', timestamptz '2026-03-02 12:00:00+03', timestamptz '2026-03-02 11:00:00+03'))
  roster (id, employee, department, start, \"end\")''')
duckdb.sql(f\"copy (from rows) to '{sys.argv[1]}' (format parquet)\")";
    let directory = tempfile::tempdir().expect("a directory");
    let roster = directory.path().join("roster.parquet");
    let written =
        Command::new("python3").args(["-c", WRITE, name(&roster)]).status().expect("python3 is needed");
    assert!(written.success(), "duckdb is needed: pip install duckdb");
    let bytes = std::fs::read(&roster).expect("written");
    let packed = file(&directory, "packed.parquet.gz", &gzip(&bytes));
    let nameless = file(&directory, "nameless", &bytes);
    for (source, input) in
        [(name(&roster), &[][..]), (name(&packed), &[]), (name(&nameless), &[]), ("-", &bytes)]
    {
        let output = analyze(&["shifts", source, "--json"], input);
        assert_eq!(
            text(&output.stderr),
            format!("{source}:2: end: before start\nrows used: 1, refused: 1\n")
        );
        let report = json_of(&output);
        assert_eq!((&report["total_shifts"], &report["avg_shift_duration"]), (&json!(1), &json!(8.0)));
    }
    let numbers = analyze(&["latency", name(&roster), "--column", "id", "--json"], b"");
    assert_eq!(json_of(&numbers)["max"], 2.0);
    for (content, message) in
        [(&bytes[..bytes.len() - 9], "not a Parquet file"), (b"PAR1", "not a Parquet file")]
    {
        let cut = file(&directory, "cut.parquet", content);
        let output = analyze(&["shifts", name(&cut)], b"");
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(message), "{}", text(&output.stderr));
    }
    let wrong = analyze(&["latency", name(&roster), "--column", "employee"], b"");
    let complaint = "row group 0, column `employee`: holds Utf8, where numbers are expected";
    assert!(text(&wrong.stderr).contains(complaint), "{}", text(&wrong.stderr));
}
