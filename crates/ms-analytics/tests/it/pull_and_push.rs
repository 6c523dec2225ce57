//! The same rows whatever the chunks.

use std::io::{self, Read};

use ms_analytics::read::{self, Column, ReadError, RosterReader};
use proptest::prelude::*;

const ROSTER: &str = "id,employee,department,start,end,duration\n\
    1,\"Kaya, Ayşe\",Acil Servis,2026-03-02T08:00:00+03:00,2026-03-02T16:00:00+03:00,8\n\
    2,\"E\n2\",Acil Servis,2026-03-02T08:00:00+03:00,2026-03-02T16:00:00+03:00,8\n\
    3,E3,\"Acil,2026-03-02T08:00:00+03:00,2026-03-02T16:00:00+03:00,8\n\
    4,E4,Acil Servis,2026-03-02T08:00:00+03:00,2026-03-02T16:00:00+03:00,8";

proptest! {
    #[test]
    fn chunks_do_not_matter(sizes in prop::collection::vec(1..40_usize, 1..20)) {
        let whole: Vec<_> = read::csv(ROSTER.as_bytes()).map(|row| row.map_err(|error| error.to_string())).collect();
        let (mut reader, mut rows, mut rest) = (RosterReader::csv(), Vec::new(), ROSTER.as_bytes());
        for size in sizes.iter().cycle() {
            let (chunk, left) = rest.split_at(rest.len().min(*size));
            reader.push(chunk, &mut rows).unwrap();
            rest = left;
            if rest.is_empty() { break; }
        }
        reader.finish(&mut rows).unwrap();
        let pushed: Vec<_> = rows.into_iter().map(|row| row.map_err(|error| error.to_string())).collect();
        prop_assert_eq!(pushed.len(), 4);
        prop_assert_eq!(pushed, whole);
    }

    #[test]
    fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "[a,\"\n{}:0-9TZ-]{0,200}") {
        let header = b"id,employee,department,start,end\n";
        for input in [&bytes[..], &[&header[..], &bytes].concat(), &[&header[..], text.as_bytes()].concat()] {
            read::csv(input).for_each(drop);
            read::json_lines(input).for_each(drop);
            let _ = read::numbers(input, &Column::First, |_, _| {});
        }
    }
}

#[test]
fn the_line_of_a_row_is_the_one_it_begins_on() {
    let times = "2026-03-02T08:00Z,2026-03-02T16:00Z";
    let csv = [
        "id,employee,department,start,end,note\n".to_owned(),
        format!("1,E,D,{times},\"a\n\nb\"\n"),
        format!("\r\n\n2,E,D,{times},\n"),
        // Never closed: the lines that it swallows are read again.
        format!("3,E,D,{times},\"\n\n4,E,D,{times},\n\n\n5,E,D,{times},\n"),
        format!("6,E,D,{times},"),
    ]
    .concat();
    let json = format!(
        r#"{{"id":1,"employee":"E","department":"D","start":"{}","end":"{}"}}"#,
        &times[..17],
        &times[18..]
    );
    let json = format!("\n{json}\n\nx\n{}", json.replace(":1,", ":2,"));
    let cases = [
        (
            RosterReader::csv as fn() -> RosterReader,
            csv,
            vec![(2, true), (7, true), (8, false), (10, true), (13, true), (14, true)],
        ),
        (RosterReader::json_lines, json, vec![(2, true), (4, false), (5, true)]),
    ];
    for (reader, text, expected) in cases {
        for size in [1, 7, text.len()] {
            let (mut reader, mut lines) = (reader(), Vec::new());
            let mut each = |line, row: Result<ms_analytics::ShiftRef<'_>, read::RowError>| {
                if let Err(fault) = &row {
                    assert_eq!(fault.line, line);
                }
                lines.push((line, row.is_ok()));
            };
            for chunk in text.as_bytes().chunks(size) {
                reader.push_each(chunk, &mut each).unwrap();
            }
            reader.finish_each(&mut each).unwrap();
            assert_eq!(lines, expected, "{size}");
        }
    }
}

struct Broken(usize);

impl Read for Broken {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::Error::other("unplugged"));
        }
        self.0 -= 1;
        buffer[..10].copy_from_slice(b"id,employe");
        Ok(10)
    }
}

#[test]
fn a_failing_source_is_told_once() {
    let mut rows = read::csv(Broken(1));
    assert!(matches!(rows.next(), Some(Err(ReadError::Io(_)))));
    assert!(rows.next().is_none());
}

#[test]
fn numbers_come_from_the_column_asked_for() {
    let read = |text: &str, column: Column| {
        let mut found = Vec::new();
        let answer = read::numbers(text.as_bytes(), &column, |line, row| found.push(row.map_err(|_| line)));
        (found, answer.is_ok())
    };
    assert_eq!(read("0.5\n1e-3\n", Column::First), (vec![Ok(0.5), Ok(0.001)], true));
    assert_eq!(read("t\n0.5\nNaN\n\n2\n", Column::First), (vec![Ok(0.5), Err(3), Ok(2.0)], true));
    for first in ["NaN", "-inf", "\"0,5\"", "\"\""] {
        assert_eq!(read(&format!("{first}\n2\n"), Column::First), (vec![Err(1), Ok(2.0)], true), "{first}");
    }
    let named = Column::Named("b".into());
    assert_eq!(read("\u{feff}b,a\n1,2\n3\n", named.clone()), (vec![Ok(1.0), Ok(3.0)], true));
    assert_eq!(read("a,b\n1,2\n3\n", named.clone()), (vec![Ok(2.0), Err(3)], true));
    assert_eq!(read("a,c\n1,2\n", named), (vec![], false));
    assert_eq!(read("", Column::First), (vec![], true));
}
