//! Rosters in columns: the rows of CSV, whatever the types, and nothing lost in a damaged file.

use std::fs::File;
use std::io::{Seek, Write};
use std::sync::Arc;

use arrow_array::types::Int8Type;
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray,
    DurationNanosecondArray, Float64Array, Int64Array, LargeStringArray, NullArray, RecordBatch, StringArray,
    StringViewArray, TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray,
    TimestampSecondArray, UInt64Array,
};
use ms_analytics::Shift;
use ms_analytics::read::{self, Ambiguous, BatchReader, Column, LocalTimes, ReadError, RowError};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::file::properties::WriterProperties;

/// 2026-03-02T08:00:00+03:00 and eight hours later, in seconds.
const START: i64 = 1_772_427_600;
const END: i64 = START + 8 * 3600;

fn texts(texts: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(texts.to_vec()))
}

fn seconds(zone: &str, times: &[i64]) -> ArrayRef {
    Arc::new(TimestampSecondArray::from(times.to_vec()).with_timezone(zone))
}

/// A roster of one row, its columns replaced by those given.
fn batch(columns: &[(&str, ArrayRef)]) -> RecordBatch {
    let mut all = vec![
        ("id", texts(&["1"])),
        ("employee", texts(&["Ayşe"])),
        ("department", texts(&["Acil"])),
        ("start", texts(&["2026-03-02T08:00:00+03:00"])),
        ("end", texts(&["2026-03-02T16:00:00+03:00"])),
        ("duration", Arc::new(Float64Array::from(vec![8.0])) as ArrayRef),
    ];
    for (name, array) in columns {
        match all.iter_mut().find(|(known, _)| known == name) {
            Some((_, column)) => *column = Arc::clone(array),
            None => all.push((*name, Arc::clone(array))),
        }
    }
    RecordBatch::try_from_iter(all).unwrap()
}

fn rows(reader: BatchReader, batch: &RecordBatch) -> Vec<Result<Shift, RowError>> {
    let (mut reader, mut rows) = (reader, Vec::new());
    reader.push(batch, &mut rows).unwrap();
    rows
}

fn row(columns: &[(&str, ArrayRef)]) -> Result<Shift, String> {
    let mut rows = rows(BatchReader::default(), &batch(columns));
    assert_eq!(rows.len(), 1);
    rows.remove(0).map_err(|fault| fault.to_string())
}

fn file(batches: &[RecordBatch], rows_a_group: usize, compression: Compression) -> File {
    let mut file = tempfile::tempfile().unwrap();
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_max_row_group_row_count(Some(rows_a_group));
    let mut writer =
        ArrowWriter::try_new(file.try_clone().unwrap(), batches[0].schema(), Some(properties.build()))
            .unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.close().unwrap();
    file.rewind().unwrap();
    file
}

#[test]
fn a_shift_is_the_same_in_every_type() {
    let expected = row(&[]).unwrap();
    let same = |columns: &[(&str, ArrayRef)]| {
        let found = row(columns).unwrap();
        let parts = |shift: &Shift| {
            (shift.start(), shift.end(), shift.start_text().to_owned(), shift.duration_hours())
        };
        assert_eq!(parts(&found), parts(&expected), "{columns:?}");
        assert_eq!((found.employee(), found.id()), ("Ayşe", "1"), "{columns:?}");
    };
    let zone = "Europe/Istanbul";
    same(&[("start", seconds(zone, &[START])), ("end", seconds("UTC", &[END]))]);
    same(&[("start", seconds("+03:00", &[START]))]);
    same(&[(
        "start",
        Arc::new(TimestampMillisecondArray::from(vec![START * 1000]).with_timezone("Asia/Riyadh")),
    )]);
    same(&[(
        "start",
        Arc::new(TimestampMicrosecondArray::from(vec![START * 1_000_000]).with_timezone(zone)),
    )]);
    let nanos = TimestampNanosecondArray::from(vec![START * 1_000_000_000 + 999]).with_timezone(zone);
    same(&[("start", Arc::new(nanos))]);
    same(&[("employee", Arc::new(LargeStringArray::from(vec!["Ayşe"])))]);
    same(&[("employee", Arc::new(StringViewArray::from(vec!["Ayşe"])))]);
    same(&[("employee", Arc::new(BinaryArray::from(vec!["Ayşe".as_bytes()])))]);
    same(&[("employee", Arc::new(DictionaryArray::<Int8Type>::from_iter(["Ayşe"])))]);
    same(&[("start", Arc::new(DictionaryArray::<Int8Type>::from_iter(["2026-03-02T08:00:00+03:00"])))]);
    let times = Arc::new(TimestampSecondArray::from(vec![0, START]).with_timezone(zone));
    same(&[("start", Arc::new(DictionaryArray::<Int8Type>::new(vec![1_i8].into(), times)))]);
    same(&[("id", Arc::new(Int64Array::from(vec![1])))]);
    same(&[("id", Arc::new(UInt64Array::from(vec![1])))]);
    let decimal = |value, scale| {
        Arc::new(Decimal128Array::from(vec![value]).with_precision_and_scale(9, scale).unwrap()) as ArrayRef
    };
    same(&[("id", decimal(1, 0)), ("duration", decimal(800, 2))]);
    same(&[("duration", Arc::new(Int64Array::from(vec![8])))]);
    same(&[("duration", texts(&["8.0"]))]);
    same(&[("duration", texts(&[""]))]);
    same(&[("duration", Arc::new(NullArray::new(1)))]);
    same(&[("duration", Arc::new(Float64Array::from(vec![None])))]);
    same(&[("duration", Arc::new(DurationNanosecondArray::from(vec![8 * 3_600_000_000_000])))]);
    same(&[("note", Arc::new(BooleanArray::from(vec![true])))]);
    let role = |roles: ArrayRef| row(&[("role", roles)]).map(|shift| shift.role().map(str::to_owned));
    assert_eq!(
        role(Arc::new(DictionaryArray::<Int8Type>::from_iter(["Hemşire"]))),
        Ok(Some("Hemşire".to_owned()))
    );
    assert_eq!((role(Arc::new(NullArray::new(1))), role(texts(&[""]))), (Ok(None), Ok(None)));
    assert_eq!(role(texts(&["\u{7}"])).unwrap_err(), "row 1, role: holds a control character");
}

#[test]
fn a_row_that_is_wrong_is_named() {
    let missing = || Arc::new(StringArray::from(vec![None::<&str>])) as ArrayRef;
    let zone = "Europe/Istanbul";
    let cases: Vec<(&str, ArrayRef, &str)> = vec![
        ("id", missing(), "row 1, id: missing"),
        ("employee", missing(), "row 1, employee: missing"),
        ("department", Arc::new(NullArray::new(1)), "row 1, department: missing"),
        ("department", Arc::new(BinaryArray::from(vec![&b"\xff"[..]])), "row 1, department: not UTF-8"),
        ("department", texts(&[" "]), "row 1, department: empty"),
        ("employee", texts(&["a\u{7}"]), "row 1, employee: holds a control character"),
        ("start", missing(), "row 1, start: missing"),
        (
            "start",
            Arc::new(TimestampSecondArray::from(vec![None]).with_timezone(zone)),
            "row 1, start: missing",
        ),
        ("start", seconds(zone, &[i64::MAX]), "row 1, start: year out of range"),
        ("start", seconds(zone, &[-62_135_596_801]), "row 1, start: year out of range"),
        ("start", Arc::new(TimestampSecondArray::from(vec![START])), "row 1, start: no UTC offset"),
        ("start", Arc::new(Date32Array::from(vec![20_514])), "row 1, start: no UTC offset"),
        ("start", texts(&["dün"]), "row 1, start: not a timestamp"),
        ("end", seconds(zone, &[START]), "row 1, end: same as start"),
        ("end", seconds(zone, &[START + 49 * 3600]), "row 1, duration: longer than 48 h"),
        ("duration", Arc::new(Float64Array::from(vec![f64::NAN])), "row 1, duration: not finite"),
        ("duration", Arc::new(Float64Array::from(vec![9.0])), "row 1, duration: differs"),
        ("duration", texts(&["8,0"]), "row 1, duration: not a number"),
    ];
    for (column, array, message) in cases {
        let fault = row(&[(column, array)]).unwrap_err();
        assert!(fault.starts_with(message), "{column}: {fault}");
    }
    let twice = batch(&[]);
    let (mut reader, mut rows) = (BatchReader::default(), Vec::new());
    reader.push(&twice, &mut rows).unwrap();
    reader.push(&twice, &mut rows).unwrap();
    let fault = rows[1].as_ref().unwrap_err();
    assert_eq!(fault.to_string(), "row 2, id: already given to a row above");
    assert_eq!(serde_json::to_value(fault).unwrap()["line"], 2);
}

#[test]
fn timestamps_without_a_zone_are_those_of_the_place_named() {
    let place = |policy| LocalTimes::in_time_zone("Europe/Istanbul").unwrap().ambiguous(policy);
    let naive = |at: i64| Arc::new(TimestampSecondArray::from(vec![at])) as ArrayRef;
    let local = batch(&[("start", naive(START + 3 * 3600)), ("end", naive(END + 3 * 3600))]);
    let found = rows(BatchReader::default().local_times(place(Ambiguous::Refuse)), &local).remove(0).unwrap();
    assert_eq!(
        (found.start().as_microseconds(), found.start_text()),
        (START * 1_000_000, "2026-03-02T08:00:00")
    );
    // Midnight to midnight, of two dates.
    let dates = batch(&[
        ("start", Arc::new(Date32Array::from(vec![20_514]))),
        ("end", Arc::new(Date32Array::from(vec![20_515]))),
        ("duration", Arc::new(NullArray::new(1))),
    ]);
    let found = rows(BatchReader::default().local_times(place(Ambiguous::Refuse)), &dates).remove(0).unwrap();
    assert_eq!((found.duration_hours(), found.end_text()), (24.0, "2026-03-03T00:00:00"));
    // 2015-11-08T03:30 occurred twice.
    let twice = batch(&[
        ("start", naive(1_446_940_800)),
        ("end", naive(1_446_953_400)),
        ("duration", Arc::new(NullArray::new(1))),
    ]);
    for (policy, hours) in
        [(Ambiguous::Refuse, None), (Ambiguous::Earlier, Some(3.5)), (Ambiguous::Later, Some(4.5))]
    {
        let row = rows(BatchReader::default().local_times(place(policy)), &twice).remove(0);
        assert_eq!(row.ok().map(|shift| shift.duration_hours()), hours, "{policy:?}");
    }
}

#[test]
fn a_wrong_type_names_column_row_group_and_what_is_expected() {
    let flags = || Arc::new(BooleanArray::from(vec![true])) as ArrayRef;
    let cases = [
        ("id", flags(), "column `id`: holds Boolean, where texts or whole numbers are expected"),
        ("end", flags(), "column `end`: holds Boolean, where timestamps, dates or texts are expected"),
        ("duration", flags(), "column `duration`: holds Boolean, where numbers are expected"),
        ("start", Arc::new(Int64Array::from(vec![1])), "column `start`: holds Int64, where timestamps"),
        (
            "start",
            seconds("Mars/Olympus", &[START]),
            "column `start`: its time zone `Mars/Olympus` is not known",
        ),
    ];
    for (column, array, message) in cases {
        let wrong = batch(&[(column, array)]);
        let mut rows = Vec::new();
        let fault = BatchReader::default().push(&wrong, &mut rows).unwrap_err();
        assert!(fault.to_string().starts_with(message), "{fault}");
        assert!(rows.is_empty());
        // Columns need not be the same in each batch.
        let file = file(std::slice::from_ref(&wrong), 10, Compression::UNCOMPRESSED);
        let fault = read::parquet(file).unwrap().each(|_| panic!("{column}: a row")).unwrap_err();
        assert!(fault.to_string().starts_with(&format!("row group 0, {message}")), "{fault}");
    }
    let schema = |names: &[&str]| {
        let columns = names.iter().map(|name| (*name, texts(&["x"])));
        BatchReader::default()
            .push(&RecordBatch::try_from_iter(columns).unwrap(), &mut Vec::new())
            .unwrap_err()
    };
    assert_eq!(schema(&["id", "employee", "department", "start"]).to_string(), "column `end`: missing");
    assert_eq!(schema(&["id", "employee", "id"]).to_string(), "column `id`: given twice");
}

/// Shifts by the hour, every tenth of them of no length.
fn many(count: i64) -> RecordBatch {
    let numbers: Vec<_> = (0..count).collect();
    let starts: Vec<_> = numbers.iter().map(|number| START + number * 3600).collect();
    let ends: Vec<_> =
        numbers.iter().map(|number| START + (number + i64::from(number % 10 != 9)) * 3600).collect();
    let names: Vec<_> = numbers.iter().map(|number| format!("E{}", number % 7)).collect();
    RecordBatch::try_from_iter([
        ("start", seconds("Europe/Istanbul", &starts)),
        ("end", seconds("Europe/Istanbul", &ends)),
        ("department", Arc::new(StringArray::from(names.clone())) as ArrayRef),
        ("employee", Arc::new(StringArray::from(names)) as ArrayRef),
        ("id", Arc::new(Int64Array::from(numbers)) as ArrayRef),
    ])
    .unwrap()
}

#[test]
fn rows_of_all_row_groups_are_used_or_refused() {
    let codecs = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::ZSTD(ZstdLevel::default()),
    ];
    for codec in codecs {
        let open = || read::parquet(file(&[many(3000)], 700, codec)).unwrap();
        assert_eq!(open().row_count(), 3000);
        let (mut used, mut refused) = (0, Vec::new());
        open()
            .each(|row| match row {
                Ok(_) => used += 1,
                Err(fault) => refused.push((fault.line, fault.column)),
            })
            .unwrap();
        let expected: Vec<_> = (1..=300).map(|tenth| (tenth * 10, Some("end".to_owned()))).collect();
        assert_eq!((used, refused), (2700, expected));
        // The iterator, then what it has not given yet.
        let mut rows = open();
        let first: Vec<_> = rows.by_ref().take(1500).collect();
        assert_eq!(first[0].as_ref().unwrap().start_text(), "2026-03-02T08:00:00+03:00");
        let mut rest = 0;
        rows.each(|_| rest += 1).unwrap();
        assert_eq!((first.len(), rest), (1500, 1500));
    }
}

#[test]
fn a_damaged_file_is_an_error_and_never_a_panic() {
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut file(&[many(300)], 100, Compression::SNAPPY), &mut bytes).unwrap();
    let try_read = |bytes: &[u8]| {
        let mut damaged = tempfile::tempfile().unwrap();
        damaged.write_all(bytes).unwrap();
        let (mut rows, mut next) = (0_u64, 1);
        let read = read::parquet(damaged).and_then(|file| {
            file.each(|row| {
                rows += 1;
                // Refused rows are told of in order.
                if let Err(fault) = row {
                    assert!((next..=rows).contains(&fault.line), "{fault}");
                    next = fault.line;
                }
            })
        });
        (rows, read)
    };
    assert!(try_read(&bytes).1.is_ok());
    // A panic in the reader is caught, but would be told of on standard error.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let mut step = 0_usize;
    let faults: Vec<_> = (0..400)
        .filter_map(|_| {
            step = (step * 7919 + 104_729) % bytes.len();
            let mut damaged = bytes.clone();
            damaged[step] ^= 1 << (step % 8);
            try_read(&damaged).1.err()
        })
        .collect();
    let cut = [0, 3, 8, bytes.len() / 2, bytes.len() - 1].map(|length| try_read(&bytes[..length]));
    std::panic::set_hook(hook);
    assert!(faults.len() > 50, "{}", faults.len());
    assert!(
        faults.iter().all(|fault| matches!(fault, ReadError::Parquet { .. } | ReadError::Column { .. })),
        "{faults:?}"
    );
    for (rows, read) in cut {
        assert_eq!(rows, 0);
        assert_eq!(read.unwrap_err().to_string(), "not a Parquet file that can be read");
    }
}

#[test]
fn numbers_come_from_a_column() {
    let sample = RecordBatch::try_from_iter([
        ("path", texts(&["/a", "/b", "/c"])),
        ("seconds", Arc::new(Float64Array::from(vec![Some(0.25), None, Some(f64::NAN)])) as ArrayRef),
        ("spent", Arc::new(DurationNanosecondArray::from(vec![1_500_000_000, 0, -1])) as ArrayRef),
    ])
    .unwrap();
    let numbers = |column: &Column| {
        let mut found = Vec::new();
        let sample = file(std::slice::from_ref(&sample), 2, Compression::SNAPPY);
        read::parquet_numbers(sample, column, |row, number| found.push((row, number.ok())))
            .map(|()| found)
            .map_err(|fault| fault.to_string())
    };
    let named = |name: &str| Column::Named(name.to_owned());
    assert_eq!(numbers(&named("seconds")), Ok(vec![(1, Some(0.25)), (2, None), (3, None)]));
    assert_eq!(numbers(&named("spent")), Ok(vec![(1, Some(1.5)), (2, Some(0.0)), (3, Some(-1e-9))]));
    assert_eq!(numbers(&named("ms")), Err("column `ms`: missing".to_owned()));
    // Texts are no numbers, although hours may be texts.
    let text = numbers(&Column::First).unwrap_err();
    assert!(text.starts_with("row group 0, column `path`: holds Utf8, where numbers are expected"), "{text}");
}

#[test]
fn arrays_that_are_empty_hold_no_row() {
    let empty = batch(&[]).slice(0, 0);
    assert!(rows(BatchReader::default(), &empty).is_empty());
    let nobody = DictionaryArray::<Int8Type>::new(vec![None::<i8>].into(), texts(&[]));
    assert_eq!(nobody.len(), 1);
    assert_eq!(row(&[("employee", Arc::new(nobody))]).unwrap_err(), "row 1, employee: missing");
    let odd =
        DictionaryArray::<Int8Type>::new(vec![0_i8].into(), Arc::new(StringArray::from(vec![None::<&str>])));
    assert_eq!(row(&[("employee", Arc::new(odd))]).unwrap_err(), "row 1, employee: missing");
}
