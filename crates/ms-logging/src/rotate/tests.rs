//! What happens between the look-up of a file and the write, and what a write may do.

use std::fs;
use std::io::{self, Write};

use super::{RotatingFile, write_all};
use crate::queue::Target as _;

#[test]
fn lines_written_into_a_file_that_was_just_deleted_are_written_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.log");
    let mut file = RotatingFile::open(path.clone(), 0, 1).unwrap();
    fs::remove_file(&path).unwrap();
    let mut written = 0;
    // Past the look-up, which would have noticed.
    file.write_piece(b"one\ntwo\n", 2, &mut |lines| written += lines).unwrap();
    assert_eq!((fs::read_to_string(&path).unwrap().as_str(), written), ("one\ntwo\n", 2));
}

#[test]
fn a_batch_is_split_where_the_file_is_full() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.log");
    let mut file = RotatingFile::open(path.clone(), 9, 2).unwrap();
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
