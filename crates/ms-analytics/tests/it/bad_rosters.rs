//! What is refused, and where.

use ms_analytics::read::{self, Ambiguous, Delimiter, LocalTimes, ReadError};

const HEADER: &str = "id,employee,department,start,end,duration\n";
const GOOD: &str = "1,E1,Acil Servis,2026-03-02T08:00:00+03:00,2026-03-02T16:00:00+03:00,8\n";

/// Accepted rows, refused rows as (line, column), and whether the file was unreadable.
fn read(csv: &[u8]) -> (usize, Vec<(u64, Option<String>)>, bool) {
    tally(read::csv(csv))
}

fn tally(
    rows: impl Iterator<Item = Result<ms_analytics::Shift, ReadError>>,
) -> (usize, Vec<(u64, Option<String>)>, bool) {
    let (mut accepted, mut refused, mut unreadable) = (0, Vec::new(), false);
    for row in rows {
        match row {
            Ok(_) => accepted += 1,
            Err(ReadError::Row(error)) => refused.push((error.line, error.column)),
            Err(ReadError::Unreadable(error)) => {
                unreadable = true;
                refused.push((error.line, error.column));
            }
            Err(error) => panic!("{error}"),
        }
    }
    (accepted, refused, unreadable)
}

fn at(line: u64, column: &str) -> Vec<(u64, Option<String>)> {
    vec![(line, (!column.is_empty()).then(|| column.to_owned()))]
}

#[test]
fn another_separator_is_named() {
    for (separator, name) in [("\t", "tabs"), (";", "semicolons"), ("|", "vertical bars")] {
        let text = [HEADER, GOOD].concat().replace(',', separator);
        let Some(Err(ReadError::Unreadable(fault))) = read::csv(text.as_bytes()).next() else {
            panic!("{name}: it was read");
        };
        assert_eq!((fault.line, fault.column), (1, None), "{name}");
        assert!(
            fault
                .reason
                .contains(&format!("separate columns by commas, not by {name}, or choose `--delimiter")),
            "{}",
            fault.reason
        );
    }
}

#[test]
fn a_faulty_row_is_named_and_the_next_is_read() {
    let cases = [
        ("1,E2,A,2026-03-02T08:00:00Z,2026-03-02T16:00:00Z,8", "id"),
        (",E2,A,2026-03-02T08:00:00Z,2026-03-02T16:00:00Z,8", "id"),
        ("2,\u{7},A,2026-03-02T08:00:00Z,2026-03-02T16:00:00Z,8", "employee"),
        ("2,E,A,2026-03-02T08:00:00Z,2026-03-02T16:00:00Z,8;5", "duration"),
        ("2,E,A,2026-03-02T08:00:00Z,2026-03-02T16:00:00Z,1e999", "duration"),
        ("2,E,A,2026-03-02T08:00:00Z,2026-03-02T16:00:00Z,inf", "duration"),
        ("2,E,A,2026-03-02T08:00:00Z,2026-03-02T16:00:00Z,\" 8\"", "duration"),
        ("2,E,A,,2026-03-02T16:00:00Z,8", "start"),
        ("2,E,A,2026-03-02T08:00:00Z,2026-13-02T16:00:00Z,8", "end"),
        ("2,E,A,2026-03-02T08:00:00Z", "end"),
        ("2", "employee"),
        ("2,E,A,2026-03-02T08:00:00Z,2026-03-02T16:00:00Z,8,,", ""),
        ("2,E,A\"B,2026-03-02T08:00:00Z,2026-03-02T16:00:00Z,8", "department"),
        ("2,\"E\" x,A,2026-03-02T08:00:00Z,2026-03-02T16:00:00Z,8", "employee"),
        ("2,\"E,A,2026-03-02T08:00:00Z,2026-03-02T16:00:00Z,8", "employee"),
    ];
    for (row, column) in cases {
        let last = GOOD.replacen('1', "9", 1);
        let text = format!("{HEADER}{GOOD}{row}\n{last}");
        assert_eq!(read(text.as_bytes()), (2, at(3, column), false), "{row}");
    }
}

#[test]
fn an_unreadable_file_is_refused_whole() {
    let utf16: Vec<u8> = format!("\u{feff}{HEADER}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let long = "x".repeat(2 << 20);
    let cases: [(&[u8], u64, &str); 12] = [
        (b"id,employee,department,start,end\r1,E,D,2026-03-02T08:00Z,2026-03-02T16:00Z\r", 1, ""),
        (b"id,employee,department,start,end,\"a\nb\"\n", 1, ""),
        (b"\x1f\x8b\x08\0", 1, ""),
        (b"i\0d\0,\0", 1, ""),
        (b"", 1, ""),
        (b"\n\n", 1, ""),
        (&utf16, 1, ""),
        (long.as_bytes(), 1, ""),
        (b"ID;Employee;Department\n1;2;3\n", 1, ""),
        (b"id,employee,department,start,duration\n", 1, "end"),
        (b"id,employee,department,start,end,id\n", 1, "id"),
        (b"id,employee,department,start,end,\xff\n", 1, ""),
    ];
    for (text, line, column) in cases {
        assert_eq!(
            read(text),
            (0, at(line, column), true),
            "{:?}",
            String::from_utf8_lossy(&text[..text.len().min(40)])
        );
    }
}

#[test]
fn odd_but_valid_files_load() {
    for text in [
        format!("\u{feff}{HEADER}{GOOD}").replace('\n', "\r\n"),
        format!("{HEADER}\n\n{}", GOOD.trim_end()),
        "note,end,start,department,employee,id\nx,2026-03-02T16:00Z,2026-03-02T08:00:00.5+0000,\"A, B\",\"\"\"E\"\"\",7\n".to_owned(),
        format!("{HEADER}{}", GOOD.replace(",8\n", ",\n")),
    ] {
        assert_eq!(read(text.as_bytes()), (1, vec![], false), "{text}");
    }
    assert_eq!(read(HEADER.as_bytes()), (0, vec![], false));
}

#[test]
fn a_field_of_a_megabyte_is_refused_in_bounded_memory() {
    let long = "x".repeat(1 << 20);
    let text = format!("{HEADER}2,{long},A,2026-03-02T08:00:00Z,2026-03-02T16:00:00Z,8\n{GOOD}3,\"{long}");
    let cut = |line| (line, Some("employee".to_owned()));
    assert_eq!(read(text.as_bytes()), (1, vec![cut(2), cut(4)], false));
    let text = format!("{{\"id\":1,\"employee\":\"E\",\"department\":\"{long}\"}}\n{{}}\n");
    let refused = vec![(1, Some("department".to_owned())), (2, Some("id".to_owned()))];
    assert_eq!(tally(read::json_lines(text.as_bytes())), (0, refused, false));
}

#[test]
fn json_lines_name_line_and_key() {
    let row = |text: &str| {
        let good = r#"{"id":"9","employee":"E","department":"D","start":"2026-03-02T08:00:00Z","end":"2026-03-02T16:00:00Z"}"#;
        tally(read::json_lines(format!("{text}\n\n{good}").as_bytes()))
    };
    let shift = |extra: &str| {
        row(&format!(
            r#"{{"id":1,"employee":"E","department":"D","start":"2026-03-02T08:00:00Z","end":"2026-03-02T16:00:00Z"{extra}}}"#
        ))
    };
    assert_eq!(shift(""), (2, vec![], false));
    assert_eq!(shift(r#","duration":8,"other":[1,{"id":2}]"#), (2, vec![], false));
    assert_eq!(shift(r#","duration":null"#), (2, vec![], false));
    for (extra, key) in [
        (r#","id":2"#, "id"),
        (r#","duration":9"#, "duration"),
        (r#","duration":"8""#, "duration"),
        (r#","duration":8} {"x":1"#, ""),
        (r#","duration":1e999"#, "duration"),
        (r#","duration":NaN"#, "duration"),
        (r#","duration":-8"#, "duration"),
        (",", ""),
    ] {
        assert_eq!(shift(extra), (1, at(1, key), false), "{extra}");
    }
    for (text, key) in [
        ("[]", ""),
        ("7", ""),
        ("{}", "id"),
        (r#"{"id":1.5}"#, "id"),
        (r#"{"id":true}"#, "id"),
        (r#"{"id":null}"#, "id"),
        ("{", ""),
        (r#"{"id":"1","employee":"E"#, ""),
        ("{\"id\":\"1\",\"employee\":\"E\u{1}\"}", "employee"),
        (r#"{"id":"1","employee":"E\u0000","department":"D","start":"","end":""}"#, "employee"),
        (r#"{"id":"1","employee":["E"]}"#, "employee"),
        (r#"{"id":"1" "employee":"E"}"#, ""),
    ] {
        assert_eq!(row(text), (1, at(1, key), false), "{text}");
    }
    assert_eq!(
        tally(read::json_lines(&b"{\"id\":\"1\",\"employee\":\"\xe7\"}"[..])),
        (0, at(1, "employee"), false)
    );
    assert_eq!(tally(read::json_lines(&b""[..])), (0, vec![], false));
}

#[test]
fn reasons_never_hold_the_value() {
    let text = format!(
        "{HEADER}12345678901,Ayşe,Acil,dün,bugün,\n2,Ayşe,Acil,2026-03-02T08:00:00Z,2026-03-02T16:00:00Z,x\n"
    );
    for row in read::csv(text.as_bytes()) {
        let reason = row.unwrap_err().to_string();
        assert!(!["12345678901", "Ayşe", "dün"].iter().any(|value| reason.contains(value)), "{reason}");
    }
}

#[test]
fn a_refused_row_leaves_its_id_free() {
    let row = |id: &str, hours: &str| format!("{id},E,D,2026-03-02T08:00:00Z,2026-03-02T16:00:00Z,{hours}\n");
    for id in ["7", "x"] {
        let text = format!("{HEADER}{}{}{}", row(id, "9"), row(id, "8"), row(id, "9"));
        assert_eq!(read(text.as_bytes()), (1, [at(2, "duration"), at(4, "id")].concat(), false), "{id}");
    }
}

#[test]
fn the_longest_shift_is_the_readers() {
    let text = format!("{HEADER}1,E,D,2026-03-02T08:00:00Z,2026-03-05T08:00:00Z,72\n");
    assert_eq!(read(text.as_bytes()), (0, at(2, "duration"), false));
    let three_days = std::time::Duration::from_secs(3 * 24 * 3600);
    assert_eq!(tally(read::csv(text.as_bytes()).longest_shift(three_days)), (1, vec![], false));
}

#[test]
fn rows_lent_are_the_rows_given() {
    let text =
        format!("{HEADER}{GOOD}2,\"Kaya, \"\"A\"\"\",D,2026-03-02T08:00:00Z,2026-03-02T16:00:00Z,\n3,E\n");
    let given: Vec<_> =
        read::csv(text.as_bytes()).map(|row| row.map_err(|error| error.to_string())).collect();
    let mut lent = Vec::new();
    let mut rows = read::csv(text.as_bytes());
    lent.push(rows.next().unwrap().map_err(|error| error.to_string()));
    rows.each(|row| lent.push(row.map(|shift| shift.to_shift()).map_err(|error| error.to_string()))).unwrap();
    assert_eq!(lent, given);
    assert_eq!(given[1].as_ref().unwrap().employee(), "Kaya, \"A\"");
}

#[test]
fn semicolons_and_decimal_commas_are_read_where_chosen() {
    let header = "id;employee;department;start;end;duration\n";
    let row = |id, hours| format!("{id};\"Ayşe; B.\";A, B;2026-03-02T08:00Z;2026-03-02T15:30Z;{hours}\n");
    let roster = format!("\u{feff}{header}{}{}{}", row(1, "7,5"), row(2, "7.5"), row(3, "7,5,0"));
    let rows: Vec<_> =
        read::csv(roster.as_bytes()).delimiter(Delimiter::Semicolon).decimal_comma(true).collect();
    let first = rows[0].as_ref().unwrap();
    assert_eq!((first.employee(), first.department(), first.duration_hours()), ("Ayşe; B.", "A, B", 7.5));
    for (row, reason) in rows[1..].iter().zip(["decimals have a comma here", "not a number"]) {
        let ReadError::Row(fault) = row.as_ref().unwrap_err() else { panic!("{row:?}") };
        assert_eq!(fault.column.as_deref(), Some("duration"));
        assert!(fault.reason.contains(reason), "{fault}");
    }
    // The error names the option.
    let faults: Vec<_> = read::csv(roster.as_bytes()).filter_map(Result::err).collect();
    assert!(faults[0].to_string().contains("`--delimiter ';'`"), "{faults:?}");
    let comma =
        "id,employee,department,start,end,duration\n1,E,A,2026-03-02T08:00Z,2026-03-02T15:30Z,\"7,5\"\n";
    let fault = read::csv(comma.as_bytes()).next().unwrap().unwrap_err();
    assert!(fault.to_string().contains("`--decimal ','`"), "{fault}");
    let fault = read::csv(comma.as_bytes()).delimiter(Delimiter::Semicolon).next().unwrap().unwrap_err();
    assert!(fault.to_string().contains("by semicolons, not by commas"), "{fault}");
}

#[test]
fn local_times_are_read_by_the_clocks_of_their_place() {
    let jsonl = |start: &str, end: &str| {
        format!(
            "{{\"id\":1,\"employee\":\"E\",\"department\":\"A\",\"start\":\"{start}\",\"end\":\"{end}\"}}\n"
        )
    };
    let istanbul = LocalTimes::in_time_zone("Europe/Istanbul").unwrap();
    let hours = |start: &str, end: &str, policy| {
        let zone = istanbul.clone().ambiguous(policy);
        let row = read::json_lines(jsonl(start, end).as_bytes()).local_times(zone).next().unwrap();
        row.map(|shift| shift.duration_hours()).map_err(|fault| fault.to_string())
    };
    // The clocks of Istanbul skipped 03:00 to 04:00 on 2015-03-29 and showed it twice on 2015-11-08.
    assert_eq!(hours("2015-03-28T20:00:00", "2015-03-29T08:00:00", Ambiguous::Refuse), Ok(11.0));
    assert_eq!(hours("2026-03-02T20:00", "2026-03-03T08:00+03:00", Ambiguous::Refuse), Ok(12.0));
    let skipped = hours("2015-03-29T03:30", "2015-03-29T08:00", Ambiguous::Earlier).unwrap_err();
    assert!(skipped.contains("start: local time that the clocks skipped"), "{skipped}");
    let twice = hours("2015-11-08T00:00", "2015-11-08T03:30", Ambiguous::Refuse).unwrap_err();
    assert!(twice.contains("end: local time that occurs twice"), "{twice}");
    assert_eq!(hours("2015-11-08T00:00", "2015-11-08T03:30", Ambiguous::Earlier), Ok(3.5));
    assert_eq!(hours("2015-11-08T00:00", "2015-11-08T03:30", Ambiguous::Later), Ok(4.5));
    assert!(LocalTimes::in_time_zone("Europe/Nowhere").is_err());
}

#[test]
fn a_role_is_read_where_there_is_one() {
    let times = "2026-03-02T08:00Z,2026-03-02T16:00Z";
    let csv = format!(
        "role,id,employee,department,start,end\nHemşire,1,A,D,{times}\n,2,A,D,{times}\n\" \",3,A,D,{times}\n\u{7},3,A,D,{times}\n"
    );
    let found = |row: Result<ms_analytics::Shift, ReadError>| match row {
        Ok(shift) => Ok(shift.role().map(str::to_owned)),
        Err(ReadError::Row(fault)) => Err((fault.line, fault.column)),
        Err(error) => panic!("{error}"),
    };
    let refused = |line| Err((line, Some("role".to_owned())));
    let rows: Vec<_> = read::csv(csv.as_bytes()).map(found).collect();
    assert_eq!(rows, [Ok(Some("Hemşire".to_owned())), Ok(None), refused(4), refused(5)]);
    let line = |role: &str| {
        let line = r#"{"id":1,"employee":"A","department":"D","start":"2026-03-02T08:00Z","end":"2026-03-02T16:00Z"ROLE}"#;
        read::json_lines(line.replace("ROLE", role).as_bytes()).map(found).next().unwrap()
    };
    assert_eq!(line(r#","role":"Hemşire""#), Ok(Some("Hemşire".to_owned())));
    assert_eq!(line(r#","role":7"#), Ok(Some("7".to_owned())));
    assert_eq!((line(""), line(r#","role":null"#)), (Ok(None), Ok(None)));
    assert_eq!(line(r#","role":[]"#), refused(1));
}
