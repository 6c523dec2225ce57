//! What happens between the look-up of a file and the write, and what a write may do.

use std::fs;
use std::io::{self, Write};

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::age::Age;
use super::{Every, RotatingFile, Rotation, write_all};
use crate::queue::Target as _;

fn rotation(max_bytes: u64, backups: u32) -> Rotation {
    Rotation {
        max_bytes,
        every: None,
        zone: TimeZone::UTC,
        backups,
        max_total_bytes: None,
        durable: false,
        #[cfg(feature = "gzip")]
        gzip: false,
    }
}

fn write(file: &mut RotatingFile, lines: &str) {
    file.write(lines.as_bytes(), lines.lines().count() as u64, &mut |_| ()).unwrap();
}

#[test]
fn lines_written_into_a_file_that_was_just_deleted_are_written_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.log");
    let mut file = RotatingFile::open(path.clone(), rotation(0, 1)).unwrap();
    fs::remove_file(&path).unwrap();
    let mut written = 0;
    // Past the look-up, which would have noticed.
    file.write_piece(b"one\ntwo\n", 2, &mut |lines| written += lines).unwrap();
    assert_eq!((fs::read_to_string(&path).unwrap().as_str(), written), ("one\ntwo\n", 2));
}

/// Another process that has the file, as far as locks and writes go.
fn other(path: &std::path::Path) -> fs::File {
    fs::OpenOptions::new().append(true).open(path).unwrap()
}

#[test]
fn a_part_is_not_cut_off_while_another_process_may_add_a_line() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.log");
    let mut file = RotatingFile::open(path.clone(), rotation(0, 1)).unwrap();
    let mut other = other(&path);
    other.lock_shared().unwrap();
    // What a write that failed halfway leaves.
    file.current.file.write_all(b"whole\npar").unwrap();
    file.current.length = 9;
    file.seal(3);
    assert!(file.torn, "closed later");
    other.write_all(b"\nfrom elsewhere\n").unwrap();
    other.unlock().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "whole\npar\nfrom elsewhere\n");
    // Alone again, it is cut.
    file.current.unlock();
    file.torn = false;
    file.enter().unwrap();
    file.current.file.write_all(b"par").unwrap();
    file.current.length += 3;
    file.seal(3);
    assert!(!file.torn);
    assert_eq!(fs::read_to_string(&path).unwrap(), "whole\npar\nfrom elsewhere\n");
}

#[test]
fn a_torn_line_is_closed_at_the_start_and_by_one_process_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.log");
    fs::write(&path, "whole\ntor").unwrap();
    let writing = other(&path);
    writing.lock_shared().unwrap();
    // It may be a line that is being written.
    drop(RotatingFile::open(path.clone(), rotation(0, 1)).unwrap());
    assert_eq!(fs::read_to_string(&path).unwrap(), "whole\ntor");
    drop(writing);
    drop(RotatingFile::open(path.clone(), rotation(0, 1)).unwrap());
    assert_eq!(fs::read_to_string(&path).unwrap(), "whole\ntor\n");
}

#[test]
fn a_file_is_not_rotated_while_another_process_writes_to_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.log");
    let mut file = RotatingFile::open(path.clone(), rotation(9, 2)).unwrap();
    write(&mut file, "1234567\n");
    let writing = other(&path);
    writing.lock_shared().unwrap();
    write(&mut file, "next\n");
    assert_eq!(fs::read_to_string(&path).unwrap(), "1234567\nnext\n");
    drop(writing);
    write(&mut file, "last\n");
    assert_eq!(fs::read_to_string(&path).unwrap(), "last\n");
}

#[cfg(feature = "gzip")]
#[test]
fn a_backup_that_another_process_compresses_is_neither_shifted_nor_deleted() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.log");
    let backup = directory.path().join("app.log.1");
    let part = directory.path().join("app.log.1.gz.part");
    fs::write(&backup, "first\n").unwrap();
    fs::write(&part, "half").unwrap();
    let compressing = other(&backup);
    compressing.lock().unwrap();
    let mut file = RotatingFile::open(path.clone(), Rotation { gzip: true, ..rotation(9, 3) }).unwrap();
    assert!(part.exists(), "what another process is at is not cleared up");
    write(&mut file, "1234567\n");
    write(&mut file, "next\n");
    assert_eq!(fs::read_to_string(&backup).unwrap(), "first\n");
    // A process that was killed has no lock any more.
    drop(compressing);
    write(&mut file, "last\n");
    // Waits for its own compression.
    file.backups.shift().unwrap();
    let gzip = |name: &str| directory.path().join(name).exists();
    assert!(
        gzip("app.log.3") && gzip("app.log.2.gz"),
        "{:?}",
        fs::read_dir(directory.path()).unwrap().collect::<Vec<_>>()
    );
}

#[test]
fn a_batch_is_split_where_the_file_is_full() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.log");
    let mut file = RotatingFile::open(path.clone(), rotation(9, 2)).unwrap();
    let mut written = Vec::new();
    file.write(b"1234567\n12\n34\n56\n", 4, &mut |lines| written.push(lines)).unwrap();
    let read = |name: &str| fs::read_to_string(directory.path().join(name)).unwrap();
    assert_eq!((read("app.log.2").as_str(), read("app.log.1").as_str()), ("1234567\n", "12\n34\n"));
    assert_eq!((read("app.log").as_str(), written), ("56\n", vec![1, 2, 1]));
}

/// Takes three bytes at a time, is interrupted before each, and is full in the end.
struct Moody {
    taken: Vec<u8>,
    interrupted: bool,
    room: usize,
}

impl Write for Moody {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let count = bytes.len().min(3).min(self.room - self.taken.len());
        if count == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.taken.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn short_and_interrupted_writes_are_finished_and_a_failed_one_says_how_far_it_came() {
    let mut moody = Moody { taken: Vec::new(), interrupted: false, room: 10 };
    write_all(&mut moody, b"12345678").unwrap();
    assert_eq!(moody.taken, b"12345678");
    let (done, error) = write_all(&mut moody, b"90ab").unwrap_err();
    assert_eq!((done, error.kind()), (2, io::ErrorKind::StorageFull));
}

#[test]
fn the_first_line_of_a_new_day_begins_a_new_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.log");
    let read = |name: &str| fs::read_to_string(directory.path().join(name)).unwrap_or_default();
    let daily = Rotation { every: Some(Every::Day), ..rotation(9, 5) };
    let mut file = RotatingFile::open(path.clone(), daily.clone()).unwrap();
    write(&mut file, "one\n");
    write(&mut file, "two\n");
    let (yesterday, now) = (Timestamp::now() - 24.hours(), Timestamp::now());
    file.age = Some(Age::new(Every::Day, TimeZone::UTC, Some(yesterday), now));
    write(&mut file, "three\n");
    assert_eq!((read("app.log").as_str(), read("app.log.1").as_str()), ("three\n", "one\ntwo\n"));
    // Size counts as before, and an empty file stays.
    write(&mut file, "four\n");
    assert_eq!((read("app.log").as_str(), read("app.log.1").as_str()), ("four\n", "three\n"));
    fs::write(&path, "").unwrap();
    file.age = Some(Age::new(Every::Day, TimeZone::UTC, Some(yesterday), now));
    write(&mut file, "five\n");
    assert_eq!((read("app.log").as_str(), read("app.log.1").as_str()), ("five\n", "three\n"));
    // One that an earlier process has left.
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(48 * 3600);
    file.current.file.set_modified(old).unwrap();
    let mut file = RotatingFile::open(path, daily).unwrap();
    write(&mut file, "six\n");
    assert_eq!((read("app.log").as_str(), read("app.log.1").as_str()), ("six\n", "five\n"));
}

/// Another process is another open file here: locks belong to it, not to the process.
#[test]
fn only_one_of_two_that_share_a_file_rotates_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.log");
    let read = |name: &str| fs::read_to_string(directory.path().join(name)).unwrap_or_default();
    let open = || RotatingFile::open(path.clone(), rotation(9, 5)).unwrap();
    let (mut one, mut two) = (open(), open());
    write(&mut one, "1111\n");
    assert!(one.current.lock());
    write(&mut two, "22222222\n");
    assert_eq!(read("app.log"), "1111\n22222222\n", "while it is being rotated it grows");
    one.current.unlock();
    write(&mut two, "2\n");
    write(&mut one, "3\n");
    assert_eq!((read("app.log").as_str(), read("app.log.1").as_str()), ("2\n3\n", "1111\n22222222\n"));
    // Both have found it full; the second finds it rotated.
    assert!(two.rotate());
    assert!(one.rotate());
    write(&mut one, "4\n");
    assert_eq!((read("app.log").as_str(), read("app.log.1").as_str()), ("4\n", "2\n3\n"));
    assert!(!directory.path().join("app.log.3").exists());
}

#[test]
fn a_full_file_grows_where_its_successor_cannot_be_opened() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.log");
    let renamed = directory.path().join("renamed.log");
    let mut file = RotatingFile::open(path.clone(), rotation(9, 2)).unwrap();
    write(&mut file, "1234567\n");
    fs::rename(&path, &renamed).unwrap();
    // As if it belonged to somebody else, which root would not notice.
    fs::create_dir(&path).unwrap();
    write(&mut file, "next\n");
    assert_eq!(fs::read_to_string(&renamed).unwrap(), "1234567\nnext\n");
    fs::remove_dir(&path).unwrap();
    write(&mut file, "last\n");
    assert_eq!(fs::read_to_string(&path).unwrap(), "last\n");
}

#[test]
fn no_line_goes_into_a_backup_that_another_process_keeps() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.log");
    let backup = directory.path().join("app.log.1");
    let mut file = RotatingFile::open(path.clone(), rotation(9, 2)).unwrap();
    write(&mut file, "1234567\n");
    let compressing = other(&path);
    compressing.lock().unwrap();
    fs::rename(&path, &backup).unwrap();
    fs::write(&path, "").unwrap();
    // Past the look-up, which would have noticed.
    assert!(file.rotate());
    file.write_piece(b"next\n", 1, &mut |_| ()).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "next\n");
    assert_eq!(fs::read_to_string(&backup).unwrap(), "1234567\n");
}

#[test]
fn the_oldest_backups_go_before_all_files_together_are_too_large() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.log");
    let mut file =
        RotatingFile::open(path, Rotation { max_total_bytes: Some(35), ..rotation(10, 9) }).unwrap();
    for number in 0..20 {
        write(&mut file, &format!("{number:08}\n"));
        let sizes = fs::read_dir(directory.path()).unwrap();
        let total: u64 = sizes.map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
        assert!(total <= 35, "{total}");
        assert_eq!(total, 9 * (number + 1).min(3), "no more than needed");
    }
}

#[cfg(feature = "gzip")]
mod gzip {
    use std::io::Read as _;
    use std::path::Path;

    use flate2::read::GzDecoder;

    use super::*;

    fn unpacked(path: &Path) -> String {
        let mut text = String::new();
        GzDecoder::new(fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
        text
    }

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn backups_are_compressed_before_they_are_shifted() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("app.log");
        // From a time without compression, and what a killed process leaves.
        fs::write(directory.path().join("app.log.2"), "old\n").unwrap();
        fs::write(directory.path().join("app.log.1"), "left\n").unwrap();
        fs::write(directory.path().join("app.log.1.gz.part"), "half").unwrap();
        let mut file = RotatingFile::open(path, Rotation { gzip: true, ..rotation(9, 4) }).unwrap();
        for number in 0..4 {
            write(&mut file, &format!("{number:07}\n"));
        }
        file.backups.shift().unwrap();
        assert_eq!(names(directory.path()), ["app.log", "app.log.2.gz", "app.log.3.gz", "app.log.4.gz"]);
        for (number, text) in [(2, "0000002\n"), (3, "0000001\n"), (4, "0000000\n")] {
            assert_eq!(unpacked(&directory.path().join(format!("app.log.{number}.gz"))), text);
        }
    }

    #[test]
    fn a_backup_that_cannot_be_compressed_stays_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir_all(directory.path().join("app.log.1.gz.part/in-the-way")).unwrap();
        let path = directory.path().join("app.log");
        let mut file = RotatingFile::open(path, Rotation { gzip: true, ..rotation(9, 2) }).unwrap();
        write(&mut file, "0000000\n0000001\n0000002\n");
        drop(file);
        let read = |name: &str| fs::read_to_string(directory.path().join(name)).unwrap();
        assert_eq!((read("app.log.2").as_str(), read("app.log.1").as_str()), ("0000000\n", "0000001\n"));
    }
}
