//! Whatever comes as CSV or JSON Lines is used or refused by a line that exists, however it is cut into chunks.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ms_analytics::read::RosterReader;

fn read(mut reader: RosterReader, chunks: &[&[u8]]) -> Vec<(u64, bool)> {
    let mut rows = Vec::new();
    for chunk in chunks {
        if reader.push_each(chunk, |line, row| rows.push((line, row.is_ok()))).is_err() {
            return rows;
        }
    }
    let _ = reader.finish_each(|line, row| rows.push((line, row.is_ok())));
    rows
}

fuzz_target!(|input: (u16, &[u8])| {
    let (cut, bytes) = input;
    let cut = usize::from(cut).min(bytes.len());
    let lines = 1 + bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
    for reader in [RosterReader::csv, RosterReader::json_lines] {
        let whole = read(reader(), &[bytes]);
        assert!(whole.iter().all(|(line, _)| (1..=lines).contains(line)), "{whole:?}");
        assert_eq!(whole, read(reader(), &[&bytes[..cut], &bytes[cut..]]));
    }
});
