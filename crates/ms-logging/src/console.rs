//! The console as a sink.

use std::io::{self, Write as _};

use crate::queue::Target;
use crate::rotate::{count, write_all};

/// Whole lines to stdout.
#[derive(Debug, Default)]
pub(crate) struct Console {
    torn: bool,
}

impl Target for Console {
    fn write(&mut self, batch: &[u8], lines: u64, written: &mut dyn FnMut(u64)) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.torn {
            write_all(&mut out, b"\n").map_err(|(_, error)| error)?;
            self.torn = false;
        }
        let result = write_all(&mut out, batch).and_then(|()| out.flush().map_err(|error| (0, error)));
        match result {
            Ok(()) => {
                written(lines);
                Ok(())
            }
            Err((done, error)) => {
                let done = batch.get(..done).unwrap_or(batch);
                written(count(done));
                self.torn = !done.is_empty() && !done.ends_with(b"\n");
                Err(error)
            }
        }
    }

    fn describe(&self) -> String {
        "stdout".to_owned()
    }
}
