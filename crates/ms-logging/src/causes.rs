//! Errors with their sources.

use std::error::Error;
use std::fmt;

/// A chain may be a circle.
const DEEPEST: usize = 16;

/// An error and what it came of.
pub(crate) struct Chain<'a>(pub(crate) &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        for _ in 0..DEEPEST {
            let Some(error) = source else { break };
            write!(f, ": caused by: {error}")?;
            source = error.source();
        }
        Ok(())
    }
}
