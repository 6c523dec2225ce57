//! Where lines go that a file does not take.

use std::io;
use std::path::{Path, PathBuf};

use crate::builder::Fallback;
use crate::queue::Target;
use crate::rotate::{RotatingFile, Rotation, count, write_all};

impl Fallback {
    /// For the file `path`.
    pub(crate) fn target(&self, path: &Path, rotation: &Rotation) -> Box<dyn Target> {
        match (self, path.file_name()) {
            (Self::Directory(directory), Some(name)) => {
                Box::new(Spare { path: directory.join(name), rotation: rotation.clone(), file: None })
            }
            _ => Box::new(Stderr),
        }
    }
}

/// A file that is opened when it is needed.
struct Spare {
    path: PathBuf,
    rotation: Rotation,
    file: Option<RotatingFile>,
}

impl Target for Spare {
    fn write(&mut self, batch: &[u8], lines: u64, written: &mut dyn FnMut(u64)) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(RotatingFile::open(self.path.clone(), self.rotation.clone())?),
        };
        file.write(batch, lines, written)
    }

    fn finish(&mut self) {
        self.file.iter_mut().for_each(Target::finish);
    }

    fn describe(&self) -> String {
        self.path.display().to_string()
    }
}

struct Stderr;

impl Target for Stderr {
    fn write(&mut self, batch: &[u8], lines: u64, written: &mut dyn FnMut(u64)) -> io::Result<()> {
        match write_all(&mut io::stderr().lock(), batch) {
            Ok(()) => {
                written(lines);
                Ok(())
            }
            Err((done, error)) => {
                written(count(batch.get(..done).unwrap_or(batch)));
                Err(error)
            }
        }
    }

    fn describe(&self) -> String {
        "stderr".to_owned()
    }
}
